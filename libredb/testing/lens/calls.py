"""The calls of all lenses, by name: those that read, those that change, and those that are refused.

Each is possible where `filled` has just filled the lenses; what stands behind a comma in its name
says which of several it is. Absent on purpose: opening a lens, and moving it into a transaction.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from libredb.lens.errors import (
    ConflictError,
    DuplicateKeyError,
    InvalidValueError,
    MissingKeyError,
    UniqueViolationError,
)
from libredb.testing.lens.world import ADA, BO, Order, User, World

Call = Callable[[World], object]

SECOND = timedelta(seconds=1)
NAN: Any = float("nan")

DICTIONARY_READS: dict[str, Callable[[Any, Any], object]] = {
    "get": lambda it, a: it.get(a),
    "get_many": lambda it, a: it.get_many([a, a]),
    "__contains__": lambda it, a: a in it,
    "__bool__": lambda it, _: bool(it),
    "__len__": lambda it, _: len(it),
    "__iter__": lambda it, _: dict.fromkeys(it),
    "__reversed__": lambda it, _: dict.fromkeys(reversed(it)),
    "scan": lambda it, a: set(map(repr, it.scan(a))),
    "scan, a prefix": lambda it, a: set(map(repr, it.scan(prefix=a, reverse=True, limit=1))),
    "keys": lambda it, _: set(it.keys()),
    "items": lambda it, _: set(map(repr, it.items())),
    "values": lambda it, _: set(map(repr, it.values())),
    "__eq__": lambda it, _: it == {},
}

READS: dict[str, Call] = {
    **{
        f"kv.{name}": lambda world, call=call: call(world.settings, "a")
        for name, call in DICTIONARY_READS.items()
    },
    "kv.get_versioned": lambda world: world.settings.get_versioned("a"),
    "kv.check": lambda world: world.settings.check(),
    **{
        f"mapping.{name}": lambda world, call=call: call(world.raw, b"a")
        for name, call in DICTIONARY_READS.items()
    },
    "catalog.names": lambda world: world.catalog.names(),
    "catalog.to_json": lambda world: world.catalog.to_json(),
    "catalog.check": lambda world: world.catalog.check(),
    "documents.get": lambda world: world.notes.get("a"),
    "documents.get_many": lambda world: world.notes.get_many(["d", "a", "no"]),
    "documents.get_versioned": lambda world: world.notes.get_versioned("a"),
    "documents.__contains__": lambda world: "a" in world.notes,
    "documents.__len__": lambda world: len(world.notes),
    "documents.__bool__": lambda world: bool(world.notes),
    "documents.find": lambda world: list(world.notes.find()),
    "documents.find, by index": lambda world: list(
        world.notes.find({"level": "warn", "at": {"$gt": 3}}, order_by="-at")
    ),
    "documents.find, sorted": lambda world: list(world.notes.find({"at": 7}, order_by="-mail")),
    "documents.find, a page": lambda world: world.notes.find(order_by="at", limit=2).page(),
    "documents.find, first": lambda world: world.notes.find({"tags": {"$contains": "io"}}).first(),
    "documents.find, count": lambda world: world.notes.find({"mail": "a@x"}).count(),
    "documents.find, explain": lambda world: world.notes.find({"level": "warn"}).explain(),
    "documents.find_one": lambda world: world.notes.find_one({"level": "warn"}),
    "documents.first": lambda world: world.notes.first({"level": "warn"}),
    "documents.count": lambda world: world.notes.count({"level": "warn"}),
    "documents.distinct": lambda world: world.notes.distinct("level"),
    "documents.group_by": lambda world: world.notes.group_by("level").count(),
    "documents.indexes": lambda world: world.notes.indexes(),
    "documents.check": lambda world: world.notes.check(),
    "table.get": lambda world: world.users.get("1"),
    "table.get_versioned": lambda world: world.users.get_versioned("1"),
    "table.get_many": lambda world: world.users.get_many(["3", "9", "1"]),
    "table.__contains__": lambda world: "1" in world.users,
    "table.__len__": lambda world: len(world.users),
    "table.__iter__": lambda world: [*iter(world.users)],
    "table.count": lambda world: world.users.count(),
    "table.all": lambda world: world.users.all().page(),
    "table.where": lambda world: [*world.users.where(lambda user: user.age == 36)],
    "table.find": lambda world: world.users.find(mail="ada@x").first(),
    "table.select": lambda world: [*world.users.select(lambda user: user.name)],
    "table.order_by": lambda world: [*world.users.order_by("age", reverse=True).limit(2)],
    "table.explain": lambda world: world.users.explain(),
    "table.join": lambda world: [*world.users.join(world.orders, "id", "user")],
    "table.join, count": lambda world: world.users.join(world.orders, "id", "user").count(),
    "table.left_join": lambda world: world.users.left_join(world.orders, "id", "user").first(),
    "table.group_by": lambda world: world.orders.group_by("user").sum("total"),
    "table.indexes": lambda world: world.users.indexes(),
    "table.check": lambda world: world.users.check(),
}
"""Calls that change nothing; they are possible as well where there is nothing yet."""

READS_OF_SOMETHING: dict[str, Call] = {
    "kv.__getitem__": lambda world: world.settings["a"],
    "mapping.__getitem__": lambda world: world.raw[b"a"],
    "catalog.describe": lambda world: world.catalog.describe("notes"),
    "documents.one": lambda world: world.notes.one({"mail": "a@x"}),
    "table.where, one": lambda world: world.users.where(lambda user: user.name == "Bo").one(),
    "documents.create_index, one that is there": lambda world: world.notes.create_index(
        "level", "at"
    ),
}
"""Calls that change nothing, and raise where there is nothing."""

DICTIONARY_CHANGES: dict[str, Callable[[Any, Any, Any], object]] = {
    "__setitem__": lambda it, a, value: it.__setitem__(a, value),
    "__delitem__": lambda it, a, _: it.__delitem__(a),
    "delete": lambda it, a, _: it.delete(a),
    "pop": lambda it, a, _: it.pop(a),
    "popitem": lambda it, _, __: it.popitem(),
    "setdefault": lambda it, a, value: it.setdefault(a + a, value),
    "update": lambda it, a, value: it.update({a: value, a + a: value}),
    "clear": lambda it, _, __: it.clear(),
    "delete_range": lambda it, a, _: it.delete_range(prefix=a),
}

CHANGES: dict[str, Call] = {
    **{
        f"kv.{name}": lambda world, call=call: call(world.settings, "a", 5)
        for name, call in DICTIONARY_CHANGES.items()
    },
    "kv.set": lambda world: world.settings.set("a", 2, ttl=SECOND),
    "kv.set_many": lambda world: world.settings.set_many({"a": 2, "new": 3}),
    "kv.put_if": lambda world: world.settings.put_if("new", 1, 0),
    "kv.incr": lambda world: world.settings.incr("a"),
    "kv.purge_expired": lambda world: world.settings.purge_expired(),
    **{
        f"mapping.{name}": lambda world, call=call: call(world.raw, b"a", b"5")
        for name, call in DICTIONARY_CHANGES.items()
    },
    "catalog.rename": lambda world: world.catalog.rename("notes", "other"),
    "catalog.drop": lambda world: world.catalog.drop("users"),
    "documents.insert": lambda world: world.notes.insert({"level": "new"}),
    "documents.insert_many": lambda world: world.notes.insert_many([{"id": "x"}, {"at": 1}]),
    "documents.put": lambda world: world.notes.put({"id": "a", "tags": ["new"]}),
    "documents.put_many": lambda world: world.notes.put_many([{"id": "a"}, {"id": "x", "at": 1}]),
    "documents.update": lambda world: world.notes.update("a", {"$push": {"tags": "new"}}),
    "documents.update_many": lambda world: world.notes.update_many({}, {"$inc": {"at": 1}}),
    "documents.upsert": lambda world: world.notes.upsert({"level": "info"}, {"at": 0}),
    "documents.upsert, a new one": lambda world: world.notes.upsert({"level": "new"}, {"at": 0}),
    "documents.delete": lambda world: world.notes.delete("a"),
    "documents.delete_many": lambda world: world.notes.delete_many(["a", "d", "no"]),
    "documents.delete_where": lambda world: world.notes.delete_where({"level": "warn"}),
    "documents.clear": lambda world: world.notes.clear(),
    "documents.drop_index": lambda world: world.notes.drop_index("tags"),
    "table.insert": lambda world: world.users.insert(User("5", "Ed", 1)),
    "table.insert_many": lambda world: world.users.insert_many([User("5", "Ed", 1, "e@x")]),
    "table.put": lambda world: world.users.put(User("1", "Ed", 1)),
    "table.upsert": lambda world: world.users.upsert(User("2", "Ed", 1, "e@x")),
    "table.update": lambda world: world.users.update("1", age=1, mail=None),
    "table.update_where": lambda world: world.users.update_where(lambda user: user.age > 9, age=9),
    "table.delete": lambda world: world.users.delete("1"),
    "table.delete_where": lambda world: world.users.delete_where(lambda user: user.age > 9),
    "table.clear": lambda world: world.orders.clear(),
    "table.drop_index": lambda world: world.users.drop_index("age,name"),
}
"""Calls that change something, each in one transaction."""

CHANGES_AFTER_A_LOOK: dict[str, Call] = {
    "documents.create_index": lambda world: world.notes.create_index("at"),
}
"""Calls that read first whether there is anything to change."""

REFUSED: dict[str, tuple[type[Exception], Call]] = {
    "kv.update": (InvalidValueError, lambda w: w.settings.update({"a": 9, "new": NAN})),
    "kv.incr": (InvalidValueError, lambda w: w.settings.incr("b")),
    "kv.pop": (MissingKeyError, lambda w: w.settings.pop("new")),
    "mapping.update": (TypeError, lambda w: w.raw.update({b"a": b"9", b"b": NAN})),
    "mapping.__delitem__": (MissingKeyError, lambda w: w.raw.__delitem__(b"new")),
    "catalog.rename": (DuplicateKeyError, lambda w: w.catalog.rename("notes", "users")),
    "catalog.drop": (MissingKeyError, lambda w: w.catalog.drop("new")),
    "documents.insert_many": (
        DuplicateKeyError,
        lambda w: w.notes.insert_many([{"id": "x", "tags": ["new"]}, {"id": "b"}]),
    ),
    "documents.insert_many, unique": (
        UniqueViolationError,
        lambda w: w.notes.insert_many([{"id": "x", "mail": "x@x"}, {"id": "y", "mail": "a@x"}]),
    ),
    "documents.put_many": (
        UniqueViolationError,
        lambda w: w.notes.put_many([{"id": "a"}, {"id": "b", "mail": "x"}, {"mail": "x"}]),
    ),
    "documents.put": (ConflictError, lambda w: w.notes.put({"id": "a"}, if_version=1)),
    "documents.delete": (ConflictError, lambda w: w.notes.delete("a", if_version=1)),
    "documents.update": (InvalidValueError, lambda w: w.notes.update("a", {"$inc": {"tags": 1}})),
    "documents.update_many": (
        InvalidValueError,
        lambda w: w.notes.update_many({}, {"$push": {"mail": "x"}}),
    ),
    "documents.update_many, unique": (
        UniqueViolationError,
        lambda w: w.notes.update_many({}, {"mail": "all@x"}),
    ),
    "documents.upsert": (
        UniqueViolationError,
        lambda w: w.notes.upsert({"mail": "a@x", "at": 1}, {}),
    ),
    "documents.create_index": (
        UniqueViolationError,
        lambda w: w.notes.create_index("level", unique=True),
    ),
    "documents.drop_index": (MissingKeyError, lambda w: w.notes.drop_index("new")),
    "table.insert_many": (
        DuplicateKeyError,
        lambda w: w.users.insert_many([User("5", "Ed", 1), BO]),
    ),
    "table.insert_many, unique": (
        UniqueViolationError,
        lambda w: w.users.insert_many([User("5", "Ed", 1), User("6", "Fy", 1, ADA.mail)]),
    ),
    "table.insert_many, a wrong row": (
        InvalidValueError,
        lambda w: w.orders.insert_many([Order(70, None, 1), Order(71, None, NAN)]),
    ),
    "table.put": (UniqueViolationError, lambda w: w.users.put(User("2", "Bo", 1, ADA.mail))),
    "table.update": (UniqueViolationError, lambda w: w.users.update("2", mail=ADA.mail)),
    "table.update_where": (
        UniqueViolationError,
        lambda w: w.users.update_where(lambda user: user.age > 0, mail="all@x"),
    ),
    "table.drop_index": (MissingKeyError, lambda w: w.users.drop_index("new")),
}
"""Calls that raise; most of them have written something by then."""
