"""Keys and values are bytes, copied; everything else is refused before anything is written."""

import array
from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import Database, FileSystem, Transaction, UsageError
from tests.support.work import keys

BYTES = [b"", b"\0", b"\xff", bytes(511), bytes(512), bytes(4096), b"\1\0\0\0\1k" * 50, b"LRDB\0\2"]


def test_any_bytes_are_keys_and_values(fs: FileSystem, db_path: str) -> None:
    expected = {key: value for value in BYTES for key in BYTES}

    def fill(tx: Transaction) -> None:
        for key, value in expected.items():
            tx.set(key, value)

    with libredb.open(db_path, fs=fs) as db:
        db.transact(fill)
        assert dict(db.scan()) == expected
    with libredb.open(db_path, fs=fs) as db:
        assert dict(db.scan()) == expected


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_is_bytes_like_is_a_key_a_value_and_a_bound(
    db: Database, kind: Callable[[bytes], bytes]
) -> None:
    db.transact(lambda tx: tx.set(kind(b"key"), kind(b"value")))
    assert db.get(kind(b"key")) == b"value"
    assert list(db.scan(kind(b"a"), kind(b"z"))) == [(b"key", b"value")]
    assert all(type(data) is bytes for entry in db.scan() for data in entry)
    assert db.transact(lambda tx: tx.delete(kind(b"key")))


def test_a_view_of_other_items_or_steps_is_stored_as_its_bytes(db: Database) -> None:
    numbers = array.array("H", [1, 2, 3])
    with db.transaction() as tx:
        tx.set(b"numbers", memoryview(numbers))
        tx.set(b"steps", memoryview(b"abcdef")[::2])
    assert db.get(b"numbers") == numbers.tobytes()
    assert db.get(b"steps") == b"ace"


def test_buffers_are_copied_when_they_are_handed_over(db: Database) -> None:
    key, value = bytearray(b"key"), bytearray(b"value")
    with db.transaction() as tx:
        tx.set(key, memoryview(value))
        key[:] = value[:] = b"other"
        assert tx.get(b"key") == b"value"
    assert list(db.scan()) == [(b"key", b"value")]


CALLS: dict[str, Callable[[Transaction, Any], object]] = {
    "get": lambda tx, wrong: tx.get(wrong),
    "set a key": lambda tx, wrong: tx.set(wrong, b""),
    "set a value": lambda tx, wrong: tx.set(b"k", wrong),
    "delete": lambda tx, wrong: tx.delete(wrong),
    "scan from": lambda tx, wrong: tx.scan(wrong),
    "scan to": lambda tx, wrong: tx.scan(b"", wrong),
}


@pytest.mark.parametrize("wrong", ["text", 7, 1.5, [1], (b"k",), object()])
@pytest.mark.parametrize("call", CALLS)
def test_anything_else_is_refused_before_anything_is_written(call: str, wrong: object) -> None:
    db = libredb.open()
    with pytest.raises(UsageError, match=rf"not {type(wrong).__name__}") as caught:
        db.transact(lambda tx: (tx.set(b"first", b""), CALLS[call](tx, wrong)))
    assert isinstance(caught.value, TypeError)
    assert (db.version, keys(db)) == (0, [])


@pytest.mark.parametrize("call", [name for name in CALLS if name != "scan to"])
def test_none_is_neither_a_key_nor_a_value(call: str) -> None:
    db = libredb.open()
    with pytest.raises(TypeError):
        db.transact(lambda tx: CALLS[call](tx, None))


def test_a_refused_value_leaves_the_rest_of_the_transaction(db: Database) -> None:
    with db.transaction() as tx:
        tx.set(b"before", b"")
        with pytest.raises(TypeError):
            CALLS["set a value"](tx, "text")
        tx.set(b"after", b"")
    assert keys(db) == [b"after", b"before"]


def test_the_hint_for_text_is_to_encode_it() -> None:
    with pytest.raises(UsageError, match=r"key must be bytes.*not str; .*\.encode\(\)"):
        libredb.open().get("text")  # pyright: ignore[reportArgumentType] - that is the point
