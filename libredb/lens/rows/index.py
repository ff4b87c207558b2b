"""Indexes: entries that lead from values to rows, written in the transaction of what they lead to.

    P 03 (i) | 20 "warn" 00 | 10 C01C.. 00 | 02 "a1" 00   index i on level and at: row "a1"

An entry is its key: the order keys of the fields, then the packed id; its value is empty. A row has
one entry in each index, with the key of missing where a field is. Two kinds of index differ:

    each    one entry for each different element of the array in the last field, and one with the
            key of missing in its place for a text, in which `$contains` looks as well
    words   one entry for each different word of the text in the last field

A unique index lets only one row have the same keys, but for those of which one is null or missing.
What a call does is judged by what it leaves behind: all its removals come before its checks.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from libredb.kernel.transaction import Reader, Writer
from libredb.lens.errors import InvalidValueError, UniqueViolationError
from libredb.lens.keys.encoding import damaged, pack, prefix_range
from libredb.lens.keys.namespace import IndexRecord, Namespace
from libredb.lens.keys.order_key import end_of, order_key, packer
from libredb.lens.keys.subspace import Subspace
from libredb.lens.rows.row import INDEXES, Plain
from libredb.lens.values.expression import words_of
from libredb.lens.values.json_value import MISSING, Json, Path, dotted, type_of, value_at

MAX_KEY_BYTES = 1024

_MOST_STEPS = 8
"""So many entries are passed over before another scan is cheaper."""

Heads = Callable[[Plain], list[bytes]]
"""What returns the joined order keys of each entry of a row, none of them twice."""

_MOST_KNOWN = 256
_KNOWN: "dict[int, tuple[tuple[IndexRecord, ...], tuple[Index, ...]]]" = {}
"""The indexes of namespaces by number, with the records they were made of, which are compared."""

_NUMBER, _TEXT = order_key(0)[0], order_key("")[0]
_NULL_OR_MISSING = {order_key(None)[0], order_key(MISSING)[0]}


class Index:
    """One index, ready to be read and written."""

    __slots__ = ("heads", "is_multiple", "keys", "name", "prefix", "record")

    def __init__(self, namespace: Subspace, record: IndexRecord) -> None:
        """Take where its namespace is, and what is recorded of it."""
        self.record: IndexRecord = record
        self.name: str = record.name
        self.keys: Subspace = namespace.sub(INDEXES + pack((record.number,)))
        self.prefix: bytes = self.keys.prefix
        self.heads: Heads = _heads_of(record)
        self.is_multiple: bool = record.each or record.words
        """Whether a row may have several entries, or none."""

    def packed_id(self, key: bytes, offset: int, fields: int) -> bytes:
        """Return the packed id at the end of the key of an entry, behind so many fields."""
        try:
            for _ in range(fields):
                code = key[offset]
                if code == _NUMBER:  # the two most common kinds, without a call
                    offset += 10 + key[offset + 9]
                elif code == _TEXT:
                    offset = key.index(0, offset) + 1
                else:
                    offset = end_of(key, offset)
        except (IndexError, ValueError):
            raise damaged(key, offset, f"no entry of the index {self.name} ends here") from None
        return key[offset:]

    def __repr__(self) -> str:
        return f"<Index {self.name!r}>"


@dataclass(frozen=True, slots=True)
class Replaced:
    """One row, before and after; None where it is not there."""

    packed: bytes
    old: Plain | None
    new: Plain | None


def indexes_of(namespace: Namespace) -> tuple[Index, ...]:
    """Return the indexes of a namespace, oldest first: the same ones as long as its record is."""
    known = _KNOWN.get(namespace.number)
    if known is not None and known[0] is namespace.indexes:
        return known[1]
    indexes = tuple(Index(namespace.keys, record) for record in namespace.indexes)
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[namespace.number] = namespace.indexes, indexes
    return indexes


def replace_entries(
    tx: Writer,
    indexes: Iterable[Index],
    rows: Iterable[Replaced],
    unpack: Callable[[bytes], Any],
    name: str,
) -> None:
    """Write the difference between the entries of rows before and after.

    Args:
        tx: What to write in.
        indexes: Those to be changed.
        rows: Each row that changes, once.
        unpack: What returns the id of its bytes, for an error.
        name: The namespace, for an error.

    Raises:
        InvalidValueError: a key would be too long.
        UniqueViolationError: another row has what a unique index lets only one have.
    """
    rows = list(rows)
    for index in indexes:
        added = _removed_then_added(tx, index, rows)
        for head, packed in added:
            length_bytes = len(index.prefix) + len(head) + len(packed)
            if length_bytes > MAX_KEY_BYTES:
                raise _too_long(index, head, length_bytes, unpack(packed), name)
        if index.record.unique:
            taken = _first_taken(tx, index, added)
            if taken is not None:
                head, owner, packed = taken
                raise _violation(index, head, unpack(owner), rows, packed, name)
        for head, packed in added:
            tx.set(index.prefix + head + packed, b"")


def _first_taken(
    tx: Reader, index: Index, added: list[tuple[bytes, bytes]]
) -> tuple[bytes, bytes, bytes] | None:
    """Return the first keys that have an owner already, the owner, and who wants to be another."""
    wanted: dict[bytes, bytes] = {}
    for head, packed in added:
        if is_claim(head):
            owner = wanted.setdefault(head, packed)
            if owner != packed:
                return head, owner, packed
    for head, owner in _owners(tx, index, sorted(wanted)):
        return head, owner, wanted[head]
    return None


def _owners(tx: Reader, index: Index, heads: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the owners of keys that ascend: one scan that goes on, or begins again behind a gap.

    Nobody writes meanwhile: a scan for each of many rows, between writes, would cost a multiple.
    """
    scan, key, end = iter(()), b"", prefix_range(index.prefix)[1] or b""
    for head in heads:
        start, left = index.prefix + head, 0 if not key else _MOST_STEPS
        while key < start:
            if not left:
                scan, left = tx.scan(start, end), _MOST_STEPS
            key, left = next(scan, (end, b""))[0], left - 1
        if key.startswith(start):
            yield head, key[len(start) :]


def is_claim(head: bytes) -> bool:
    """Whether a unique index lets only one row have these keys: none is of null or missing."""
    return head[0] not in _NULL_OR_MISSING and not any(
        head[start] in _NULL_OR_MISSING for start, _ in _pieces(head)
    )


def _removed_then_added(
    tx: Writer, index: Index, rows: list[Replaced]
) -> list[tuple[bytes, bytes]]:
    """Delete the entries that no row has any more; return those to be written, with their ids."""
    heads_of, prefix = index.heads, index.prefix
    added: list[tuple[bytes, bytes]] = []
    for row in rows:
        new = [] if row.new is None else heads_of(row.new)
        if row.old is not None:
            old = heads_of(row.old)
            if old == new:
                continue
            kept = {*old} & {*new}
            for head in old:
                if head not in kept:
                    tx.delete(prefix + head + row.packed)
            new = [head for head in new if head not in kept]
        added.extend([(head, row.packed) for head in new])
    return added


def _heads_of(record: IndexRecord) -> Heads:
    """Return the function that an index asks for each row it is told of."""
    values, join = _values_of(record.fields), packer(len(record.fields))
    if not record.each and not record.words:
        return lambda row: [join(values(row))]
    lead, join_lead, last = values, packer(len(record.fields) - 1), record.fields[-1]
    tails = _element_keys if record.each else _word_keys

    def heads(row: Plain) -> list[bytes]:
        start = join_lead(lead(row)[:-1])
        return [start + tail for tail in tails(value_at(row, last))]

    return heads


def _values_of(fields: tuple[Path, ...]) -> Callable[[Plain], list[Any]]:
    if all(len(path) == 1 for path in fields):
        names = [path[0] for path in fields]
        return lambda row: [row.get(name, MISSING) for name in names]
    return lambda row: [value_at(row, path) for path in fields]


def _element_keys(value: Json) -> list[bytes]:
    kind = type_of(value)
    if kind is str:
        return [order_key(MISSING)]
    return list(dict.fromkeys(map(order_key, value))) if kind is list else []


def _word_keys(value: Json) -> list[bytes]:
    return sorted(map(order_key, words_of(value))) if type(value) is str else []


def _pieces(head: bytes) -> list[tuple[int, int]]:
    """Return where the key of each field begins and ends."""
    pieces: list[tuple[int, int]] = []
    offset = 0
    while offset < len(head):
        end = end_of(head, offset)
        pieces.append((offset, end))
        offset = end
    return pieces


def _too_long(index: Index, head: bytes, size: int, row: object, name: str) -> InvalidValueError:
    sizes = [end - start for start, end in _pieces(head)]
    field = dotted(index.record.fields[sizes.index(max(sizes))])
    return InvalidValueError(
        f"{field}: its key in the index {index.name} would have {size:,} bytes,"
        f" and {MAX_KEY_BYTES:,} is the limit",
        namespace=name,
        id=row,
        field=field,
        expected=f"at most {MAX_KEY_BYTES:,} bytes",
        actual=size,
    )


def _violation(
    index: Index, head: bytes, owner: object, rows: list[Replaced], packed: bytes, name: str
) -> UniqueViolationError:
    row = next(row.new for row in rows if row.packed == packed)
    value = _value_behind(index, head, row or {})
    return UniqueViolationError(
        f"{index.name}: {owner!r} has {value!r} already, and the index is unique",
        namespace=name,
        id=owner,
        field=index.name,
        expected="a value that no other has",
        actual=value,
    )


def _value_behind(index: Index, head: bytes, row: Plain) -> Json:
    """Return the value, or the list of values, whose keys these are."""
    values = [value_at(row, path) for path in index.record.fields]
    if index.record.each:
        start, end = _pieces(head)[-1]
        values[-1] = next(each for each in values[-1] if order_key(each) == head[start:end])
    return values[0] if len(values) == 1 else values
