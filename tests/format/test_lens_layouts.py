"""Claim: docs/key-layouts.md says what lenses write, so that who knows the page alone can read it.

The second reader was made from the page, and imports nothing of libredb. It is held against the
lenses on the small database of the page, and on random ones.
"""

import ast
import inspect
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

import libredb
from libredb.lens.keys.encoding import pack
from libredb.lens.keys.order_key import order_key
from tests.support import lens_dump, lens_reader
from tests.support.lens_reader import Bytes, LensReader, read_order_key, read_tuple

DOCUMENT = Path(__file__).parents[2] / "docs" / "key-layouts.md"
SEEDS = range(8)

SMALL = [0, 1, -1, 255, 256, -255, -256, 2**53 + 1, -(2**53) - 1]
INTS = [*SMALL, 2**64 - 1, 1 - 2**64, 2**64, 10**400, -(10**400), 256**255 - 1, 1 - 256**255]
FLOATS = [0.0, -0.0, 1.5, -1e308, 5e-324, 1e308]
TEXTS = ["", "a", "a\0b", "\1\2\0\1", "caf\xe9", "\uffff"]
DECIMALS = [*map(Decimal, ["0", "-0", "1.50", "-1.5", "1E+9", "-2E-9", "100", "Infinity"])]


@pytest.mark.cpython(reason="reads the documentation")
def test_the_page_shows_the_keys_of_a_real_database() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count(lens_dump.BEGIN) == text.count(lens_dump.END) == 1
    shown = text[text.index(lens_dump.BEGIN) : text.index(lens_dump.END) + len(lens_dump.END)]
    assert shown + "\n" == lens_dump.markdown()


def test_the_database_of_the_page_is_the_same_every_time() -> None:
    assert lens_dump.sample() == lens_dump.sample()


@pytest.mark.cpython(reason="reads a source")
def test_the_second_reader_shares_nothing_with_the_library() -> None:
    module = ast.parse(inspect.getsource(lens_reader))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(module)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert imported & {"libredb", "tests", "sim"} == set()


def test_the_second_reader_reads_what_was_written() -> None:
    found = LensReader(lens_dump.sample())
    assert found.raw == {b"apple": b"red"}
    notes, people = found.namespaces["notes"], found.namespaces["people"]
    assert notes.rows == {
        "a1": {"level": "warn", "at": 7, "tags": ["io", "disk"]},
        "a2": {"level": "info", "at": 2**64},
    }
    assert notes.entries == {
        "level,at": [(["info", 2**64], "a2"), (["warn", 7], "a1")],
        "tags": [(["disk"], "a1"), (["io"], "a1")],
    }
    assert people.rows == {1: {"mail": "ada@example.org"}, 2: {"mail": None}}
    assert people.entries == {"mail": [([None], 2), (["ada@example.org"], 1)]}
    assert people.count == 2
    users = found.namespaces["users"]
    assert users.rows == {"u1": {"born": "1815-12-10", "credit": "-1.50", "mail": None}}
    assert users.entries == {
        "born": [([date(1815, 12, 10).toordinal()], "u1")],
        "credit": [([Decimal("-1.5")], "u1")],
    }
    assert found.migrations == [(4, "2026-11 start")]
    texts = found.namespaces["settings"].texts
    assert {name: text.value for name, text in texts.items()} == {
        "guest": "x1",
        "lang": "en",
        "theme": {"dark": True},
    }
    assert found.imports[1]["format"] == "jsonl"
    assert found.imports[1]["inserted"] == 1
    assert found.namespaces["settings"].deadlines == [(texts["guest"].deadline, "guest")]


# Random values


def scalars() -> list[Any]:
    return [None, False, True, *INTS, *FLOATS, *TEXTS]


def a_value(chance: random.Random, depth: int = 0) -> Any:
    """Return a random JSON value."""
    if depth > 3 or chance.random() < 0.7:
        return chance.choice(scalars())
    if chance.random() < 0.5:
        return [a_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    names = chance.sample(["a", "b", "c\0", "\xe9"], chance.randrange(4))
    return {name: a_value(chance, depth + 1) for name in names}


def a_part(chance: random.Random, depth: int = 0) -> Any:
    """Return a random value of a tuple."""
    if depth < 3 and chance.random() < 0.3:
        return tuple(a_part(chance, depth + 1) for _ in range(chance.randrange(4)))
    uuid = UUID(int=chance.getrandbits(128))
    return chance.choice([*scalars(), b"", b"a\0\0b", b"\xff", uuid])


def is_same(found: Any, given: Any) -> bool:
    """Whether two values are equal as order keys see it: 1 is 1.0, and True is not 1."""
    kinds: set[type] = {type(found), type(given)}
    if kinds == {list}:
        return len(found) == len(given) and all(map(is_same, found, given))
    if kinds == {dict}:
        return found.keys() == given.keys() and all(is_same(found[n], given[n]) for n in given)
    return found == given and (bool not in kinds or kinds == {bool})


def repeated(make: Callable[[random.Random], Any]) -> Iterator[tuple[int, Any]]:
    """Yield random values, and the seed of each."""
    for seed in range(300):
        yield seed, make(random.Random(seed))


def test_the_second_reader_reads_every_order_key() -> None:
    values = [(0, each) for each in [*DECIMALS, -Decimal("Infinity"), b"", b"\0\1", inf, -inf]]
    for seed, value in [*repeated(a_value), *values]:
        data = Bytes(order_key(value) + b"\xff")
        assert is_same(read_order_key(data), value), (seed, value)
        assert data.rest() == b"\xff", (seed, value)


def test_the_second_reader_reads_every_tuple() -> None:
    for seed, part in repeated(a_part):
        found = read_tuple(pack((part, 1)))
        assert repr(found) == repr([part, 1]), seed


# Random databases


@pytest.mark.parametrize("seed", SEEDS)
def test_the_second_reader_reads_any_documents_and_their_indexes(seed: int) -> None:
    chance = random.Random(seed)
    with libredb.open() as db:
        notes = libredb.documents(db, "notes")
        for number in range(40):
            fields = chance.sample(["a", "b", "list", "text"], chance.randrange(5))
            document = {name: a_value(chance) for name in fields}
            notes.put({"id": f"{chance.randrange(20)}\0{number % 3}", **document})
        notes.create_index("a", "b")
        notes.create_index("a", "list", each=True)
        notes.create_index("text", words=True)
        notes.put({"id": "w", "text": "One two, ONE_three; \xc9t\xe9", "list": ["x", "x", 1, 1.0]})
        for id in ["0\0" + "0", "1\0" + "1"]:  # noqa: A001 - as documents call it
            notes.delete(id)
        found = LensReader(db.scan()).namespaces["notes"]
        documents = {note.pop("id"): note for note in notes.find()}
        versions = {id: notes.get_versioned(id)[1] for id in documents}  # noqa: A001 - as above

    assert repr(found.rows) == repr(documents)
    assert found.versions == versions
    plain = {id: values for values, id in found.entries["a,b"]}  # noqa: A001 - as above
    assert len(found.entries["a,b"]) == len(documents)
    for id, note in documents.items():  # noqa: A001 - as above
        wanted = [note.get("a", "missing"), note.get("b", "missing")]
        assert is_same(plain[id], wanted), (seed, id)
    elements = [values[1] for values, id in found.entries["a,list"] if id == "w"]  # noqa: A001 - as above
    assert elements == [1, "x"]
    words = [values[0] for values, id in found.entries["text"] if id == "w"]  # noqa: A001 - as above
    assert words == ["one", "three", "two", "\xe9t\xe9"]


@pytest.mark.parametrize("values", ["str", "bytes", "json"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_second_reader_reads_any_kv(seed: int, values: Any) -> None:
    chance = random.Random(seed)
    make: dict[str, Callable[[], Any]] = {
        "str": lambda: chance.choice(TEXTS),
        "bytes": lambda: chance.randbytes(chance.randrange(5)),
        "json": lambda: a_value(chance),
    }
    with libredb.open() as db:
        kv = cast(Any, libredb.kv)(db, "k", values, clock=lambda: 0)
        with db.transaction() as tx:
            kv.on(tx)["deleted"] = make[values]()
            kv.on(tx)["deleted"] = make[values]()
            del kv.on(tx)["deleted"]
        for number in range(30):
            ttl = timedelta(seconds=number) if chance.random() < 0.5 and number else None
            kv.set(chance.choice(TEXTS), make[values](), ttl=ttl)
        found = LensReader(db.scan()).namespaces["k"]
        expected = {name: (value, kv.get_versioned(name)[1]) for name, value in kv.items()}
    assert repr({name: (text.value, text.version) for name, text in found.texts.items()}) == repr(
        expected
    )
    deadlines = [(text.deadline, name) for name, text in found.texts.items()]
    assert found.deadlines == sorted(each for each in deadlines if each[0] is not None)
    assert found.mark == (1 << 16) + 1


ROW = {
    "year": 2026,
    "day": date(2026, 11, 30),
    "at": datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC),
    "data": b"\0\xff",
    "uuid": UUID(int=1),
    "ratio": inf,
    "sum": Decimal("1.50"),
    "some": {"b": [1]},
    "any": {"when": date(2026, 11, 30), "tag": {"$bytes": 1}},
    "none": None,
}
TYPES = ["int", "date", "datetime", "bytes", "uuid", "float", "decimal", "dict", "any", "str?"]


def test_the_second_reader_reads_every_type_of_a_table() -> None:
    columns = dict(zip(ROW, TYPES, strict=True))
    with libredb.open() as db:
        index = [[name] for name in columns]
        table = libredb.table(db, "t", columns, key=["year", "day", "uuid"], index=index)
        table.insert(ROW)
        table.update((2026, ROW["day"], ROW["uuid"]), ratio=-inf)
        assert table.check() == []
        found = LensReader(db.scan()).namespaces["t"]
    key = (2026, date(2026, 11, 30).toordinal(), UUID(int=1).bytes)
    stored = {
        "at": 1_000_005,
        "data": "AP8=",
        "ratio": "-inf",
        "sum": "1.50",
        "some": {"b": [1]},
        "any": {"when": {"$date": "2026-11-30"}, "tag": {"$object": {"$bytes": 1}}},
        "none": None,
    }
    assert found.rows == {key: stored}
    plain = dict(zip(["year", "day", "uuid"], key, strict=True)) | stored
    plain |= {"data": b"\0\xff", "ratio": -inf, "sum": Decimal("1.5")}
    assert found.entries == {name: [([value], key)] for name, value in plain.items()}


def test_the_second_reader_sees_what_was_renamed_and_dropped() -> None:
    with libredb.open() as db:
        for name in ("a", "b", "c"):
            libredb.kv(db, name)["k"] = name
        libredb.catalog(db).rename("a", "z")
        libredb.catalog(db).drop("b")
        libredb.kv(db, "b")["k"] = "again"
        found = LensReader(db.scan())
    assert {name: kept.record["prefix"] for name, kept in found.namespaces.items()} == {
        "z": 1,
        "c": 3,
        "b": 4,
    }
    assert found.namespaces["z"].texts["k"].value == "a"
