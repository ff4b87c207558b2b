"""A collection: the rows and indexes of one namespace, written together in one transaction.

Documents and tables are both this, each with its own `Form`. A method here is a part of the
transaction that its lens began, and whatever it raises, that transaction leaves no trace.

Invariant: each row has exactly the entries that its indexes give it, and there are no others; of a
unique index no keys but those of null or missing belong to two rows. `problems` checks both ways.
What is written is the difference: a row that changes in no indexed field costs one key. Absent on
purpose: counters of rows, which every writer would have to write.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Writer
from libredb.lens.errors import DuplicateKeyError, InvalidValueError, LensError, MissingKeyError
from libredb.lens.keys.encoding import prefix_range
from libredb.lens.keys.namespace import IndexRecord, Namespace, delete_range, save, with_index
from libredb.lens.rows.index import (
    Index,
    Replaced,
    indexes_of,
    is_claim,
    replace_entries,
)
from libredb.lens.rows.result import Found, Search, select
from libredb.lens.rows.row import COUNTER, Form, Plain, Rows, check_version, header, placed
from libredb.lens.values.json_value import Path, parse_path


@dataclass(frozen=True, slots=True)
class Given:
    """A row to be written: its id and its data as bytes, and what they are made of."""

    packed: bytes
    row: Plain
    data: bytes


class Collection(Rows):
    """The rows of a namespace in a transaction that writes."""

    namespace: Namespace

    def __init__(self, tx: Writer, namespace: Namespace, form: Form) -> None:
        """Take a writer, a record that it has read, and the form of its lens."""
        super().__init__(tx, namespace, form)
        self.writer: Writer = tx
        self.indexes: tuple[Index, ...] = indexes_of(namespace)

    def insert(self, given: Sequence[Given]) -> None:
        """Write rows that are not there yet.

        Reads a key for each, and one more for each unique index. Writes it, and its entries.

        Raises:
            DuplicateKeyError: a row is there already, or comes twice.
            UniqueViolationError: another row has what a unique index lets only one have.
            InvalidValueError: the key of an entry would be too long.
        """
        keys = [self.prefix + each.packed for each in given]
        self._refuse_duplicates(given, self.tx.get_many(keys))
        head = header(self.tx.version, None)
        write = self.writer.set
        for key, each in zip(keys, given, strict=True):
            write(key, head + each.data)
        if self.indexes:
            self._replace_entries([Replaced(each.packed, None, each.row) for each in given])

    def put(self, given: Iterable[Given], if_version: int | None = None) -> None:
        """Write rows in place of what is there; of several with one id the last one counts.

        Reads a key for each; writes one, and what is different in the indexes. Raises what `insert`
        raises but for duplicates.

        Raises:
            ConflictError: a row has another version than `if_version`.
        """
        wanted = {each.packed: each for each in given}
        found = self.tx.get_many([self.prefix + packed for packed in wanted])
        rows: list[Replaced] = []
        for each, value in zip(wanted.values(), found, strict=True):
            self._check_version(each.packed, value, if_version)
            rows.append(self._write(each, value))
        self._replace_entries(rows)

    def update(
        self, packed: bytes, change: Callable[[Plain], Plain], if_version: int | None = None
    ) -> bool:
        """Write what `change` makes of a row; return whether it was there. Costs what `put` does.

        Raises:
            ConflictError: it has another version than `if_version`.
        """
        value = self.tx.get(self.prefix + packed)
        self._check_version(packed, value, if_version)
        if value is None:
            return False
        self._change([(packed, self.decoded(packed, value))], change)
        return True

    def update_all(self, search: Search, change: Callable[[Plain], Plain]) -> int:
        """Write what `change` makes of each row of a search; return how many. Reads them all."""
        found = list(select(self, search))
        self._change(found, change)
        return len(found)

    def delete(self, ids: Iterable[bytes], if_version: int | None = None) -> int:
        """Delete rows with their entries; return how many were there.

        Raises:
            ConflictError: a row has another version than `if_version`.
        """
        wanted = list(dict.fromkeys(ids))
        found = self.tx.get_many([self.prefix + packed for packed in wanted])
        rows: list[Replaced] = []
        for packed, value in zip(wanted, found, strict=True):
            self._check_version(packed, value, if_version)
            if value is not None:
                self.writer.delete(self.prefix + packed)
                rows.append(Replaced(packed, self._indexed(packed, value), None))
        self._replace_entries(rows)
        return len(rows)

    def delete_all(self, search: Search) -> int:
        """Delete the rows of a search with their entries; return how many. Reads them all."""
        return self.delete([packed for packed, _ in select(self, search)])

    def clear(self) -> int:
        """Delete all rows with their entries; return how many. The indexes stay."""
        for index in self.indexes:
            delete_range(self.writer, index.keys.range())
        return delete_range(self.writer, prefix_range(self.prefix))

    def create_index(self, record: IndexRecord) -> None:
        """Record an index and write its entries for all rows, which are read.

        Raises:
            UsageValueError: an index of that name is there, and another one.
            UniqueViolationError: two rows have what a unique index lets only one have.
            InvalidValueError: the key of an entry would be too long.
        """
        if has_index(self.namespace, record):
            return
        self.namespace = with_index(self.namespace, record)
        save(self.writer, self.namespace)
        self.indexes = indexes_of(self.namespace)
        rows = (Replaced(packed, None, row) for packed, row in select(self, Search(order=None)))
        self._replace_entries(rows, self.indexes[-1:])

    def drop_index(self, name: str) -> None:
        """Delete an index and its entries, which are read.

        Raises:
            MissingKeyError: there is no index of that name.
        """
        dropped = [index for index in self.indexes if index.name == name]
        if not dropped:
            raise MissingKeyError(
                f"there is no index {name!r} in {self.namespace.name!r}",
                namespace=self.namespace.name,
                field=name,
            )
        delete_range(self.writer, dropped[0].keys.range())
        left = tuple(record for record in self.namespace.indexes if record.name != name)
        self.namespace = replace(self.namespace, indexes=left)
        save(self.writer, self.namespace)

    def _change(self, found: Sequence[Found], change: Callable[[Plain], Plain]) -> None:
        """Write what `change` makes of rows; it has made them all before the first is written."""
        made = [self._made(packed, old, change) for packed, old in found]
        given = [given for _, given in made]
        for each in given:
            key = self.prefix + each.packed
            self.writer.set(key, header(self.tx.version, self.tx.get(key)) + each.data)
        self._replace_entries([Replaced(new.packed, old, new.row) for old, new in made])

    def _made(
        self, packed: bytes, old: Plain, change: Callable[[Plain], Plain]
    ) -> tuple[Plain, Given]:
        """Return a row, and what `change` makes of it."""
        try:
            new = change(old)
            return old, Given(packed, new, self.form.encode(new))
        except InvalidValueError as error:
            name, id = self.namespace.name, self.form.unpack(packed)  # noqa: A001 - as errors call it
            raise placed(error, f"{id!r} in {name!r}", name, id) from None

    def _write(self, each: Given, value: bytes | None) -> Replaced:
        """Write one row in place of `value`; return what that does to the indexes."""
        self.writer.set(self.prefix + each.packed, header(self.tx.version, value) + each.data)
        return Replaced(each.packed, self._indexed(each.packed, value), each.row)

    def _indexed(self, packed: bytes, value: bytes | None) -> Plain | None:
        """Return a row as the indexes know it; without indexes nobody has to decode it."""
        return self.decoded(packed, value) if self.indexes and value is not None else None

    def _replace_entries(
        self, rows: Iterable[Replaced], indexes: Sequence[Index] | None = None
    ) -> None:
        which = self.indexes if indexes is None else indexes
        if which:
            replace_entries(self.writer, which, rows, self.form.unpack, self.namespace.name)

    def _check_version(self, packed: bytes, value: bytes | None, expected: int | None) -> None:
        if expected is not None:
            check_version(value, expected, self.form.unpack(packed), self.namespace.name)

    def _refuse_duplicates(self, given: Sequence[Given], found: Sequence[bytes | None]) -> None:
        """Raise the error about the first row that is there already, or comes again."""
        pairs = zip(given, found, strict=True)
        taken = {each.packed for each, value in pairs if value is not None}
        for each in given:
            if each.packed in taken:
                name, id = self.namespace.name, self.form.unpack(each.packed)  # noqa: A001 - as errors call it
                raise DuplicateKeyError(f"{id!r} is in {name!r} already", namespace=name, id=id)
            taken.add(each.packed)


def has_index(namespace: Namespace, record: IndexRecord) -> bool:
    """Whether a namespace has this index.

    Raises:
        UsageValueError: it has another one of that name.
    """
    for known in namespace.indexes:
        if replace(known, number=record.number) == record:
            return True
        if known.name == record.name:
            raise UsageValueError(
                f"{namespace.name!r} has another index {known.name!r}: drop it first"
            )
    return False


def index_record(
    paths: Sequence[str | Path], *, unique: bool, each: bool, words: bool
) -> IndexRecord:
    """Return the record of an index that has no number yet.

    Raises:
        UsageTypeError: it has no field.
        UsageValueError: a field comes twice, or the options exclude each other.
    """
    fields = tuple(parse_path(path) for path in paths)
    if not fields:
        raise UsageTypeError("an index has at least one field")
    if len(set(fields)) < len(fields):
        raise UsageValueError("a field comes twice in the index")
    if words and (unique or each):
        raise UsageValueError("an index of words is neither unique nor of each element")
    return IndexRecord(0, fields, unique=unique, each=each, words=words)


def problems(rows: Rows) -> list[str]:
    """Return where rows and indexes do not agree, in words; empty if they do.

    Reads every key of the namespace, and keeps those of the entries in memory meanwhile.
    """
    found: list[str] = []
    indexes = indexes_of(rows.namespace)
    expected: dict[bytes, bytes] = {}
    for key, value in rows.tx.scan(*prefix_range(rows.prefix)):
        packed = key[len(rows.prefix) :]
        try:
            row = rows.decoded(packed, value)
            rows.form.encode(row)
            for index in indexes:
                expected.update((index.prefix + head + packed, packed) for head in index.heads(row))
        except LensError as error:
            found.append(f"the row at {key.hex(' ')}: {error}")
    for index in indexes:
        found += _index_problems(rows, index, expected)
    found += [
        f"the {rows.form.noun} {rows.form.unpack(packed)!r} has no entry {key.hex(' ')}"
        for key, packed in expected.items()
    ]
    return found + _strays(rows, indexes)


def _index_problems(rows: Rows, index: Index, expected: dict[bytes, bytes]) -> list[str]:
    """Return what is wrong with the entries of an index; take those that are right out."""
    found: list[str] = []
    last_head = b""
    for key, value in rows.tx.scan(*index.keys.range()):
        packed = expected.pop(key, None)
        if packed is None or value:
            found.append(
                f"the index {index.name} has an entry of no {rows.form.noun}: {key.hex(' ')}"
            )
            continue
        head = key[len(index.prefix) : len(key) - len(packed)]
        if index.record.unique and head == last_head and is_claim(head):
            found.append(f"the index {index.name} is unique and has two owners of {key.hex(' ')}")
        last_head = head
    return found


def _strays(rows: Rows, indexes: Sequence[Index]) -> list[str]:
    """Return the keys that are neither of a row, nor of an index, nor of the counter."""
    namespace = rows.namespace.keys
    known = (rows.prefix, *(index.prefix for index in indexes))
    return [
        f"the key {key.hex(' ')} is of no {rows.form.noun} and of no index"
        for key, _ in rows.tx.scan(*namespace.range())
        if not key.startswith(known) and key != namespace.prefix + COUNTER
    ]
