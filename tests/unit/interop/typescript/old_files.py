"""Files of formats 0 and 1, written from their description: nothing here is of libredb.

A transaction is a list of pairs; None in the place of a value deletes the key.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

Pair = tuple[bytes, bytes | None]
Transactions = Sequence[Sequence[Pair]]

HEADER = b"LRDB\0\1\0\0"
CATALOG = b"\0libredb:catalog:"


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def payload_of(pairs: Iterable[Pair]) -> bytes:
    payload = b""
    for key, value in pairs:
        payload += (b"\0" if value is None else b"\1") + u32(len(key)) + key
        payload += b"" if value is None else u32(len(value)) + value
    return payload


def record_of(payload: bytes, version: int) -> bytes:
    length = u32(len(payload))
    own_check = u32(crc32(length)) if version else b""
    return length + own_check + u32(crc32(payload)) + payload


def records_of(transactions: Transactions, version: int) -> list[bytes]:
    return [record_of(payload_of(pairs), version) for pairs in transactions]


def file_of(transactions: Transactions, version: int) -> bytes:
    return (HEADER if version else b"") + b"".join(records_of(transactions, version))


def entries_after(transactions: Transactions) -> dict[bytes, bytes]:
    """Return what is live after these transactions, ascending by key."""
    live: dict[bytes, bytes] = {}
    for pairs in transactions:
        for key, value in pairs:
            if value is None:
                live.pop(key, None)
            else:
                live[key] = value
    return dict(sorted(live.items()))


def compact_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def collection(name: str) -> Pair:
    """Return the catalog entry of a collection of documents."""
    return CATALOG + name.encode(), b'{"kind":"document"}'


def relation(name: str, key: str, **columns: str) -> Pair:
    """Return the catalog entry of a relational table."""
    schema = {"primaryKey": key, "columns": columns}
    return CATALOG + name.encode(), compact_json({"kind": "relational", "schema": schema})


def entry(key: str, value: Any) -> Pair:
    """Return the entry of a document or row, or of a kv if the value is a text."""
    return key.encode(), value.encode() if isinstance(value, str) else compact_json(value)


SMALL: Transactions = [
    [(b"k1", b"one")],
    [(b"k2", b""), (b"\0\xff", b"\x80")],
    [(b"k1", None), (b"", b"empty key")],
    [(b"k3", b"three")],
]

MIX: Transactions = [
    [collection("notes"), entry("notes:1", {"b": 1, "a": [True, None, 2.5], "o": {"z": {}}})],
    [entry("notes:a:b", {"text": "\u00fcn\u00ef \U0001f600"}), entry("theme", "dark")],
    [collection("notes2"), entry("notes2:1", {}), entry("gone", "soon")],
    [relation("users", "id", id="string", age="number", ok="boolean", more="object")],
    [entry("users:u1", {"id": "u1", "age": 36, "ok": True, "more": {"tags": ["x"]}})],
    [entry("users:u2", {"id": "u2", "age": -1.5, "ok": False, "more": {}})],
    [relation("empty", "k", k="string"), (b"gone", None), entry("user:1", "Ada")],
    [(b"\xff\0", b"raw"), entry("mark", "\ufeffkept")],
]
"""Some of each lens, and what none of them has."""
