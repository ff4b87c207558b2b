"""The Python side of libredb_opfs keeps the port's promises over a bridge made of two bytearrays.

What a real browser does is shown by the rest of this folder; here are the refusals that a browser
gives only when it is full, private, or lying, and the rules that need no browser at all.
"""

import errno
import gc
import sys
from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from libredb_opfs import OpfsFileSystem, OpfsLogFile, acquire, browser, destroy, names, storage
from libredb_opfs import request_persistence as request
from libredb_opfs.filesystem import SMALL_BYTES, STAGING_BYTES, STEP_BYTES
from libredb_opfs.refusal import os_error

import libredb
from libredb.testing import filesystem as kit


class FakeBridge:
    """Two files in memory, with the quirks of a browser on request."""

    def __init__(self, staging: bytearray) -> None:
        self.staging = staging
        self.files = [bytearray(), bytearray()]
        self.calls: list[str] = []
        self.told: tuple[str, str] = ("", "")
        self.count: Callable[[int], int] = lambda length: length
        self.room: Callable[[int], int] = lambda length: length

    def refusal(self) -> Sequence[str]:
        return self.told

    def size(self, slot: int, /) -> int:
        return -1 if any(self.told) else len(self.files[slot])

    def read(self, slot: int, offset: int, length: int, /) -> int:
        piece = self.files[slot][offset : offset + length]
        self.staging[: len(piece)] = piece
        return self.count(len(piece))

    def write(self, slot: int, offset: int, length: int, /) -> int:
        self.calls.append("write")
        file = self.files[slot]
        file.extend(bytes(max(0, offset - len(file))))
        file[offset : offset + length] = self.staging[:length]
        return -1 if any(self.told) else self.count(length)

    def fill(self, slot: int, start: int, end: int, /) -> int:
        self.calls.append("fill")
        file = self.files[slot]
        assert start == len(file), "zeros are put behind the end and nowhere else"
        file.extend(bytes(end - start))
        return self.room(end - start)

    def flush(self, slot: int, /) -> int:
        self.calls.append("flush")
        return -1 if any(self.told) else 0

    def truncate(self, slot: int, length: int, /) -> int:
        del self.files[slot][length:]
        self.files[slot].extend(bytes(length - len(self.files[slot])))
        self.calls.append(f"truncate to {length}")
        return 0

    def close(self) -> None:
        self.calls.append("close")


def make() -> tuple[OpfsFileSystem, FakeBridge]:
    staging = bytearray(STAGING_BYTES)
    bridge = FakeBridge(staging)
    return OpfsFileSystem("app", bridge, staging), bridge


@pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)
def test_the_python_side_keeps_the_promise(promise: kit.Promise) -> None:
    reason = kit.check(promise, kit.Subject(make()[0], "app.libredb"))
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.parametrize("length", [100, 250_000])
def test_a_commit_is_one_write_and_one_flush(length: int) -> None:
    fs, bridge = make()
    with libredb.open("app.libredb", fs=fs) as db:
        db.transact(lambda tx: tx.set(b"first", b"after opening, it may reserve room"))
        bridge.calls.clear()
        db.transact(lambda tx: tx.set(b"key", bytes(length)))
        assert bridge.calls == ["write", "flush"]


# Room: the policy of libredb_osfs, whose tests say why.


def open_file(length: int) -> tuple[OpfsLogFile, FakeBridge]:
    """Return a synced file of so many bytes, which has not been written to since."""
    fs, bridge = make()
    file = fs.create_next("app", None)
    file.write(0, b"x" * length)
    file.sync()
    bridge.calls.clear()
    return file, bridge


@pytest.mark.parametrize("length", [1, STEP_BYTES - 100, STEP_BYTES - 1, STEP_BYTES])
def test_the_first_growth_after_a_sync_fills_room_up_to_the_next_step(length: int) -> None:
    file, bridge = open_file(length)
    file.write(length, b"y" * 100)
    room_end = ((length + 100) // STEP_BYTES + 1) * STEP_BYTES
    assert bridge.calls == ["fill", "write"]
    assert file.size() == room_end
    assert file.read(length, room_end) == (b"y" * 100).ljust(room_end - length, b"\0")
    # Within the room nothing grows, and so nothing is filled.
    file.sync()
    file.write(room_end - 100, b"z" * 100)
    assert bridge.calls == ["fill", "write", "flush", "write"]
    file.sync()
    file.write(room_end, b"z")
    assert bridge.calls[-2:] == ["fill", "write"]


def test_a_file_that_was_emptied_and_never_synced_again_has_no_room() -> None:
    fs, bridge = make()
    for _ in range(2):
        file = fs.create_next("app", None)
        file.write(0, b"x")
        assert "fill" not in bridge.calls
        assert file.size() == 1


def test_growth_before_a_sync_or_after_a_truncate_or_in_big_pieces_has_no_room() -> None:
    file, bridge = open_file(1000)
    file.write(1000, bytes(SMALL_BYTES + 1))
    file.write(1000 + SMALL_BYTES + 1, b"not synced since it grew")
    file.sync()
    file.truncate(500)
    file.write(500, b"nor since it was cut")
    assert "fill" not in bridge.calls
    file.sync()
    file.write(520, b"now")
    assert bridge.calls[-2:] == ["fill", "write"]


def test_a_new_file_object_looks_where_the_file_ends() -> None:
    fs, bridge = make()
    fs.create_next("app", None).write(0, b"x" * 1000)
    (file, _) = fs.open("app", writable=True)
    file.sync()
    file.write(0, b"y")
    assert "fill" not in bridge.calls
    file.sync()
    file.write(1000, b"y")
    assert bridge.calls[-2:] == ["fill", "write"]


@pytest.mark.parametrize("count", [-1, 0, 4_294_967_295])
def test_refused_room_is_cut_off_and_the_write_goes_on(count: int) -> None:
    file, bridge = open_file(1000)
    bridge.room = lambda _: count
    for step in range(3):
        file.write(1000 + step, b"y")
        file.sync()
    # It is asked for once, and again only behind the room that was refused.
    assert bridge.calls == ["fill", "truncate to 1000", *["write", "flush"] * 3]
    assert file.size() == 1003
    file.write(1003, bytes(STEP_BYTES - 1003))
    file.sync()
    bridge.calls.clear()
    bridge.room = lambda length: length
    file.write(STEP_BYTES, b"y")
    assert bridge.calls == ["fill", "write"]


@pytest.mark.parametrize("count", [0, 148, 150, 4_294_967_295])
def test_a_wrong_count_is_an_exhausted_quota(count: int) -> None:
    fs, bridge = make()
    file = fs.create_next("app", None)
    bridge.count = lambda _: count
    with pytest.raises(OSError, match="quota") as caught:
        file.write(0, bytes(149))
    assert caught.value.errno == errno.ENOSPC


def test_a_read_that_claims_too_much_is_refused() -> None:
    fs, bridge = make()
    file = fs.create_next("app", None)
    file.write(0, b"content")
    bridge.count = lambda length: length + 100
    with pytest.raises(OSError, match="claims to have read"):
        file.read(0, 7)


def test_a_failed_commit_latches_and_names_the_quota() -> None:
    fs, bridge = make()
    db = libredb.open("app.libredb", fs=fs)
    bridge.told = ("QuotaExceededError", "full")
    with pytest.raises(libredb.StorageError) as caught:
        db.transact(lambda tx: tx.set(b"key", b"value"))
    assert caught.value.errno == errno.ENOSPC
    assert "request_persistence" in str(caught.value.__cause__)
    bridge.told = ("", "")
    with pytest.raises(libredb.DatabaseFailedError):
        db.get(b"key")
    db.close()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NoModificationAllowedError", BlockingIOError),
        ("NotFoundError", FileNotFoundError),
        ("SecurityError", PermissionError),
        ("UnheardOfError", OSError),
    ],
)
def test_a_refusal_is_the_os_error_of_its_kind(name: str, kind: type[OSError]) -> None:
    error = os_error(name, "some words")
    assert isinstance(error, kind)
    assert str(error.strerror).startswith(f"{name}: some words")


def test_a_second_path_is_refused_while_there_is_content() -> None:
    fs, _ = make()
    assert not fs.open("one.libredb", writable=False)
    with libredb.open("two.libredb", fs=fs):
        pass
    with pytest.raises(libredb.StorageNotFoundError):
        libredb.open("one.libredb", fs=fs)
    fs.clear()
    libredb.open("one.libredb", fs=fs).close()


def test_an_open_database_is_not_cleared() -> None:
    fs, _ = make()
    with libredb.open("app", fs=fs) as db:
        with pytest.raises(BlockingIOError):
            fs.clear()
        db.transact(lambda tx: tx.set(b"key", b"value"))


def test_a_closed_file_system_refuses_everything() -> None:
    fs, bridge = make()
    lock = fs.lock("app")
    with fs:
        assert lock.held
    fs.close()
    assert bridge.calls == ["close"]
    assert not lock.held
    with pytest.raises(OSError, match="acquire it again"):
        fs.open("app", writable=False)


def test_a_dropped_file_system_gives_its_files_back() -> None:
    fs, bridge = make()
    del fs
    gc.collect()
    assert bridge.calls == ["close"]


# The asynchronous half, on modules that stand for Pyodide's.


class JsException(Exception):  # noqa: N818 - its name in Pyodide
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand in for bridge.js; tests put functions into it."""
    module = SimpleNamespace()
    ffi, code = ModuleType("pyodide.ffi"), ModuleType("pyodide.code")
    ffi.__dict__["JsException"] = JsException
    code.__dict__["run_js"] = {browser._IMPORT: answer(module)}.__getitem__
    monkeypatch.setitem(sys.modules, "pyodide.ffi", ffi)
    monkeypatch.setitem(sys.modules, "pyodide.code", code)
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(browser, "_imported", [])
    return module


def answer(value: object) -> Callable[..., Any]:
    async def function(*arguments: object) -> object:
        if isinstance(value, BaseException):
            raise value
        return value

    return function


def run(awaitable: Any) -> Any:
    """Run a coroutine that never really waits; in a browser there is an event loop already."""
    try:
        awaitable.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def test_acquire_makes_a_file_system_of_what_the_bridge_opened(module: SimpleNamespace) -> None:
    bridge = FakeBridge(bytearray())

    async def opened(name: str, staging: bytearray, patience_ms: float) -> FakeBridge:
        assert (name, patience_ms) == ("app", 2000)
        bridge.staging = staging
        return bridge

    module.acquire = opened
    with (
        run(acquire("app", patience_seconds=2)) as fs,
        libredb.open("app.libredb", fs=fs) as db,
    ):
        db.transact(lambda tx: tx.set(b"key", b"value"))
        assert b"value" in bridge.files[0]


@pytest.mark.parametrize(
    ("name", "kind", "hint"),
    [
        ("NoModificationAllowedError", libredb.DatabaseLockedError, "another tab"),
        ("SecurityError", libredb.StoragePermissionError, "private window"),
        ("NoOpfsError", libredb.StorageError, "secure context"),
        ("NotInWorkerError", libredb.StorageError, "dedicated worker"),
    ],
)
def test_acquire_says_why_it_cannot(
    module: SimpleNamespace, name: str, kind: type[libredb.StorageError], hint: str
) -> None:
    module.acquire = answer(JsException(name, "told"))
    with pytest.raises(kind, match=hint) as caught:
        run(acquire("app"))
    assert isinstance(caught.value.__cause__, OSError)


def test_the_rest_of_the_module_passes_answers_on(module: SimpleNamespace) -> None:
    module.names, module.destroy = answer(["app", "other"]), answer(None)
    module.storage, module.requestPersistence = answer([1.0, 2.0, True]), answer(value=False)
    assert run(names()) == ["app", "other"]
    assert run(destroy("app")) is None
    assert run(storage()) == browser.StorageReport(1, 2, persistent=True)
    assert run(request()) is False


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\0b", 1, None])
def test_a_name_that_names_no_folder_is_refused(name: Any) -> None:
    for function in (acquire, destroy):
        with pytest.raises(libredb.UsageError):
            run(function(name))


@pytest.mark.cpython(reason="is about being elsewhere")
def test_outside_a_browser_acquire_says_what_to_do() -> None:
    with pytest.raises(libredb.StorageError, match="only browsers"):
        run(acquire("app"))
