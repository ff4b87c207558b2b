"""Claim: what is read back is compared before anything is put in place, and after it was written.

Each test lets one part lie, as a mistake in it, or a disk, would.
"""

from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import LensError, StorageError
from libredb.interop import convert, upgrade
from libredb.interop.typescript import convert as converting
from libredb.interop.typescript import upgrade as upgrading
from libredb.interop.typescript.log import write_log
from libredb.interop.typescript.outgoing import Outgoing, outgoing
from sim.world.filesystem import SimFileSystem
from tests.support.files import contents
from tests.unit.interop.typescript.old_files import MIX, collection, entry, file_of


def with_old() -> SimFileSystem:
    fs = SimFileSystem()
    fs.install("old", file_of([*MIX, [collection("d"), entry("d:1", {"id": "1", "n": 1})]], 1))
    return fs


LIES: dict[str, tuple[bytes, bytes | None]] = {
    "lost": (b"theme", None),
    "added": (b"more", b"1"),
    "changed": (b"theme", b"light"),
    "another value": (b"notes:1", b'{"b":true}'),
    "no object": (b"notes:1", b"[1]"),
    "beside an id": (b"d:1", b'{"n":2}'),
    "a row": (b"users:u1", b"{}"),
}


@pytest.mark.parametrize("story", LIES)
def test_an_upgrade_that_would_change_something_is_refused_before_it_is_in_place(
    story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, value = LIES[story]

    def lying(*arguments: Any) -> Outgoing:
        found = outgoing(*arguments)
        found.entries.pop(key, None)
        if value is not None:
            found.entries[key] = value
        return found

    fs = with_old()
    with monkeypatch.context() as patch:
        patch.setattr(upgrading, "outgoing", lying)
        with pytest.raises(LensError, match=r"for 1 keys, .*report this"):
            upgrade("old", "new", fs=fs)
    assert contents(fs, "new") == []
    upgrade("old", "new", fs=fs)


def test_a_conversion_that_would_change_something_is_refused_before_it_is_in_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lying(transactions: Any, format_version: int) -> bytes:
        return write_log([*transactions, [(b"theme", b"light")]], format_version)

    fs = with_old()
    upgrade("old", "new", fs=fs)
    with monkeypatch.context() as patch:
        patch.setattr(converting, "write_log", lying)
        with pytest.raises(LensError, match="something else; nothing was put in place"):
            convert("new", "back", fs=fs)
    assert contents(fs, "back") == []


def test_a_disk_that_returns_something_else_is_noticed_before_the_file_is_in_place() -> None:
    fs = with_old()
    upgrade("old", "new", fs=fs)

    def lying(name: str, where: str, effect: Callable[..., Any], arguments: Any, /) -> Any:
        data = effect(*arguments)
        return data[:-1] + b"!" if (name, where) == ("read", "back.next") else data

    fs.hook = lying
    with pytest.raises(StorageError, match="something else than was written"):
        convert("new", "back", fs=fs)
    fs.hook = None
    assert contents(fs, "back") == []


def test_a_source_of_two_files_is_none_of_typescript() -> None:
    fs = SimFileSystem("slots")
    fs.install("old", b"one", slot=0)
    fs.install("old", b"two", slot=1)
    with pytest.raises(StorageError, match="two files behind 'old'"):
        upgrade("old", "new", fs=fs)


def test_a_collection_that_is_called_as_the_table_of_raw_keys_is_in_its_way() -> None:
    pairs = [collection("raw:FE"), entry("raw:FE:1", {})]
    fs = SimFileSystem()
    fs.install("old", file_of([pairs], 0))
    upgrade("old", "new", fs=fs)
    with libredb.open("new", fs=fs, mode="r") as db:
        assert libredb.documents(db, "raw:FE").count() == 1
    fs.install("more", file_of([[*pairs, (b"\xfe", b"")]], 0))
    with pytest.raises(libredb.UsageError, match="rename it in TypeScript"):
        upgrade("more", "other", fs=fs)
    with pytest.raises(libredb.UsageError, match="call the kv something else"):
        upgrade("old", "other", fs=fs, kv="raw:FE")
    assert contents(fs, "other") == []
