"""The asynchronous half, on modules that stand for Pyodide's."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from libredb_opfs import acquire, browser, destroy, names, storage
from libredb_opfs import request_persistence as request

import libredb
from tests.adapters.opfs.support import FakeBridge, answer, run


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


def test_an_acquire_that_was_interrupted_gives_the_files_back(module: SimpleNamespace) -> None:
    """The browser kept them for as long as the worker lived, and nobody could acquire them."""
    closed: list[bool] = []

    class Slots:
        def close(self) -> None:
            closed.append(True)

        @property
        def size(self) -> None:
            raise KeyboardInterrupt

    module.acquire = answer(Slots())
    with pytest.raises(KeyboardInterrupt):
        run(acquire("app"))
    assert closed == [True]


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


def test_pyodide_in_node_is_told_from_a_browser(
    module: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said that bridge.js could not be imported, and to check the device."""
    monkeypatch.setitem(sys.modules, "js", ModuleType("js"))
    with pytest.raises(libredb.StorageError, match="this is Pyodide elsewhere"):
        run(acquire("app"))
    with pytest.raises(libredb.UsageError, match="use CPython"):
        libredb.open("app.libredb")
