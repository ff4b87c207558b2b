"""`pytest --runtime=cpython|pyodide`: one suite, two places to run it.

With `--runtime=pyodide` this process only collects; every test that may run in a browser runs
inside one worker there, and its reports come back one by one, so that options about choosing,
stopping and reporting work as ever. The marker `cpython` keeps a test out of the worker, `opfs`
out of CPython, and `engine` where another browser was asked for; all skips are shown with their
reason. The same plugin is loaded inside the worker, where it gives tests the fixture `opfs`.
Absent on purpose: several workers, restarts.
"""

import sys
from typing import TYPE_CHECKING

import pytest

from tests.runtime.shipped import SHIPPED_FOLDERS, SKIPPED_HERE

if TYPE_CHECKING:
    from libredb.kernel.filesystem import FileSystem

IN_PYODIDE = sys.platform == "emscripten"

_CPYTHON_REASON = "needs processes, threads or the operating system"
_OPFS_REASON = "needs a browser's origin private file system: pytest --runtime=pyodide"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; this module must be a plugin of the root conftest."""
    group = parser.getgroup("runtime", "where the tests run")
    group.addoption(
        "--runtime",
        choices=("cpython", "pyodide"),
        default="cpython",
        help="run the tests in this interpreter, or in Pyodide in a browser's worker",
    )
    group.addoption(
        "--engine",
        choices=("chromium", "firefox"),
        default="chromium",
        help="the browser of --runtime=pyodide and of tests/browser (default: chromium)",
    )
    group.addoption(
        "--runtime-silence",
        type=float,
        default=900.0,
        metavar="SECONDS",
        help="give the worker up when it has reported nothing for so long (default: 900)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Explain the markers to `pytest --markers`."""
    config.addinivalue_line("markers", f"cpython(reason): {_CPYTHON_REASON}")
    config.addinivalue_line("markers", "opfs: needs a browser's origin private file system")
    config.addinivalue_line("markers", "engine(name, reason): drives this browser as no other")


def runs_in_pyodide(config: pytest.Config) -> bool:
    """Whether the tests of this session run in Pyodide, seen from here or from inside."""
    return IN_PYODIDE or config.getoption("runtime") == "pyodide"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what cannot run in this runtime as skipped, with the reason."""
    pyodide = runs_in_pyodide(config)
    for item in items:
        reason = _why_not_in_pyodide(item) if pyodide else _why_not_in_cpython(item)
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))
            item.stash[SKIPPED_HERE] = True


def _why_not_in_pyodide(item: pytest.Item) -> str | None:
    mark = item.get_closest_marker("cpython")
    if mark is not None:
        reason = mark.kwargs.get("reason") or (mark.args[0] if mark.args else _CPYTHON_REASON)
        return f"CPython only: {reason}"
    if item.nodeid.split("/", 1)[0] not in SHIPPED_FOLDERS:
        return "CPython only: not a test of the folders that the worker has"
    return None


def _why_not_in_cpython(item: pytest.Item) -> str | None:
    if item.get_closest_marker("opfs") is not None:
        return _OPFS_REASON
    mark = item.get_closest_marker("engine")
    if mark is not None and item.config.getoption("engine") != mark.args[0]:
        return f"{mark.args[0]} only: {mark.kwargs['reason']}"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Hand the tests over to the worker, unless this is the worker, or nothing is to run."""
    options = session.config.option
    if IN_PYODIDE or options.collectonly:
        return None
    if options.runtime == "pyodide" or options.engine != "chromium":
        _require_engine(options.engine)
    if options.runtime != "pyodide":
        return None
    if session.testsfailed and not options.continue_on_collection_errors:
        raise session.Interrupted(f"{session.testsfailed} error(s) during collection")
    from tests.runtime.host import run_in_browser

    run_in_browser(session)
    return True


def _require_engine(name: str) -> None:
    """End the session at once where the browser that was asked for cannot be had."""
    from scripts.browser.engines import ENGINES, EngineNotFoundError, ensure

    try:
        ensure(ENGINES[name])
    except EngineNotFoundError as error:
        raise pytest.UsageError(f"--engine={name}: {error}") from None


@pytest.fixture
def opfs() -> "FileSystem":
    """Give a test an empty OPFS file system for the database `pytest`, or skip it in CPython."""
    if not IN_PYODIDE:
        pytest.skip(_OPFS_REASON)
    from tests.runtime.relay import empty_opfs

    return empty_opfs()
