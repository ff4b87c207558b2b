"""Claim: a database is backed up, compacted and replaced by messages, or stays what it was."""

import errno
from typing import Any

import pytest

import libredb
from libredb.remote import Functions, Host, Server
from sim.world.filesystem import SimFileSystem
from tests.remote.asking import PATH, Asker, RefusedError, memory_host
from tests.remote.test_lenses import refused


def server_and_fs() -> tuple[Server, SimFileSystem]:
    fs = SimFileSystem(style="slots")
    return Server(memory_host(fs), Functions()), fs


def backup(ask: Asker) -> list[bytes]:
    """Return the pieces of a backup."""
    pieces: list[bytes] = []
    while True:
        piece = ask("backup", piece=len(pieces))
        if not piece["more"]:
            return pieces
        pieces.append(piece["bytes"])


def restore(ask: Asker, pieces: list[bytes]) -> None:
    """Put pieces in the place of the database."""
    for number, piece in enumerate(pieces):
        ask("restore", piece=number, bytes=piece, last=number == len(pieces) - 1)


def test_a_backup_is_of_its_first_piece_and_restores_what_was_there() -> None:
    server, _ = server_and_fs()
    ask, other = Asker(server), Asker(server, "c2")
    ask("set", key=b"a", value=bytes(3 << 20))
    ask("documents.insert", namespace="notes", document={"id": "1"})
    first = ask("backup", piece=0)
    other("set", key=b"later", value=b"")
    pieces, number = [first["bytes"]], 1
    while (piece := ask("backup", piece=number))["more"]:
        pieces.append(piece["bytes"])
        number += 1
    assert len(pieces) > 2
    with_later = backup(other)
    restore(other, pieces)
    assert [key for key, _ in other("scan", end=b"\xfe")["entries"]] == [b"a"]
    assert other("documents.has", namespace="notes", id="1")
    restore(ask, [b"".join(with_later)])
    assert ask("has", key=b"later")


def test_pieces_out_of_order_are_refused_and_a_backup_begins_again() -> None:
    ask = Asker(server_and_fs()[0])
    ask("set", key=b"a", value=b"1")
    assert refused(ask, "backup", piece=1).code == "usage_value"
    ask("backup", piece=0)
    assert "is 1, not 2" in refused(ask, "backup", piece=2).message
    assert refused(ask, "backup", piece=1).code == "usage_value", "it has ended"
    image = b"".join(backup(ask))
    for wrong in (1, 2, -1):
        told = refused(ask, "restore", piece=wrong, bytes=image, last=True)
        assert told.code == "usage_value"
    ask("restore", piece=0, bytes=image[:100], last=False)
    assert refused(ask, "restore", piece=2, bytes=image[100:], last=True).code == "usage_value"
    assert ask("get", key=b"a") == b"1"


@pytest.mark.parametrize("cut", [0, 1, 100, 8192, -1])
def test_a_damaged_backup_changes_nothing_and_the_server_lives_on(cut: int) -> None:
    ask = Asker(server_and_fs()[0])
    ask("set", key=b"a", value=b"1")
    image = b"".join(backup(ask))
    ask("set", key=b"a", value=b"2")
    with pytest.raises(RefusedError) as told:
        restore(ask, [image[:cut]])
    assert told.value.code in {"not_a_database", "corrupt", "incomplete_read"}
    assert ask("get", key=b"a") == b"2"
    ask("set", key=b"a", value=b"3")


def test_a_compaction_ends_a_backup_where_it_empties_the_old_file() -> None:
    ask = Asker(server_and_fs()[0])
    ask("set", key=b"a", value=bytes(3 << 20))
    ask("backup", piece=0)
    report = ask("compact")
    assert report["entries"] == 1
    assert refused(ask, "backup", piece=1).code == "usage"
    assert len(b"".join(backup(ask))) > 3 << 20


def test_the_tables_of_a_restored_database_are_read_anew() -> None:
    server, fs = server_and_fs()
    ask = Asker(server)
    other = SimFileSystem()
    with libredb.open(PATH, fs=other) as db:
        libredb.table(db, "t", {"id": "int", "b": "str"}).insert({"id": 1, "b": "x"})
        image = b"".join(db.backup())
    ask("connect", schema={"t": {"columns": {"id": "str", "a": "str"}}})
    ask("table.insert", namespace="t", row={"id": "1", "a": "x"})
    restore(ask, [image])
    assert ask("table.get", namespace="t", key=1) == {"id": 1, "b": "x"}
    server.close()
    with libredb.open(PATH, fs=fs) as db:
        assert libredb.table(db, "t", {"id": "int", "b": "str"}).count() == 1


def test_a_database_in_memory_has_neither_backup_nor_restore() -> None:
    ask = Asker(Server(Host(open=libredb.open), Functions()))
    assert refused(ask, "backup", piece=0).code == "usage"
    assert refused(ask, "restore", piece=0, bytes=b"", last=True).code == "usage"
    assert ask("stats")["path"] is None


def test_after_a_failure_of_storage_calls_are_refused_until_it_is_opened_again() -> None:
    server, fs = server_and_fs()
    ask = Asker(server)
    ask("set", key=b"a", value=b"1")

    def full(name: str, _: str, effect: Any, arguments: tuple[Any, ...]) -> object:
        if name == "write":
            raise OSError(errno.ENOSPC, "no space left on device")
        return effect(*arguments)

    fs.hook = full
    told = refused(ask, "set", key=b"b", value=b"2")
    assert (told.code, told.fields["errno"]) == ("storage", "ENOSPC")
    fs.hook = None
    assert refused(ask, "set", key=b"b", value=b"2").code == "failed"
    assert ask("stats")["version"] == 1
    server.close()
    assert Asker(Server(memory_host(fs), Functions()))("get", key=b"a") == b"1"


def test_what_is_asked_of_a_closed_database_is_refused() -> None:
    server, _ = server_and_fs()
    ask = Asker(server)
    ask("set", key=b"a", value=b"1")
    server.close()
    for call, args in [("get", {"key": b"a"}), ("set", {"key": b"a", "value": b""}), ("sync", {})]:
        assert refused(ask, call, **args).code == "usage"


def test_connecting_makes_what_is_missing_once() -> None:
    ask = Asker(server_and_fs()[0])
    schema = {
        "notes": {"indexes": ["level", ["level", "at"], {"fields": ["text"], "words": True}]},
        "settings": {"kind": "kv"},
    }
    info = ask("connect", schema=schema)
    assert info["libredb"] == libredb.__version__
    assert info["protocol"] == 1
    version = ask.version
    assert [each["name"] for each in ask("documents.indexes", namespace="notes")] == [
        "level",
        "level,at",
        "text",
    ]
    ask("connect", schema=schema)
    ask("connect")
    assert ask.version == version == 1, "nothing is committed where nothing is missing"


@pytest.mark.parametrize(
    "schema",
    [
        {"n": 7},
        {"n": {"kind": "graph"}},
        {"n": {"kind": ["kv"]}},
        {"n": {"index": ["a"]}},
        {"n": {"indexes": "a"}},
        {"n": {"indexes": [7]}},
        {"n": {"indexes": [{"unique": True}]}},
        {"n": {"indexes": [{"fields": "a", "each": True, "words": True}]}},
        {"n": {"indexes": [{"fields": "a", "uniq": True}]}},
        {"n": {"indexes": [["a", 7]]}},
        {"n": {"ids": "random"}},
        {"n": {"kind": "kv", "values": "pickle"}},
        {"n": {"kind": "kv", "values": ["json"]}},
        {"n": {"kind": "table"}},
        {"n": {"columns": {"id": "string"}}},
        {"n": {"columns": {"id": "str"}, "key": "name"}},
        {"n": {"columns": {"id": "str"}, "key": 7}},
        {"n": {"columns": {"id": "str"}, "key": [["id"]]}},
        {"n": {"columns": {"id": "str"}, "unique": "id"}},
        {"n": {"columns": {"id": "str"}, "index": [7]}},
        {"": {"indexes": ["a"]}},
    ],
    ids=repr,
)
def test_a_schema_that_is_none_is_refused_and_nothing_is_made(schema: Any) -> None:
    ask = Asker(server_and_fs()[0])
    told = refused(ask, "connect", schema={"first": {"indexes": ["a"]}, **schema})
    assert told.code in {"usage_type", "usage_value"}, told
    assert ask("catalog.names") == []
