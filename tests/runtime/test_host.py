"""Reports of a worker are replayed as if the tests had run here, and none may be missing.

The worker is a script: the messages that a real one sends. That a real one sends them is shown by
every run with `--runtime=pyodide`.
"""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.runtime import host
from tests.runtime.relay import PROJECT

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.cpython(reason="is about the process that drives the browser")

FILE = "tests/test_sample.py"
SAMPLE = """
import pytest

def test_one(): pass
def test_two(): pass
def test_three(): pass
@pytest.mark.cpython(reason="forks")
def test_here(): raise AssertionError("it ran")
"""
ROOT_CONFTEST = 'pytest_plugins = ["tests.runtime.plugin"]'


def test_reports_of_the_worker_count_as_if_they_were_made_here(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip = (f"{PROJECT}/{FILE}", 3, "Skipped: because")
    messages = [
        *report_messages("test_one"),
        *report_messages("test_two", outcome="failed", longrepr="E  a traceback"),
        *report_messages("test_three", outcome="skipped", longrepr=skip),
        {"kind": "end", "code": 1},
    ]
    result = run(pytester, monkeypatch, messages, "-rA")
    result.assert_outcomes(passed=1, failed=1, skipped=2)
    result.stdout.fnmatch_lines(["E  a traceback", "*CPython only: forks"])


def test_a_missing_report_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [
        *report_messages("test_one"),
        report_messages("test_two")[0],
        {"kind": "gone", "text": "RuntimeError: unreachable"},
    ]
    result = run(pytester, monkeypatch, messages)
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    result.stdout.fnmatch_lines(
        ["This test was running *unreachable*", "This test never reported from Pyodide."]
    )


def test_a_file_that_cannot_be_collected_there_fails_its_tests_with_the_reason(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [
        {"kind": "collect", "node": FILE, "text": "E  No module named 'nonsense'"},
        {"kind": "end", "code": 2},
    ]
    result = run(pytester, monkeypatch, messages)
    result.assert_outcomes(failed=3, skipped=1)
    result.stdout.fnmatch_lines(["E  No module named 'nonsense'"])


def test_a_test_that_is_not_known_there_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [
        {"kind": "absent", "tests": [f"{FILE}::test_three"]},
        *report_messages("test_one"),
        *report_messages("test_two"),
        {"kind": "end", "code": 0},
    ]
    result = run(pytester, monkeypatch, messages)
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["No test of this name exists in Pyodide*"])


def test_the_first_failure_stops_the_worker_and_nothing_is_missing_then(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [
        *report_messages("test_one", outcome="failed", longrepr="E  a traceback"),
        {"kind": "end", "code": 2},
    ]
    answers: list[str] = []
    result = run(pytester, monkeypatch, messages, "-x", answers=answers)
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])
    assert answers == ["stop"]


def test_a_failure_that_stops_nothing_lets_the_worker_go_on(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [
        *report_messages("test_one", outcome="failed", longrepr="E  a traceback"),
        *report_messages("test_two"),
        *report_messages("test_three"),
        {"kind": "end", "code": 1},
    ]
    answers: list[str] = []
    result = run(pytester, monkeypatch, messages, answers=answers)
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    assert answers == ["go on"]


def test_silence_fails_the_running_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = report_messages("test_one")[:1]
    result = run(pytester, monkeypatch, messages, "--runtime-silence=0.1")
    result.assert_outcomes(failed=3, skipped=1)
    result.stdout.fnmatch_lines(["This test was running *said nothing for*"])


def test_a_browser_that_is_gone_fails_the_running_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look() -> None:
        raise PlaywrightError("closed")

    result = run(pytester, monkeypatch, report_messages("test_one")[:1], look=look)
    result.assert_outcomes(failed=3, skipped=1)
    result.stdout.fnmatch_lines(["This test was running *the browser is gone*"])


def test_ctrl_c_ends_the_run_and_not_what_it_breaks(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look() -> None:
        signal.raise_signal(signal.SIGINT)
        raise RuntimeError("the driver of the browser has ended")

    heard = signal.getsignal(signal.SIGINT)
    result = run(pytester, monkeypatch, report_messages("test_one")[:1], look=look)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"!!*Ctrl-C, while {FILE}::test_one was running !!*"])
    result.stdout.no_fnmatch_line("*the driver of the browser*")
    assert signal.getsignal(signal.SIGINT) is heard


def test_a_warning_of_the_worker_is_in_the_summary(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = {
        "kind": "warning",
        "message": "careful",
        "category": "DeprecationWarning",
        "filename": "file.py",
        "lineno": 7,
        "when": "runtest",
        "test": f"{FILE}::test_one",
        "location": None,
    }
    messages = [warning, *report_messages("test_one"), {"kind": "end", "code": 0}]
    result = run(pytester, monkeypatch, messages, "-k", "one")
    result.assert_outcomes(passed=1, deselected=3, warnings=1)
    result.stdout.fnmatch_lines(["*file.py:7: DeprecationWarning: careful"])


def report_messages(name: str, outcome: Any = "passed", longrepr: Any = None) -> list[Any]:
    node_id, location = f"{FILE}::{name}", (FILE, 1, name)
    phases: list[tuple[Any, Any, Any]] = [
        ("setup", "passed", None),
        ("call", outcome, longrepr),
        ("teardown", "passed", None),
    ]
    reports = [
        pytest.TestReport(node_id, location, {}, phase_outcome, text, when)
        for when, phase_outcome, text in phases
    ]
    return [
        {"kind": "start", "test": node_id, "location": location},
        *(message for report in reports for message in told(report)),
        {"kind": "finish", "test": node_id, "location": location},
    ]


def told(report: pytest.TestReport) -> list[dict[str, Any]]:
    serializable = {**report._to_json(), "$report_type": "TestReport"}
    question = [{"kind": "question"}] if report.failed else []
    return [{"kind": "report", "report": serializable}, *question]


def run(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    messages: list[Any],
    *arguments: str,
    look: Callable[[], None] = lambda: None,
    answers: list[str] | None = None,
) -> pytest.RunResult:
    heard = [] if answers is None else answers

    def speak(run: host._Run) -> None:
        for message in messages:
            run.receive(json.dumps(message).encode())
            if message["kind"] == "question":
                heard.append(json.loads(run.answer(b"")))

    def evaluate(code: str, *arguments: object) -> None:
        if code == "0":
            look()

    @contextmanager
    def open_page(run: host._Run) -> Iterator[Any]:
        page = SimpleNamespace(evaluate=evaluate)
        thread = Thread(target=speak, args=(run,))
        thread.start()
        yield page
        run.close()
        thread.join()

    monkeypatch.setattr(host, "_open_page", open_page)
    pytester.makeconftest(ROOT_CONFTEST)
    pytester.mkdir("tests")
    (pytester.path / FILE).write_text(SAMPLE, encoding="utf-8")
    return pytester.runpytest_inprocess("--runtime=pyodide", "-p", "no:cacheprovider", *arguments)
