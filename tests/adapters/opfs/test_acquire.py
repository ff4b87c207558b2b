"""The asynchronous half, on modules that stand for Pyodide's."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from libredb_opfs import acquire, browser, destroy, names, storage
from libredb_opfs import request_persistence as request

import libredb
from tests.adapters.opfs.support import FakeBridge


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
