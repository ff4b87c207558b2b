"""Claim: a result reads anew each time, goes on behind a cursor, and bears changes meanwhile."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, TypeVar

import pytest

import libredb
from libredb import Store
from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader, Writer
from libredb.lens.documents import Documents, documents
from libredb.lens.errors import MissingKeyError
from libredb.lens.rows.cursor import encode
from libredb.lens.rows.order import Order
from libredb.lens.rows.result import Page, Search
from tests.support.stores import NaiveReader, NaiveStore

T = TypeVar("T")

ORDERS: list[Any] = [None, "id", "-id", "at", "-at", "level", ["-level", "at"], ["level", "-at"]]
CONDITIONS: list[dict[str, Any]] = [{}, {"level": "a"}, {"level": {"$in": ["a", "b"]}}, {"at": 2}]


@pytest.fixture
def notes(store: Store) -> Documents[str]:
    made = documents(store, "notes")
    made.insert_many(
        {"id": f"{number * 7 % 12:02}", "level": "abc"[number % 3], "at": number // 2}
        for number in range(12)
    )
    return made


def ids(rows: Any) -> list[str]:
    return [row["id"] for row in rows]


# One by one, and as a whole


def test_a_result_is_read_again_each_time(notes: Documents[str]) -> None:
    found = notes.find({"level": "a"})
    assert list(found) == list(found)
    notes.insert({"id": "new", "level": "a"})
    assert ids(found)[-1] == "new"
    assert repr(found) == "<Result of 'notes': level $eq 'a'>"


def test_limit_and_offset_choose_a_part(notes: Documents[str]) -> None:
    everything = ids(notes.find())
    assert everything == sorted(everything)
    for order in ORDERS:
        everything = ids(notes.find(order_by=order))
        for offset, limit in ((0, 0), (0, 5), (3, 4), (11, 9), (12, 1), (5, None), (0, 2**70)):
            part = notes.find(order_by=order, offset=offset, limit=limit)
            end = None if limit is None else offset + limit
            assert ids(part) == everything[offset:end]
            assert part.count() == len(everything[offset:end])


@pytest.mark.parametrize("name", ["limit", "offset"])
def test_counts_are_ints_and_not_negative(notes: Documents[str], name: str) -> None:
    for value, error in ((-1, UsageValueError), (True, UsageTypeError), (1.0, UsageTypeError)):
        arguments: dict[str, Any] = {name: value}
        with pytest.raises(error, match=name):
            notes.find(**arguments)


def test_the_first_and_the_only_one(notes: Documents[str]) -> None:
    assert notes.find(order_by="-at").first() == notes.find_one(order_by="-at")
    assert notes.find(order_by="at", limit=0).first() is None
    assert notes.find({"level": "x"}).first() is None
    assert notes.find({"id": "03"}).one()["id"] == "03"
    assert notes.find(order_by="at", limit=1).one() == notes.find(order_by="at").first()
    with pytest.raises(MissingKeyError, match="level"):
        notes.find({"level": "x"}).one()
    with pytest.raises(UsageValueError, match="more than one"):
        notes.find({"level": "a"}).one()


def test_a_function_can_choose_as_well(notes: Documents[str]) -> None:
    found = notes.find({"level": "a"}, where=lambda note: note["at"] > 2)
    assert list(found) == [note for note in notes.find({"level": "a"}) if note["at"] > 2]
    assert found.count() == len(list(found))


def test_where_nothing_is_a_result_is_empty(store: Store) -> None:
    found = documents(store, "other").find({"a": 1}, limit=3)
    assert list(found) == []
    assert found.count() == 0
    assert found.page() == Page([], None)
    assert store.transact(lambda tx: list(documents(store, "other").on(tx).find())) == []


# Cursors


@pytest.mark.parametrize("indexed", [[], [["level", "at"], ["at"]]])
@pytest.mark.parametrize("size", [2, 12])
def test_pages_are_the_whole_in_parts(
    notes: Documents[str], indexed: list[list[str]], size: int
) -> None:
    for paths in indexed:
        notes.create_index(*paths)
    for order in ORDERS:
        for condition in CONDITIONS:
            rows: list[Any] = []
            after: str | None = None
            while True:
                page = notes.find(condition, order_by=order, limit=size, after=after).page()
                assert len(page.rows) <= size
                rows += page.rows
                after = page.next_cursor
                if after is None:
                    break
            assert rows == list(notes.find(condition, order_by=order))


def test_a_page_without_a_limit_is_all_and_the_last_one(notes: Documents[str]) -> None:
    assert notes.find(order_by="at").page() == Page(list(notes.find(order_by="at")), None)
    assert notes.find(limit=0).page() == Page([], None)


def test_a_cursor_goes_on_where_it_was_whatever_changed(notes: Documents[str]) -> None:
    everything = list(notes.find(order_by=["level", "at"]))
    first = notes.find(order_by=["level", "at"], limit=3).page()
    notes.create_index("level", "at")
    notes.delete_many(ids(everything[1:5]))
    notes.insert({"id": "behind", "level": "c", "at": 99})
    notes.insert({"id": "before", "level": "a", "at": -1})
    rest = notes.find(order_by=["level", "at"], after=first.next_cursor)
    assert ids(rest) == [*ids(everything[5:]), "behind"]
    assert rest.count() == len(list(rest))
    assert rest.first() == everything[5]
    notes.drop_index("level,at")
    assert ids(rest) == [*ids(everything[5:]), "behind"]


def test_a_cursor_behind_a_place_finds_the_only_one_left(notes: Documents[str]) -> None:
    after = notes.find(limit=11).page().next_cursor
    assert notes.find(after=after).one()["id"] == "11"


def test_a_cursor_of_ids_that_were_given_goes_on_among_them(notes: Documents[str]) -> None:
    condition = {"id": {"$in": ["01", "02", "03"]}}
    for order, rest in ((None, ["02", "03"]), ("-id", ["02", "01"]), ("at", None)):
        after = notes.find(condition, order_by=order, limit=1).page().next_cursor
        found = ids(notes.find(condition, order_by=order, after=after))
        assert found == (rest or ids(notes.find(condition, order_by=order))[1:])


def test_a_cursor_of_another_search_is_refused(notes: Documents[str]) -> None:
    after = notes.find({"at": 1}, order_by="level", limit=1).page().next_cursor
    assert notes.find({"at": 1.0}, order_by="level", after=after).count() == 1
    for condition, order in (({"at": 2}, "level"), ({"at": 1}, "-level"), ({"at": 1}, None)):
        with pytest.raises(UsageValueError, match="another search"):
            notes.find(condition, order_by=order, after=after)
    with pytest.raises(UsageValueError, match="another search"):
        notes.find({"at": 1}, order_by="level", after=after, where=bool)


@pytest.mark.parametrize("after", ["", "x", "AAAA", "\xe4", "!!!!"])
def test_what_is_no_cursor_is_refused(notes: Documents[str], after: str) -> None:
    with pytest.raises(UsageValueError, match="cursor"):
        notes.find(after=after)


def test_a_cursor_that_was_cut_is_refused(notes: Documents[str]) -> None:
    search = Search(order=Order(((("at",), False),)))
    with pytest.raises(UsageValueError, match="is no cursor"):
        notes.find(order_by="at", after=encode(search.mark, [b"\x10"], b""))
    with pytest.raises(UsageTypeError, match="cursor"):
        notes.find(after=5)  # pyright: ignore[reportArgumentType] - the point


def test_the_bytes_of_a_cursor_are_these() -> None:
    assert encode(b"12345678", [b"\x04"], b"\x02a\0") == "ATEyMzQ1Njc4BAJhAA"


# Inside of a transaction


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("indexed", [[], [["level", "at"], ["at"]]])
def test_a_loop_can_change_what_it_goes_over(
    notes: Documents[str], store: Store, order: Any, indexed: list[list[str]]
) -> None:
    for paths in indexed:
        notes.create_index(*paths)
    expected = ids(notes.find({"at": {"$lt": 5}}, order_by=order))

    def work(tx: Writer) -> list[str]:
        inside = notes.on(tx)
        seen: list[str] = []
        for note in inside.find({"at": {"$lt": 5}}, order_by=order):
            seen.append(note["id"])
            inside.update(note["id"], {"$inc": {"at": -100}, "$set": {"level": "z"}})
            inside.insert({"level": "a", "at": 1})
            if len(seen) == 1:
                inside.delete(expected[1])
                inside.update(expected[2], {"at": 50})
                inside.update(expected[3], {"level": "changed"})
        assert inside.check() == []
        return seen

    assert store.transact(work) == [expected[0], *expected[3:]]


def test_a_result_is_of_the_call_and_not_of_the_first_row(
    notes: Documents[str], store: Store
) -> None:
    def work(tx: Writer) -> int:
        rows = iter(notes.on(tx).find())
        notes.on(tx).insert({"id": "zz"})
        return len(list(rows))

    assert store.transact(work) == 12


def test_outside_of_a_transaction_rows_are_those_of_one_state(notes: Documents[str]) -> None:
    rows = iter(notes.find())
    notes.clear()
    assert len(list(rows)) == 12


# What it costs


class CountingReader(NaiveReader):
    """Notes which keys are read."""

    keys: list[bytes]

    def get(self, key: Any, /) -> bytes | None:
        self.keys.append(key)
        return super().get(key)

    def scan(self, *where: Any, **options: Any) -> Iterator[tuple[bytes, bytes]]:
        for key, value in super().scan(*where, **options):
            self.keys.append(key)
            yield key, value

    def read(self, fn: Callable[[Reader], T], /) -> T:
        raise AssertionError("a lens reads in the transaction it has")


class CountingStore(NaiveStore):
    """Counts the keys that are read, and refuses to write."""

    reader = CountingReader

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        raise AssertionError("what reads takes no turn")


@pytest.fixture
def counting() -> tuple[Documents[str], list[bytes]]:
    plain = NaiveStore()
    made = documents(plain, "notes")
    made.create_index("level", "at")
    made.create_index("tags", each=True)
    made.insert_many(
        {"id": f"{number:04}", "level": str(number % 100), "at": number, "tags": [number % 50]}
        for number in range(2000)
    )
    store = CountingStore()
    store.entries = plain.entries
    CountingReader.keys = []
    return documents(store, "notes"), CountingReader.keys


@pytest.mark.parametrize(
    ("condition", "order", "limit", "found"),
    [
        ({"level": "7"}, "at", None, 20),
        ({"level": "7", "at": {"$gte": 1000}}, "-at", None, 10),
        ({"level": {"$in": ["7", "8"]}}, "at", None, 40),
        ({"tags": {"$contains": 3}}, None, None, 40),
        ({"level": "7"}, "at", 5, 5),
    ],
)
def test_an_indexed_search_reads_what_it_finds_and_the_record(
    counting: tuple[Documents[str], list[bytes]], condition: Any, order: Any, limit: Any, found: int
) -> None:
    notes, keys = counting
    assert len(list(notes.find(condition, order_by=order, limit=limit))) == found
    assert len(keys) <= 1 + 2 * found
    keys.clear()
    assert len(notes.find(condition, order_by=order, limit=found - 1).page().rows) == found - 1
    assert len(keys) <= 1 + 2 * found


def test_counting_what_an_index_answers_reads_no_row(
    counting: tuple[Documents[str], list[bytes]],
) -> None:
    notes, keys = counting
    assert notes.count({"level": "7"}) == 20
    assert notes.count({"level": "7", "at": {"$gt": 1000, "$lt": 1500}}) == 5
    assert len(keys) == 1 + 20 + 1 + 5
    keys.clear()
    assert notes.count({"level": "7", "tags": [7]}) == 20
    assert len(keys) == 1 + 2 * 20


def test_a_page_costs_what_it_holds(counting: tuple[Documents[str], list[bytes]]) -> None:
    notes, keys = counting
    after = notes.find({"level": "7"}, order_by="at", limit=15).page().next_cursor
    keys.clear()
    assert len(list(notes.find({"level": "7"}, order_by="at", after=after))) == 5
    assert len(keys) == 1 + 2 * 5


def test_what_reads_takes_no_turn(counting: tuple[Documents[str], list[bytes]]) -> None:
    notes, keys = counting
    assert notes.get("0001") == notes.get_many(["0001"])[0] == notes.find_one({"id": "0001"})
    assert notes.get_versioned("0001")[1] > 0
    assert "0001" in notes
    assert len(keys) == 10
    assert (len(notes), bool(notes), notes.count({"level": "7"})) == (2000, True, 20)
    assert notes.find().explain().entries == 2000
    assert notes.first({"level": "7"}) == notes.one({"level": "7", "at": 7})
    assert len(notes.distinct("level")) == len(notes.group_by("level").count()) == 100
    assert [index.name for index in notes.indexes()] == ["level,at", "tags"]
    assert notes.create_index("level", "at") == "level,at"
    assert notes.check() == []


def test_a_compaction_leaves_a_cursor_as_it_is() -> None:
    with libredb.open() as db:
        notes = documents(db, "notes")
        notes.insert_many({"at": at} for at in range(9))
        page = notes.find(order_by="-at", limit=4).page()
        db.compact()
        rest = [each["at"] for each in notes.find(order_by="-at", after=page.next_cursor)]
        assert rest == [4, 3, 2, 1, 0]
        assert all(one > other for one, other in pairwise(rest))


def test_an_explanation_ends_where_the_search_does(notes: Documents[str]) -> None:
    # The latest 20 of 300,000 were told as "all 300,000 documents", though 20 are read.
    latest = notes.find(order_by="-id", limit=3)
    assert str(latest.explain()) == "a range of ids: 3 documents of notes read"
    assert str(notes.find(limit=12).explain()) == "all 12 documents of notes"
    assert str(notes.find(limit=99).explain()) == "all 12 documents of notes"
    assert notes.find(limit=0).explain().entries == 0
    assert notes.find({"level": "c"}, limit=1).explain().entries == 3
    notes.create_index("level")
    assert notes.find({"level": "a"}, limit=2, offset=1).explain().entries == 3
    sorted_in_memory = notes.find({"level": "a"}, order_by="at", limit=1).explain()
    assert (sorted_in_memory.entries, sorted_in_memory.is_sorted_in_memory) == (4, True)
