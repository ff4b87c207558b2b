"""Claim: random entries come back: written, upgraded, converted, they are the same entries.

The same bytes, but for two things that a database does not keep: the order of names in a row, which
is that of the columns, and an id that a document has in itself as well. Names, keys and values are
drawn so that they collide, and so that many of them do not fit where they seem to belong.
"""

from random import Random
from typing import Any

import pytest

from libredb.interop import convert, upgrade
from libredb.interop.typescript import javascript
from libredb.interop.typescript.log import read_log
from sim.world.filesystem import SimFileSystem
from tests.support.files import contents
from tests.unit.interop.typescript.old_files import (
    CATALOG,
    Pair,
    collection,
    entries_after,
    file_of,
    relation,
)

NAMES = ("a", "ab", "b", "\u00fc", "notes")
IDS = ("", "1", "2", "10", "x", "a:b", "\u00e9", ":", "\0", "y" * 600)
TEXTS = ("", "plain", "\ufeffmark", "{}", "[1]", "\U0001f600", '{"id":"1"}', '{"n":1e999}')
OTHERS = (b"\xff", b"\x80x", b"\xfe", b"\xfe\0", b"\xfeq", b"k", b"", b"\0", b"\0libredb:", b"a")


def value_of(random: Random, depth: int = 0) -> Any:
    """Return a random JSON value that JavaScript would write like this."""
    kinds: list[Any] = [None, True, False, 0, -7, 2**53 - 1, 1.5, 1e21, 5e-324, "", '\u2028"\\']
    if depth < 3 and random.random() < 0.4:
        if random.random() < 0.5:
            return [value_of(random, depth + 1) for _ in range(random.randrange(4))]
        names = random.sample(
            ["b", "a", "10", "2", "", "id", "__proto__", "01"], random.randrange(4)
        )
        return {name: value_of(random, depth + 1) for name in names}
    return random.choice(kinds)


def document_of(random: Random) -> str:
    value = value_of(random)
    if random.random() < 0.8 and not isinstance(value, dict):
        value = {"v": value}
    return javascript.write(value)


def row_of(random: Random, id_: str) -> str:
    row: dict[str, Any] = {"ok": random.random() < 0.5, "n": random.choice([0, 1.5, -2, 1e300])}
    row["id"] = id_ if random.random() < 0.8 else "other"
    if random.random() < 0.8:
        row["more"] = value_of(random)
    return javascript.write(row)


def pairs_of(random: Random) -> list[list[Pair]]:
    """Return random transactions on a random catalog."""
    tables = set(random.sample(NAMES, random.randrange(3)))
    transactions: list[list[Pair]] = [[]]
    for name in random.sample(NAMES, random.randrange(2, len(NAMES) + 1)):
        columns = {"id": "string", "n": "number", "ok": "boolean", "more": "object"}
        damaged = (CATALOG + name.encode(), random.choice([b"", b"{}", b'{"kind":"kv"}']))
        entry = relation(name, "id", **columns) if name in tables else collection(name)
        transactions[0].append(damaged if random.random() < 0.1 else entry)
    for _ in range(random.randrange(12)):
        pairs: list[Pair] = []
        for _ in range(random.randrange(5)):
            name, id_ = random.choice(NAMES), random.choice(IDS)
            text = row_of(random, id_) if name in tables else document_of(random)
            key, value = f"{name}:{id_}".encode(), text.encode()
            drawn = random.random()
            if drawn < 0.2:
                key = random.choice(OTHERS)
            if drawn < 0.3:
                value = random.choice([*(each.encode() for each in TEXTS), b"\xff", b"\xc3"])
            pairs.append((key, None if random.random() < 0.15 else value))
        transactions.append(pairs)
    return transactions


def meaning_of(key: bytes, value: bytes) -> Any:
    """Return an object without an own id that equals the one in its key; or else the bytes."""
    try:
        found = javascript.read(value.decode())
    except ValueError:
        return value
    if not isinstance(found, dict):
        return value
    inside: dict[str, Any] = dict(found)  # pyright: ignore[reportUnknownArgumentType] - any object
    if isinstance(inside.get("id"), str) and key.endswith(f":{inside['id']}".encode()):
        del inside["id"]
    return inside


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("start", range(0, 90, 30))
def test_random_entries_come_back(start: int, version: int) -> None:
    raw = fitting = same_bytes = 0
    for seed in range(start, start + 30):
        transactions = pairs_of(Random(seed))
        entries = entries_after(transactions)
        if version == 0 and not transactions[0]:
            transactions = [each for each in transactions if each]
        fs = SimFileSystem()
        fs.install("old", file_of(transactions, version))
        report = upgrade("old", "new", fs=fs)
        convert("new", "back", fs=fs, format=version)
        back = read_log(b"".join(contents(fs, "back"))).entries()
        try:
            assert back.keys() == entries.keys()
            for key, value in entries.items():
                assert meaning_of(key, back[key]) == meaning_of(key, value), key
        except AssertionError as error:
            error.add_note(f"seed {seed}, format {version}")
            raise
        raw += report.raw_entries
        fitting += sum(report.documents.values()) + sum(report.tables.values())
        same_bytes += back == entries
    assert raw > 50
    assert fitting > 30
    assert same_bytes > 5
