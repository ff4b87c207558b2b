"""Runs pytest inside the worker and hands every report to the host.

A call to the host waits for its answer, so reports arrive in order and none is lost; the answer
says whether to go on. It happens between the phases of a test, so it is part of no duration. Calls
take longer than most tests, so there are two for each: before it begins, and once it is known
how it went; what can wait goes with the next one.
This module needs no browser to be imported; `js` exists only in the worker.
"""

import importlib
import json
import os
import warnings
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from libredb_opfs import OpfsFileSystem

PROJECT = "/project"

_opfs: list["OpfsFileSystem"] = []


def empty_opfs() -> "OpfsFileSystem":
    """Return the file system that was taken before the tests began, its slots emptied."""
    if not _opfs:
        raise RuntimeError("the worker took no file system: libredb_opfs is not in the wheel")
    fs = _opfs[0]
    fs._lock = None  # a test that failed may have left its database open, and others must not care
    fs.clear()
    return fs


def ask_host(messages: list[dict[str, Any]]) -> str:
    """Send some messages and return the host's answer: `go on` or `stop`."""
    js: Any = importlib.import_module("js")
    request = js.XMLHttpRequest.new()
    # Not asynchronous: only a worker may wait like this, and it keeps the reports in order.
    request.open("POST", "/relay", False)
    request.send(json.dumps(messages, default=repr))
    return str(json.loads(request.responseText))


async def main(request: str) -> int:
    """Run the tests that the host asked for; `request` is JSON, see host.py."""
    asked: dict[str, Any] = json.loads(request)
    os.chdir(PROJECT)
    os.environ.update(asked["environment"])
    try:
        import libredb_opfs
    except ImportError:
        pass  # The tests that want it say so.
    else:
        _opfs.append(await libredb_opfs.acquire("pytest"))
    relay = Relay(asked)
    code = int(pytest.main(asked["arguments"], plugins=[relay]))
    relay.send({"kind": "end", "code": code})
    return code


class Relay:
    """The pytest plugin inside the worker."""

    def __init__(self, asked: dict[str, Any]) -> None:
        """Remember which tests were asked for, in the host's order, and its options."""
        self._order = {node_id: index for index, node_id in enumerate(asked["tests"])}
        self._options: dict[str, Any] = asked["options"]
        self._session: pytest.Session | None = None
        self._config: pytest.Config | None = None
        self._unsent: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        """Send what was kept and this message."""
        messages, self._unsent = [*self._unsent, message], []
        if ask_host(messages) == "stop" and self._session is not None:
            self._session.shouldstop = "the host asked to stop"

    def pytest_configure(self, config: pytest.Config) -> None:
        """Take over the host's options about tracebacks and about the tests themselves."""
        self._config = config
        for name, value in self._options.items():
            setattr(config.option, name, value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what was asked for, in the order it was asked for."""
        items[:] = [item for item in items if item.nodeid in self._order]
        items.sort(key=lambda item: self._order[item.nodeid])
        absent = self._order.keys() - {item.nodeid for item in items}
        self.send({"kind": "absent", "tests": sorted(absent)})

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember whom to stop."""
        self._session = session

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Name the test before it runs, so that a crash can be told from a failure."""
        self.send({"kind": "start", "test": nodeid, "location": location})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand over the report of one phase."""
        assert self._config is not None
        hook = self._config.hook
        data = hook.pytest_report_to_serializable(config=self._config, report=report)
        message = {"kind": "report", "report": data}
        if report.when == "call" or not report.passed:
            self.send(message)
        else:
            self._unsent.append(message)

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Say that the test has nothing more to report."""
        self._unsent.append({"kind": "finish", "test": nodeid, "location": location})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Hand over why a file could not be collected here."""
        if report.failed:
            self.send({"kind": "collect", "node": report.nodeid, "text": report.longreprtext})

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        """Hand over a warning for the host's summary."""
        self.send(
            {
                "kind": "warning",
                "message": str(warning_message.message),
                "category": warning_message.category.__name__,
                "filename": warning_message.filename,
                "lineno": warning_message.lineno,
                "when": when,
                "test": nodeid,
                "location": location,
            }
        )
