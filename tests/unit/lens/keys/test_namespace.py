"""Claim: a name leads to one record, a number is given once, and nobody sees another's keys."""

from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import Reader, Store, UsageTypeError, UsageValueError, Writer
from libredb.lens.errors import DamagedEntryError, InvalidValueError, NamespaceKindError
from libredb.lens.keys.namespace import (
    LAST_NUMBER,
    LAYOUT,
    RECORDS,
    SYSTEM,
    USER_KEYS,
    IndexRecord,
    Lens,
    Namespace,
    add_migration,
    create,
    find,
    last_number,
    migrations,
    records,
    save,
    with_index,
)
from tests.support.case import DEEP, case

Entries = dict[str, bytes]


class Shelf(Lens):
    """The least lens: it keeps one entry."""

    kind = "shelf"

    def put(self, value: bytes) -> None:
        self._write(lambda tx, namespace: tx.set(namespace.keys.prefix + b"\1", value))

    def look(self) -> bytes | None:
        return self._read(lambda tx, it: tx.get(it.keys.prefix + b"\1"), lambda: b"absent")

    def empty(self) -> bool | None:
        return self._edit(lambda tx, it: tx.delete(it.keys.prefix + b"\1"), lambda: None)


class Cupboard(Shelf):
    """One of another kind."""

    kind = "cupboard"


def entries(store: Store) -> Entries:
    """Return all there is, keys in hexadecimal digits."""
    return store.read(lambda tx: {key.hex(): value for key, value in tx.scan()})


def planted(store: Store, *found: tuple[bytes, bytes]) -> None:
    """Write raw entries."""

    def plant(tx: Writer) -> None:
        for key, value in found:
            tx.set(key, value)

    store.transact(plant)


def created(store: Store, name: str, kind: str = "shelf", schema: object = None) -> Namespace:
    """Create a namespace."""
    return store.transact(lambda tx: create(tx, name, kind, schema))


def test_the_bytes_of_a_namespace_are_those_of_its_format(store: Store) -> None:
    def work(tx: Writer) -> None:
        first = create(tx, "notes", "documents", {"id": "text"})
        save(tx, with_index(first, IndexRecord(0, (("a", "b"), ("c",)), unique=True)))
        add_migration(tx, first, "split")
        create(tx, "ä", "kv")

    store.transact(work)
    assert entries(store) == {
        "fe00": b"lenses 1",
        "fe00016e6f746573": (
            b'{"kind":"documents","prefix":1,"schema":{"id":"text"},"indexes":'
            b'[{"number":1,"fields":[["a","b"],["c"]],"unique":true}]}'
        ),
        "fe0001c3a4": b'{"kind":"kv","prefix":2,"schema":null,"indexes":[]}',
        "fe0002": b"2",
        "fe00031501" + "02" + b"split".hex() + "00": b"",
    }


def test_numbers_take_more_bytes_when_there_are_many(store: Store) -> None:
    planted(store, (SYSTEM, LAYOUT), (LAST_NUMBER, b"255"))
    assert created(store, "a").keys.prefix.hex() == "fe160100"


def test_a_record_comes_back_as_it_was_saved(store: Store) -> None:
    index = IndexRecord(0, (("a",),), each=True, words=True)
    whole = with_index(with_index(Namespace("a", "kv", 7, {"x": [1.5, None]}), index), index)
    assert [(one.number, one.name) for one in whole.indexes] == [(1, "a"), (2, "a")]
    planted(store, (SYSTEM, LAYOUT))
    store.transact(lambda tx: save(tx, whole))
    assert store.read(lambda tx: find(tx, "a")) == whole
    assert store.read(lambda tx: list(records(tx))) == [whole]
    assert IndexRecord(1, (("a", "b"), ("c",))).name == "a.b,c"


def test_a_lens_writes_nothing_before_its_first_write(store: Store) -> None:
    shelf = Shelf(store, "a")
    assert (shelf.look(), shelf.empty()) == (b"absent", None)
    assert entries(store) == {}
    shelf.put(b"1")
    assert (shelf.look(), shelf.empty(), shelf.empty()) == (b"1", True, False)
    assert len(entries(store)) == 3


def test_two_names_have_two_places(store: Store) -> None:
    first, second = Shelf(store, "a"), Shelf(store, "a\0")
    first.put(b"1")
    second.put(b"2")
    assert (first.look(), second.look()) == (b"1", b"2")
    assert store.read(last_number) == 2


def test_a_lens_is_moved_into_a_transaction(store: Store) -> None:
    shelf = Shelf(store, "a")
    assert (shelf.name, repr(shelf)) == ("a", "<Shelf 'a'>")

    def work(tx: Writer) -> None:
        shelf.on(tx).put(b"1")
        assert shelf.on(tx).look() == b"1"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(work)
    assert shelf.look() == b"absent"


def test_a_namespace_of_another_kind_is_refused(store: Store) -> None:
    Shelf(store, "a").put(b"1")
    cupboard = Cupboard(store, "a")
    for call in (cupboard.look, lambda: cupboard.put(b"2"), cupboard.empty):
        with pytest.raises(NamespaceKindError, match="is one of shelf, not of cupboard") as caught:
            call()
        error = caught.value
        assert (error.namespace, error.expected, error.actual) == ("a", "cupboard", "shelf")
    assert Shelf(store, "a").look() == b"1"


def test_any_text_is_a_name(store: Store) -> None:
    for number, name in enumerate((" ", "\0", "\uffff", "\U0001f600", "x" * 512, "ä" * 256), 1):
        with case(name=name):
            shelf = Shelf(store, name)
            shelf.put(name.encode())
            assert shelf.look() == name.encode()
            assert store.read(last_number) == number


def test_what_is_no_name_is_refused(store: Store) -> None:
    for name in ("", "x" * 513, "ä" * 257):
        with case(name=name), pytest.raises(UsageValueError, match="1 to 512 bytes"):
            Shelf(store, name)
    for wrong in (b"a", None, 5, type("Name", (str,), {})("a")):
        with case(wrong=wrong), pytest.raises(UsageTypeError, match="is a str, not"):
            Shelf(store, wrong)  # pyright: ignore[reportArgumentType] - refused
    with pytest.raises(InvalidValueError, match="half of a surrogate pair"):
        Shelf(store, "a\ud800")


def test_what_is_no_store_is_refused() -> None:
    class Half:
        def transact(self) -> None: ...

    for wrong in (None, "app.libredb", Half()):
        with case(wrong=wrong), pytest.raises(UsageTypeError, match="needs a database"):
            Shelf(wrong, "a")  # pyright: ignore[reportArgumentType] - refused


def test_keys_of_others_under_fe_are_refused_and_named(store: Store) -> None:
    shelf = Shelf(store, "a")
    planted(store, (b"\xfd", b""), (b"\xff", b""))
    assert shelf.look() == b"absent", "keys around FE are of raw users"
    planted(store, (b"\xfe\x15\x01", b"other"))
    calls: list[Callable[[], Any]] = [
        *(shelf.look, lambda: shelf.put(b""), shelf.empty),
        lambda: store.read(lambda tx: list(records(tx))),
    ]
    for call in calls:
        with pytest.raises(DamagedEntryError, match="the key fe 15 01 is not of a lens"):
            call()
    assert len(entries(store)) == 3


def test_the_layout_of_a_later_version_is_refused(store: Store) -> None:
    planted(store, (SYSTEM, b"lenses 2"))
    with pytest.raises(DamagedEntryError, match="lenses 2"):
        Shelf(store, "a").look()


RECORD = b'{"kind":"shelf","prefix":1,"schema":null,"indexes":[]}'
INDEXED = RECORD[:-2] + b'{"number":1,"fields":[["a"]]}]}'


def test_a_record_is_valid_if_and_only_if_it_is_written_like_this(store: Store) -> None:
    planted(store, (SYSTEM, LAYOUT))
    for good in (RECORD, INDEXED):
        planted(store, (RECORDS + b"a", good))
        assert Shelf(store, "a").look() is None
    damaged = [
        *(b"", b"{", b"null", b"[]", b"5", b'"kind"', b"{}", b"\xff\xfe{\0}\0", b"[" * DEEP),
        *(RECORD.replace(b"1", number) for number in (b"0", b"-1", b"1.0", b"true", b'"1"')),
        *(RECORD.replace(b"1", number) for number in (b"1e999", b"null", b"9" * 5000)),
        *(RECORD.replace(b'"shelf"', kind) for kind in (b"5", b"null", b'"\\ud800"', b'"\xff"')),
        *(RECORD.replace(b"[]", indexes) for indexes in (b"{}", b'"ab"', b"[1]", b"[[]]", b"5")),
        *(RECORD.replace(b":", b" :"), RECORD[:-1], RECORD[:-1] + b',"more":1}'),
        *(INDEXED.replace(b'["a"]', fields) for fields in (b'"a"', b"5", b"[5]", b"null")),
        INDEXED.replace(b'"number":1,', b""),
        INDEXED.replace(b'"number":1', b'"number":"1"'),
        INDEXED.replace(b'"fields"', b'"collation":"de","fields"'),
    ]
    for data in damaged:
        planted(store, (RECORDS + b"a", data))
        with case(data=data[:100]), pytest.raises(DamagedEntryError, match="'a' is not one"):
            Shelf(store, "a").look()


def test_a_record_without_a_name_is_damaged(store: Store) -> None:
    planted(store, (SYSTEM, LAYOUT), (RECORDS + b"\xff", RECORD))
    with pytest.raises(DamagedEntryError, match="the key fe 00 01 ff of a record has no name"):
        store.read(lambda tx: list(records(tx)))


def test_a_damaged_last_number_gives_no_number(store: Store) -> None:
    planted(store, (SYSTEM, LAYOUT))
    with pytest.raises(DamagedEntryError, match="last number of a namespace is None"):
        created(store, "a")
    for data in (b"", b"-1", b"x", b"1.0", b" 1", b"9" * 19):
        planted(store, (LAST_NUMBER, data))
        with case(data=data), pytest.raises(DamagedEntryError, match="last number"):
            created(store, "a")
    assert store.read(lambda tx: find(tx, "a")) is None


def test_a_namespace_does_not_begin_where_keys_are(store: Store) -> None:
    planted(store, (SYSTEM, LAYOUT), (LAST_NUMBER, b"4"), (b"\xfe\x15\x05\x01x", b""))
    with pytest.raises(DamagedEntryError, match="fe 15 05 01 78 is of no namespace, and 'a'"):
        created(store, "a")


def test_migrations_are_those_of_a_namespace(store: Store) -> None:
    first, second = created(store, "a"), created(store, "b")

    def work(tx: Writer) -> None:
        for name in ("2026 b", "2025\0", ""):
            add_migration(tx, first, name)
        add_migration(tx, second, "other")

    store.transact(work)
    assert store.read(lambda tx: migrations(tx, first)) == ["", "2025\0", "2026 b"]
    assert store.read(lambda tx: migrations(tx, second)) == ["other"]


def test_a_read_only_database_reads_as_empty() -> None:
    with libredb.open() as db:

        def work(tx: Reader) -> None:
            assert Shelf(tx, "a").look() == b"absent"  # pyright: ignore[reportArgumentType] - what a read gives has both

        db.read(work)


def test_the_keys_of_users_are_a_range_to_scan(store: Store) -> None:
    planted(store, (b"", b""), (b"\xfd\xff", b""))
    created(store, "a")
    found = store.read(lambda tx: [key for key, _ in tx.scan(*USER_KEYS)])
    assert found == [b"", b"\xfd\xff"]
