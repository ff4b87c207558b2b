"""Runs pytest inside the worker and hands every report to the host.

What the worker tells goes to the page, which passes it on in order, even if the worker is gone by
then: so nothing is lost and no test waits for the host. Only a failure asks the host whether to go
on, and waits for the answer. All of it happens between the phases of a test and is part of no
duration.
This module needs no browser to be imported; `js` exists only in the worker.
"""

import importlib
import json
import os
import platform
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


def tell_page(messages: list[dict[str, Any]]) -> None:
    """Have the page pass some messages on, a line each."""
    js: Any = importlib.import_module("js")
    text = "\n".join(json.dumps(message, default=repr) for message in messages)
    js.postMessage(js.JSON.parse(json.dumps({"kind": "relay", "text": text})))


def ask_host() -> str:
    """Return what the host answers to the question that it was told last: `go on` or `stop`."""
    js: Any = importlib.import_module("js")
    request = js.XMLHttpRequest.new()
    # Not asynchronous: only a worker may wait like this.
    request.open("POST", "/answer", False)
    request.send("")
    return str(json.loads(request.responseText))


async def main(request: str) -> int:
    """Run the tests that the host asked for; `request` is JSON, see host.py."""
    asked: dict[str, Any] = json.loads(request)
    tell_page([{"kind": "loaded", "python": platform.python_version()}])
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
    relay.tell({"kind": "end", "code": code})
    return code


class Relay:
    """The pytest plugin inside the worker."""

    def __init__(self, asked: dict[str, Any]) -> None:
        """Remember which tests were asked for, in the host's order, and its options."""
        self._order = {node_id: index for index, node_id in enumerate(asked["tests"])}
        self._options: dict[str, Any] = asked["options"]
        self._session: pytest.Session | None = None
        self._config: pytest.Config | None = None
        self._untold: list[dict[str, Any]] = []

    def tell(self, message: dict[str, Any]) -> None:
        """Tell what was kept, and this message."""
        messages, self._untold = [*self._untold, message], []
        tell_page(messages)

    def _ask(self) -> None:
        """Ask whether to go on after a failure, and stop if not."""
        self.tell({"kind": "question"})
        if ask_host() == "stop" and self._session is not None:
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
        self.tell({"kind": "absent", "tests": sorted(absent)})

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Remember whom to stop."""
        self._session = session

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Name the test before it runs, so that a crash can be told from a failure."""
        self.tell({"kind": "start", "test": nodeid, "location": location})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand over the report of one phase."""
        assert self._config is not None
        hook = self._config.hook
        data = hook.pytest_report_to_serializable(config=self._config, report=report)
        self._untold.append({"kind": "report", "report": data})
        if report.failed:
            self._ask()

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Hand over the reports of a test, and say that it has no more."""
        self.tell({"kind": "finish", "test": nodeid, "location": location})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Hand over why a file could not be collected here."""
        if report.failed:
            self.tell({"kind": "collect", "node": report.nodeid, "text": report.longreprtext})

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        """Hand over a warning for the host's summary."""
        self.tell(
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
