"""Runs the collected tests in a browser and replays their reports here.

The rules: (1) one worker for the whole run, on real OPFS; (2) a report is replayed exactly as if
the test had run in this process; (3) every test that was sent and not stopped by `-x` reports, or
fails with the reason; (4) silence ends the run, and is the failure of the running test; (5) Ctrl-C
ends it as it does here, and whatever fails because of it is not told.
"""

import builtins
import json
import os
import queue
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from scripts.browser.engines import ENGINES, assert_storage_is_real, persistent_context
from scripts.browser.server import Server
from scripts.browser.site import Load, serve_site
from scripts.browser.wheels import CACHE, ROOT, archive, build_wheel, fetch_test_wheels
from tests.runtime.relay import PROJECT
from tests.runtime.shipped import SHIPPED_FOLDERS, SKIPPED_HERE

Message = dict[str, Any]

FIXTURES_VARIABLE = "LIBREDB_FIXTURES"

# Options about how a report looks, and those of this project, which begin with `libredb_`.
_FORWARDED_OPTIONS = ("verbose", "tbstyle", "showlocals", "hypothesis_seed", "hypothesis_profile")
_PROJECT_OPTIONS = "libredb_"
_FORWARDED_VARIABLES = "LIBREDB_"

# The host has chosen the tests and keeps the cache; the thread that would dump tracebacks of a test
# that hangs cannot exist there.
_WORKER_ARGUMENTS = (
    f"--rootdir={PROJECT}",
    "--capture=sys",
    "--continue-on-collection-errors",
    "-p",
    "no:cacheprovider",
    "-o",
    "faulthandler_timeout=0",
)
_START = """([code, argument]) => {
  const tell = (text) => window.workers.relay(JSON.stringify({ kind: "gone", text: String(text) }));
  window.workers.run("tests", code, argument).then(() => tell("it ended"), tell);
}"""
_MAIN = f"""
import sys
sys.path.insert(0, {PROJECT!r})
from tests.runtime.relay import main
await main(argument)
"""


def run_in_browser(session: pytest.Session) -> None:
    """Skip here what is marked so, run the rest in the worker, and report all of it."""
    config = session.config
    here = [item for item in session.items if SKIPPED_HERE in item.stash]
    there = [item for item in session.items if SKIPPED_HERE not in item.stash]
    for item in here:
        config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        _raise_if_stopped(session)
    if not there:
        return
    run = _Run(session, {item.nodeid: item for item in there})
    try:
        with _heeding_ctrl_c(run), _open_page(run) as page:
            page.evaluate(_START, [_MAIN, json.dumps(_request(config, there))])
            run.listen(page)
    except Exception:
        if not run.interrupted:  # Ctrl-C is for every process of this group: any of them may fail
            raise
    if run.interrupted:
        raise session.Interrupted(f"Ctrl-C, {run.where()}")
    run.fail_missing()
    _raise_if_stopped(session)


@contextmanager
def _heeding_ctrl_c(run: "_Run") -> Iterator[None]:
    """Only note the first Ctrl-C: in the midst of Playwright's own loop nobody could handle it."""

    def note(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        run.interrupt()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _raise_if_stopped(session: pytest.Session) -> None:
    """End the session as pytest's own loop does."""
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)


def _request(config: pytest.Config, items: list[pytest.Item]) -> Message:
    """Say what the worker shall run, and how; the other end is `relay.main`."""
    files = list(dict.fromkeys(item.nodeid.partition("::")[0] for item in items))
    options = {
        name: value
        for name, value in vars(config.option).items()
        if name in _FORWARDED_OPTIONS or name.startswith(_PROJECT_OPTIONS)
    }
    variables = {
        name: value for name, value in os.environ.items() if name.startswith(_FORWARDED_VARIABLES)
    }
    if FIXTURES_VARIABLE in variables:
        variables[FIXTURES_VARIABLE] = f"{PROJECT}/fixtures"
    return {
        "arguments": [*_WORKER_ARGUMENTS, *files],
        "tests": [item.nodeid for item in items],
        "options": options,
        "environment": variables,
    }


def _project_archive() -> bytes:
    """Return what the worker has of this repository, and the recorded fixtures if there are any."""
    names = [*SHIPPED_FOLDERS, "conftest.py", "pyproject.toml"]
    folders = {name: ROOT / name for name in names}
    fixtures = os.environ.get(FIXTURES_VARIABLE)
    if fixtures:
        folders["fixtures"] = Path(fixtures)
    return archive(folders)


@contextmanager
def _open_page(run: "_Run") -> Iterator[Page]:
    """Start the server, the browser and the worker, which loads when this returns."""
    engine = ENGINES[run.session.config.option.engine]
    wheels = fetch_test_wheels()
    with (
        tempfile.TemporaryDirectory(prefix="libredb-") as folder,
        serve_site([build_wheel(Path(folder)), *wheels], run.console) as (server, load),
        sync_playwright() as playwright,
        persistent_context(playwright, Path(folder) / "profile", engine) as context,
    ):
        server.serve_file("project.zip", _project_archive())
        server.answer("relay", run.receive)
        server.answer("answer", run.answer)
        page = context.new_page()
        page.goto(f"{server.url}/runtime/page.html")
        assert_storage_is_real(page, Path(folder) / "profile")
        _start_worker(run, page, server, load)
        yield page
        run.close()


def _start_worker(run: "_Run", page: Page, server: Server, load: Load) -> None:
    """Let it load Pyodide and everything the tests import; it tells when it has done so."""
    load["archives"].append({"url": f"{server.url}/project.zip", "folder": PROJECT})
    run.agent = page.evaluate("() => navigator.userAgent.match(/(Chrom|Firefox)[^ ]+/)?.[0]")
    run.started = time.monotonic()
    page.evaluate("(load) => window.workers.start('tests', load)", load)


@dataclass
class _Run:
    """The tests in the worker, what was heard of each, and the messages not yet looked at."""

    session: pytest.Session
    tests: dict[str, pytest.Item]
    finished: set[str] = field(default_factory=set[str])
    running: str | None = None
    stopped: bool = False
    interrupted: bool = False
    gone: str = ""
    agent: str = ""
    started: float = 0.0
    uncollected: dict[str, str] = field(default_factory=dict[str, str])
    absent: set[str] = field(default_factory=set[str])
    inbox: queue.SimpleQueue[list[Message]] = field(
        default_factory=queue.SimpleQueue[list[Message]]
    )
    answers: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue[str])

    @property
    def console(self) -> Path:
        """What the worker prints; two engines may run beside each other."""
        return CACHE / f"pyodide-console-{self.session.config.option.engine}.log"

    def say(self, text: str) -> None:
        """Print a line between the reports."""
        reporter = self.session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(text)

    def receive(self, body: bytes) -> bytes:
        """Pass messages, a line each, to the thread that runs pytest."""
        self.inbox.put([json.loads(line) for line in body.splitlines()])
        return b"{}"

    def answer(self, _: bytes) -> bytes:
        """Wait for the answer to the question that the worker has asked."""
        return json.dumps(self.answers.get()).encode()

    def interrupt(self) -> None:
        """Listen no longer; may be called at any moment, as by a signal."""
        self.interrupted = True
        self.inbox.put([])

    def where(self) -> str:
        """Say which test is running."""
        return f"while {self.running} was running" if self.running else "and no test was running"

    def close(self) -> None:
        """Answer whoever may still be waiting; nobody listens any more."""
        self.answers.put("stop")

    def listen(self, page: Page) -> None:
        """Replay messages until the worker ends, dies, or falls silent."""
        silence: float = self.session.config.option.runtime_silence
        heard = time.monotonic()
        while not (self.gone or self.interrupted):
            try:
                messages = self.inbox.get(timeout=0.25)
            except queue.Empty:
                if time.monotonic() - heard > silence:
                    self.gone = f"the worker said nothing for {silence:.0f} s"
                self._look_at(page)
                continue
            heard = time.monotonic()
            for message in messages:
                self._replay(message)

    def _look_at(self, page: Page) -> None:
        """Notice that the browser has gone, which sends no message."""
        try:
            page.evaluate("0")
        except PlaywrightError as error:
            self.gone = f"the browser is gone: {error}"

    def _replay(self, message: Message) -> None:
        """Do with one message what pytest would have done here."""
        hook = self.session.config.hook
        match message["kind"]:
            case "start":
                self.running = message["test"]
                hook.pytest_runtest_logstart(**_test_and_location(message))
            case "report":
                hook.pytest_runtest_logreport(report=self._report(message["report"]))
            case "finish":
                self.running = None
                self.finished.add(message["test"])
                hook.pytest_runtest_logfinish(**_test_and_location(message))
            case "question":
                self.stopped = bool(self.session.shouldfail or self.session.shouldstop)
                self.answers.put("stop" if self.stopped else "go on")
            case _:
                self._note(message)

    def _note(self, message: Message) -> None:
        """Tell what a message says about the worker, or remember what it says of silent tests."""
        match message["kind"]:
            case "loaded":
                self._say_loaded(message["python"])
            case "collect":
                self.uncollected[message["node"]] = message["text"]
            case "absent":
                self.absent.update(message["tests"])
            case "warning":
                self._warn(message)
            case "end":
                self.gone = f"pytest in the worker ended with exit code {message['code']}"
            case "gone":
                self.gone = f"the worker is gone: {message['text']}"
            case other:
                raise AssertionError(f"the worker sent a message of kind {other!r}")

    def _say_loaded(self, python: str) -> None:
        """Say what the tests are going to run in."""
        seconds = time.monotonic() - self.started
        self.say(f"worker: Pyodide with CPython {python} in {self.agent}, OPFS is real,")
        self.say(f"        loaded in {seconds:.1f} s; console: {self.console.relative_to(ROOT)}")

    def _report(self, data: Message) -> pytest.TestReport:
        """Rebuild a report; JSON has no tuples, and pytest tells skips by theirs."""
        data["location"] = tuple(data["location"])
        if isinstance(data["longrepr"], list):
            path, *rest = cast(list[Any], data["longrepr"])
            data["longrepr"] = (str(path).replace(PROJECT, str(ROOT), 1), *rest)
        config = self.session.config
        return config.hook.pytest_report_from_serializable(config=config, data=data)

    def _warn(self, message: Message) -> None:
        """Put a warning of the worker into this session's summary."""
        category = getattr(builtins, message["category"], UserWarning)
        warning = warnings.WarningMessage(
            message=message["message"],
            category=category,
            filename=message["filename"],
            lineno=message["lineno"],
        )
        self.session.config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": warning,
                "when": message["when"],
                "nodeid": message["test"],
                "location": message["location"],
            }
        )

    def fail_missing(self) -> None:
        """Report a failure for each test that should have reported and did not."""
        if self.stopped:
            return
        hook = self.session.config.hook
        missing = [item for item in self.tests.values() if item.nodeid not in self.finished]
        if missing:
            self.say(f"{len(missing)} tests did not report from Pyodide. {self.gone}")
            self.say(self._tail())
        for item in missing:
            node_id = item.nodeid
            if node_id != self.running:
                hook.pytest_runtest_logstart(nodeid=node_id, location=item.location)
            report = pytest.TestReport(
                nodeid=node_id,
                location=item.location,
                keywords={},
                outcome="failed",
                longrepr=self._why_missing(node_id),
                when="call",
            )
            hook.pytest_runtest_logreport(report=report)
            hook.pytest_runtest_logfinish(nodeid=node_id, location=item.location)

    def _tail(self) -> str:
        """Return the last lines of the worker's console."""
        if not self.console.is_file():
            return ""
        lines = self.console.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(["The end of the console:", *lines[-30:]])

    def _why_missing(self, node_id: str) -> str:
        """Say why a test did not report: it killed the worker, or was not found, or not reached."""
        if node_id == self.running:
            return f"This test was running when the run in Pyodide ended: {self.gone}"
        for node, text in self.uncollected.items():
            if node_id.startswith(node):
                return f"Its file could not be collected in Pyodide:\n{text}"
        if node_id in self.absent:
            return "No test of this name exists in Pyodide: does an id depend on the platform?"
        return "This test never reported from Pyodide."


def _test_and_location(message: Message) -> Message:
    """Return the arguments of the hooks around a test."""
    return {"nodeid": message["test"], "location": tuple(message["location"])}
