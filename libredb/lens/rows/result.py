"""The result of a search: rows that are read when somebody asks for them, and again each time.

Outside of a transaction each answer is read as a whole in one `read`, from one state, and then
handed out from memory: for what is large there are limits and cursors. Inside of one, under `.on`,
rows are read one by one, by the keys as of the call: what was deleted since is left out, what was
changed is tested again and has the place it had, and none comes twice. So a loop can change what it
goes over. No result holds a turn, or a state, while its reader does something else.

Rows come in the order asked for, by index where one has it, and otherwise sorted in memory, which
reads all that match before the first. Absent on purpose: `len`, which would hide what it costs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import merge
from itertools import chain, islice
from sys import maxsize
from typing import Any, Generic, Protocol, TypeVar

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader
from libredb.lens.errors import MissingKeyError
from libredb.lens.keys.namespace import Namespace, find
from libredb.lens.rows import cursor
from libredb.lens.rows.index import indexes_of
from libredb.lens.rows.order import Order
from libredb.lens.rows.plan import Plan, plan, rejected
from libredb.lens.rows.row import Form, Plain, Rows
from libredb.lens.values.expression import EVERYTHING, And, Expression, Test, compiled

T = TypeVar("T")
Row = TypeVar("Row")

Found = tuple[bytes, Plain]
"""A packed id, and the row that has it."""

_CHUNK = 256
"""How many rows are asked for in one call where nobody says how many are wanted."""


class Read(Protocol):
    """What `Lens._read` does."""

    def __call__(self, work: Callable[[Reader, Namespace], T], absent: Callable[[], T], /) -> T:
        """Return what `work` makes of one state, or `absent()` without a namespace."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """What rows are read from: a namespace by its name and kind; `tx` is set under `.on`."""

    name: str
    kind: str
    form: Form
    read: Read
    tx: Any = None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: a condition, an order or None for any, and which part of the answer.

    `where` is a function that has to be true of a row as well; no plan knows about it.
    """

    expression: Expression = EVERYTHING
    order: Order | None = Order()  # noqa: RUF009 - it is immutable
    limit: int | None = None
    offset: int = 0
    after: str | None = None
    where: Callable[[Plain], object] | None = None

    def __post_init__(self) -> None:
        """Refuse counts that are none, and a cursor that is of another search."""
        _check_count(self.offset, "offset")
        if self.limit is not None:
            _check_count(self.limit, "limit")
        if self.after is not None:
            self.place()

    @property
    def mark(self) -> bytes:
        """What the cursors of this search have in common."""
        is_filtered = self.where is not None
        return cursor.digest(self.expression, self.order or Order(), is_filtered=is_filtered)

    def place(self) -> tuple[list[bytes], bytes]:
        """Return the place that the cursor says, as order keys and packed id."""
        return cursor.decode(self.after, self.mark, len((self.order or Order()).columns))

    def test(self, left: Expression) -> Test | None:
        """Return what decides whether a row is meant, if `left` is left of the condition.

        None if there is nothing to be tested.
        """
        where = self.where
        if type(left) is And and not left.parts:
            return where if where is None else lambda row: bool(where(row))
        test = compiled(left)
        return test if where is None else lambda row: test(row) and bool(where(row))


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the cursor to go on from, None at the end."""

    rows: list[Row]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """How rows are found: as text, and as data.

    Attributes:
        text: All of it in one line.
        index: The name of the index that is read, or None.
        ranges: How many ranges of keys are read; 0 where the ids are given.
        entries: How many entries, or rows, are read in them.
        is_sorted_in_memory: Whether all rows are read and sorted before the first is there.
        rejected: The other indexes by name, and why they are not read.
    """

    text: str
    index: str | None
    ranges: int
    entries: int
    is_sorted_in_memory: bool
    rejected: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


class Result(Generic[Row]):
    """The rows of a search. Nothing is read before it is asked for; each time it reads anew."""

    def __init__(self, source: Source, search: Search, made: Callable[[Plain], Row]) -> None:
        """Take what to look for and where, and what makes of a row what its reader gets."""
        self._source = source
        self._search = search
        self._made = made

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows; the module says how they are read."""
        made, source = self._made, self._source
        if source.tx is None:
            return iter([made(row) for _, row in self._read(self._search)])
        namespace = find(source.tx, source.name, source.kind)
        if namespace is None:
            return iter(())
        found = stream(Rows(source.tx, namespace, source.form), self._search)
        return (made(row) for _, row in found)

    def first(self) -> Row | None:
        """Return the first row, or None. Reads what comes before it, and it."""
        for _, row in self._read(self._limited(1)):
            return self._made(row)
        return None

    def one(self) -> Row:
        """Return the only row. Reads on until there is a second one.

        Raises:
            MissingKeyError: there is none.
            UsageValueError: there is more than one.
        """
        search = self._limited(2)
        found = self._read(search if search.after else replace(search, order=None))
        if not found:
            name, what = self._source.name, self._search.expression
            raise MissingKeyError(f"there is none in {name!r} for: {what!r}", namespace=name)
        if len(found) > 1:
            raise UsageValueError(f"there is more than one for: {self._search.expression!r}")
        return self._made(found[0][1])

    def count(self) -> int:
        """Return how many rows there are. Reads them all, but for those outside of the limit."""
        search = self._search
        if search.after is None:
            search = replace(search, order=None)
        return self._work(lambda rows: counted(rows, search), int)

    def page(self) -> Page[Row]:
        """Return the rows up to the limit, and the cursor for what follows. Reads one row more."""
        search = self._search
        if search.limit is None:
            return Page([self._made(row) for _, row in self._read(search)], None)
        found = self._read(replace(search, limit=search.limit + 1))
        rows = [self._made(row) for _, row in found[: search.limit]]
        if len(found) <= search.limit or not rows:
            return Page(rows, None)
        packed, last = found[search.limit - 1]
        order = search.order or Order()
        return Page(rows, cursor.encode(search.mark, order.keys_of(last), packed))

    def explain(self) -> Explanation:
        """Return how the rows are found. Reads what finding them does."""
        nothing = Explanation(f"nothing is in {self._source.name}", None, 0, 0, False, ())
        return self._work(lambda rows: explained(rows, self._search), lambda: nothing)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._source.name!r}: {self._search.expression!r}>"

    def _limited(self, limit: int) -> Search:
        known = self._search.limit
        return replace(self._search, limit=limit if known is None else min(limit, known))

    def _read(self, search: Search) -> list[Found]:
        return self._work(lambda rows: list(select(rows, search)), list[Found])

    def _work(self, work: Callable[[Rows], T], absent: Callable[[], T]) -> T:
        form = self._source.form
        return self._source.read(lambda tx, namespace: work(Rows(tx, namespace, form)), absent)


def select(rows: Rows, search: Search) -> Iterator[Found]:
    """Yield the rows of a search, all from the state of the call; nobody writes meanwhile."""
    chosen = planned(rows, search)
    test = search.test(chosen.left)
    if not chosen.is_ordered:
        matching = _matching(rows, _stored(rows, chosen, _CHUNK), test)
        found: Iterable[Found] = (each for _, each in _sorted(matching, search))
    else:
        wanted = _CHUNK if search.limit is None else search.offset + search.limit
        found = _matching(rows, _stored(rows, chosen, wanted), test)
    return _part(found, search)


def stream(rows: Rows, search: Search) -> Iterator[Found]:
    """Yield the rows of a search one by one, by the keys as of the call, however they change."""
    chosen, prefix = planned(rows, search), rows.prefix
    test = search.test(search.expression)  # rows may change, and their entries are not read again
    ids = packed_ids(rows, chosen)
    if not chosen.is_ordered:
        matching = _matching(rows, _stored(rows, chosen, _CHUNK), test)
        ids = iter([packed for _, (packed, _) in _sorted(matching, search)])
    values = ((packed, rows.tx.get(prefix + packed)) for packed in ids)
    return _part(_matching(rows, values, test), search)


def counted(rows: Rows, search: Search) -> int:
    """Return how many rows a search has; where there is nothing to be tested it reads no row."""
    chosen = planned(rows, search)
    if search.after is None and search.test(chosen.left) is None:
        return sum(1 for _ in _part(packed_ids(rows, chosen), search))
    return sum(1 for _ in select(rows, search))


def planned(rows: Rows, search: Search) -> Plan:
    """Return which keys a search reads; what is before its cursor is left out if it can be."""
    namespace = rows.namespace
    indexes = indexes_of(namespace)
    chosen = plan(search.expression, search.order, indexes, namespace.keys, rows.form)
    if search.after is None or not chosen.is_ordered:
        return chosen
    return chosen.after(*search.place())


def explained(rows: Rows, search: Search) -> Explanation:
    """Return how a search is done. Reads what it reads."""
    chosen, noun, name = planned(rows, search), rows.form.noun, rows.namespace.name
    count, is_cut = _count_read(rows, search, chosen)
    if chosen.index is not None:
        ranges = f"{len(chosen.ranges):,} range{'s' * (len(chosen.ranges) != 1)}"
        entries = f"{count:,} {'entry' if count == 1 else 'entries'} read"
        text = f"index {chosen.index.name}: {ranges}, {entries}"
    elif chosen.ids is not None:
        text = f"{count:,} {noun}{'s' * (count != 1)} of {name} by id"
    elif chosen.is_whole and not is_cut:
        text = f"all {count:,} {noun}s of {name}"
    else:
        text = f"a range of ids: {count:,} {noun}{'s' * (count != 1)} of {name} read"
    if not chosen.is_ordered:
        text += ", sorted in memory"
    index = chosen.index.name if chosen.index else None
    others = rejected(search.expression, search.order, indexes_of(rows.namespace), chosen)
    return Explanation(text, index, len(chosen.ranges), count, not chosen.is_ordered, others)


def _count_read(rows: Rows, search: Search, chosen: Plan) -> tuple[int, bool]:
    """Return how many entries or rows a search reads, and whether its limit ends it before all."""
    if search.limit is None or not chosen.is_ordered:
        return sum(1 for _ in packed_ids(rows, chosen)), False
    read = 0

    def counted() -> Iterator[tuple[bytes, bytes | None]]:
        nonlocal read
        for each in _stored(rows, chosen, search.offset + (search.limit or 0)):
            read += 1
            yield each

    values = counted()
    for _ in _part(_matching(rows, values, search.test(chosen.left)), search):
        pass
    until_then = read
    return until_then, next(values, None) is not None


def packed_ids(rows: Rows, chosen: Plan) -> Iterator[bytes]:
    """Return the ids that a plan leads to, none of them twice. The scans are those of the call."""
    if chosen.ids is not None:
        return iter(chosen.ids[:: -1 if chosen.reverse else 1])
    entries, index = _scanned(rows.tx, chosen), chosen.index
    start, fields = (len(rows.prefix), 0) if index is None else chosen.known
    if index is None or not fields:
        return (key[start:] for key, _ in entries)
    ids = (index.packed_id(key, start, fields) for key, _ in entries)
    is_repeated = index.is_multiple and len(chosen.ranges) > 1
    return _without_repeats(ids) if is_repeated else ids


def _scanned(tx: Reader, chosen: Plan) -> Iterator[tuple[bytes, bytes]]:
    """Return the entries in all ranges, in the order of what follows the base of each."""
    reverse = chosen.reverse
    if len(chosen.ranges) == 1:
        return tx.scan(*chosen.ranges[0], reverse=reverse)
    ranges = list(zip(chosen.ranges, chosen.bases, strict=True))[:: -1 if reverse else 1]
    scans = [(tx.scan(*where, reverse=reverse), len(base)) for where, base in ranges]
    if len(set(chosen.bases)) == 1:
        return chain.from_iterable(entries for entries, _ in scans)
    tails = (_tails(entries, length) for entries, length in scans)
    return (entry for _, entry in merge(*tails, reverse=reverse))


def _tails(
    entries: Iterable[tuple[bytes, bytes]], length: int
) -> Iterator[tuple[bytes, tuple[bytes, bytes]]]:
    return ((entry[0][length:], entry) for entry in entries)


def _without_repeats(ids: Iterable[bytes]) -> Iterator[bytes]:
    seen: set[bytes] = set()
    for packed in ids:
        if packed not in seen:
            seen.add(packed)
            yield packed


def _stored(rows: Rows, chosen: Plan, wanted: int) -> Iterator[tuple[bytes, bytes | None]]:
    """Return each id and what is kept under it; rows that are scanned are not read again."""
    if chosen.ids is None and chosen.index is None:
        start = len(rows.prefix)
        return ((key[start:], value) for key, value in _scanned(rows.tx, chosen))
    return chain.from_iterable(_stored_by_id(rows, packed_ids(rows, chosen), wanted))


def _stored_by_id(
    rows: Rows, ids: Iterator[bytes], wanted: int
) -> Iterator[Iterable[tuple[bytes, bytes | None]]]:
    """Yield ids with what is kept under them: first of as many as are wanted, then of many."""
    get_many, prefix = rows.tx.get_many, rows.prefix
    while chunk := list(islice(ids, min(wanted, _CHUNK) or 1)):
        yield zip(chunk, get_many([prefix + packed for packed in chunk]), strict=True)
        wanted = _CHUNK


def _matching(
    rows: Rows, values: Iterable[tuple[bytes, bytes | None]], test: Test | None
) -> Iterator[Found]:
    """Yield the rows that are there and pass the test."""
    decoded = rows.decoded
    for packed, value in values:
        if value is not None:
            row = decoded(packed, value)
            if test is None or test(row):
                yield packed, row


def _sorted(found: Iterable[Found], search: Search) -> list[tuple[bytes, Found]]:
    """Return rows with their places, in the order of these, without those up to the cursor."""
    order = search.order or Order()
    placed = [(order.place(order.keys_of(row), packed), (packed, row)) for packed, row in found]
    placed.sort(key=lambda each: each[0])
    if search.after is None:
        return placed
    place = order.place(*search.place())
    return [each for each in placed if each[0] > place]


def _part(found: Iterable[T], search: Search) -> Iterator[T]:
    """Return the part of an answer that is asked for."""
    if search.limit is None and not search.offset:
        return iter(found)
    end = None if search.limit is None else search.offset + search.limit
    # islice takes no larger numbers, and no store has more rows.
    return islice(found, min(search.offset, maxsize), None if end is None else min(end, maxsize))


def _check_count(value: object, name: str) -> None:
    if type(value) is not int:
        raise UsageTypeError(f"{name} is an int, not {type(value).__name__}")
    if value < 0:
        raise UsageValueError(f"{name} is 0 or more, not {value}")
