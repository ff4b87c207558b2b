"""What the old formats cannot hold: databases, what is listed of each, and what it becomes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import libredb
from libredb import Database
from libredb.interop import Unfit
from libredb.lens.keys.namespace import create
from tests.unit.interop.typescript.old_files import collection, entry, relation


def numbers(db: Database) -> None:
    libredb.documents(db, "d").insert_many(
        [{"id": "1", "n": 2**53 + 1}, {"id": "2", "n": [10**400]}, {"id": "3", "n": 2**53}]
    )


def counted(db: Database) -> None:
    libredb.documents(db, "c", key=libredb.counter("id")).insert_many([{"a": 1}, {"a": 2}])


def indexed(db: Database) -> None:
    libredb.documents(db, "d").create_index("a")
    libredb.documents(db, "d").create_index("b", unique=True)


def named(db: Database) -> None:
    for name in ("a:b", "\0z"):
        libredb.documents(db, name).insert({"id": "1"})


def typed(db: Database) -> None:
    columns = {"n": "int", "at": "date", "of": "bytes?"}
    rows = libredb.table(db, "t", columns, key="n")
    rows.insert_many([{"n": 7, "at": date(2026, 11, 30)}, {"n": 8, "at": date.min, "of": b"\xff"}])


def optional(db: Database) -> None:
    libredb.table(db, "t", {"id": "str", "n": "float?"}).insert({"id": "1", "n": 1.5})


def of_a_later_lens(db: Database) -> None:
    db.transact(lambda tx: create(tx, "g", "graph"))


def infinite(db: Database) -> None:
    rows = libredb.table(db, "t", {"id": "str", "n": "float"})
    rows.insert_many([{"id": "1", "n": float("inf")}, {"id": "2", "n": 1.5}])


def of_two_columns(db: Database) -> None:
    rows = libredb.table(db, "t", {"a": "str", "b": "int"}, key=("a", "b"))
    rows.insert({"a": "x", "b": 1})


def of_anything(db: Database) -> None:
    values = [
        Decimal("1.50"),
        datetime(2026, 11, 30, tzinfo=UTC),
        UUID(int=1),
        {"$date": 1},
        2**53 + 1,
        [b"\xff", None],
    ]
    rows = libredb.table(db, "t", {"id": "str", "v": "any"})
    rows.insert_many({"id": str(index), "v": value} for index, value in enumerate(values))


def empty_of_other_types(db: Database) -> None:
    libredb.table(db, "t", {"id": "int"}).insert_many([])


def other_kvs(db: Database) -> None:
    libredb.kv(db, "session")["a"] = "1"
    libredb.kv(db, "flags", "json")["b"] = {"x": 2**60 + 1}


def bytes_in_kv(db: Database) -> None:
    libredb.kv(db, "default", "bytes").set_many({"a": b"\xff", "b": b"text"})


def expiring(db: Database) -> None:
    lens = libredb.kv(db)
    lens.set("a", "1", ttl=timedelta(days=1))
    lens["b"] = "2"


def owned(db: Database) -> None:
    libredb.documents(db, "d").insert({"id": "1", "a": 1})
    libredb.kv(db).set_many({"d:2": "x", "d": "y", "\0libredb:catalog:z": "w"})


def twice(db: Database) -> None:
    libredb.documents(db, "d").insert({"id": "1", "a": 1})
    db.set(b"d:1", b"raw")


def migrated(db: Database) -> None:
    def same(row: dict[str, Any]) -> dict[str, Any]:
        return row

    rows = libredb.table(db, "t", {"id": "str"}, migrations=[("2026-11 same", same)])
    rows.insert({"id": "1"})


TABLE = "columns other than str, float, bool and dict, found by one str"
DOUBLE = "a number that no double keeps"
NAME = "a name that TypeScript refuses: it has ':' in it, or begins with a zero byte"

Case = tuple[Callable[[Database], object], list[Unfit], dict[bytes, bytes | None]]

LOSSES: dict[str, Case] = {
    "numbers": (
        numbers,
        [Unfit("d", DOUBLE, 2)],
        dict(
            [
                collection("d"),
                entry("d:1", '{"n":{"$int":"9007199254740993"}}'),
                entry("d:2", '{"n":[{"$int":"1' + "0" * 400 + '"}]}'),
                entry("d:3", '{"n":9007199254740992}'),
            ]
        ),
    ),
    "ids that count": (
        counted,
        [Unfit("c", "an id that is no text", 2)],
        dict([collection("c"), entry("c:1", {"a": 1}), entry("c:2", {"a": 2})]),
    ),
    "indexes": (indexed, [Unfit("d", "an index", 2)], dict([collection("d")])),
    "names": (
        named,
        [Unfit("\0z", NAME, 1), Unfit("a:b", NAME, 1)],
        dict([collection("\0z"), collection("a:b"), entry("\0z:1", "{}"), entry("a:b:1", "{}")]),
    ),
    "types of columns": (
        typed,
        [Unfit("t", TABLE, 2)],
        dict(
            [
                collection("t"),
                entry("t:7", '{"n":7,"at":{"$date":"2026-11-30"},"of":null}'),
                entry("t:8", '{"n":8,"at":{"$date":"0001-01-01"},"of":{"$bytes":"/w=="}}'),
            ]
        ),
    ),
    "a column that may be None": (
        optional,
        [Unfit("t", TABLE, 1)],
        dict([collection("t"), entry("t:1", {"id": "1", "n": 1.5})]),
    ),
    "a lens of a later version": (
        of_a_later_lens,
        [Unfit("g", "a lens that is unknown here, and all that it keeps", 1)],
        {},
    ),
    "an infinity in a column": (
        infinite,
        [Unfit("t", DOUBLE, 2)],
        dict(
            [
                collection("t"),
                entry("t:1", '{"id":"1","n":{"$float":"inf"}}'),
                entry("t:2", '{"id":"2","n":1.5}'),
            ]
        ),
    ),
    "a key of two columns": (
        of_two_columns,
        [Unfit("t", TABLE, 1)],
        dict([collection("t"), entry('t:["x",1]', {"a": "x", "b": 1})]),
    ),
    "a column of anything": (
        of_anything,
        [Unfit("t", TABLE, 6)],
        dict(
            [
                collection("t"),
                entry("t:0", '{"id":"0","v":{"$decimal":"1.50"}}'),
                entry("t:1", '{"id":"1","v":{"$datetime":1795996800000000}}'),
                entry("t:2", '{"id":"2","v":{"$uuid":"00000000-0000-0000-0000-000000000001"}}'),
                entry("t:3", '{"id":"3","v":{"$object":{"$date":1}}}'),
                entry("t:4", '{"id":"4","v":{"$int":"9007199254740993"}}'),
                entry("t:5", '{"id":"5","v":[{"$bytes":"/w=="},null]}'),
            ]
        ),
    ),
    "a table without rows": (
        empty_of_other_types,
        [Unfit("t", TABLE, 1)],
        dict([collection("t")]),
    ),
    "other kvs": (
        other_kvs,
        [
            Unfit("flags", "a place in a kv; there is one, without a name", 1),
            Unfit("flags", "a value that is no text", 1),
            Unfit("session", "a place in a kv; there is one, without a name", 1),
        ],
        dict(
            [
                entry("flags:b", '{"x":{"$int":"1152921504606846977"}}'),
                entry("session:a", "1"),
            ]
        ),
    ),
    "bytes in a kv": (
        bytes_in_kv,
        [Unfit("default", "a value that is no text", 2)],
        dict([entry("a", '{"$bytes":"/w=="}'), entry("b", '{"$bytes":"dGV4dA=="}')]),
    ),
    "deadlines": (
        expiring,
        [Unfit("default", "a deadline", 1)],
        dict([entry("a", "1"), entry("b", "2")]),
    ),
    "keys that a collection owns": (
        owned,
        [Unfit("default", "a key that a collection or the catalog would take for its own", 2)],
        dict(
            [
                collection("d"),
                entry("d:1", {"a": 1}),
                entry("d:2", "x"),
                entry("d", "y"),
                entry("\0libredb:catalog:z", "w"),
            ]
        ),
    ),
    "a key of two entries": (
        twice,
        [Unfit("raw keys", "a key that another entry has", 1)],
        dict([collection("d"), entry("d:1", {"a": 1})]),
    ),
    "migrations": (
        migrated,
        [Unfit("t", "a migration behind it", 1)],
        dict([relation("t", "id", id="string"), entry("t:1", {"id": "1"})]),
    ),
}
