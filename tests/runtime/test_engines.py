"""An engine is asked for by its name; where it cannot be had, that is said, and is no pass."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from scripts.browser import engines
from scripts.browser.engines import CHROMIUM, FIREFOX, Engine, EngineNotFoundError, ensure
from scripts.browser.wheels import ROOT

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.cpython(reason="is about the process that drives the browser")

NOWHERE = "/nowhere/firefox"

SAMPLE = """
import pytest

@pytest.mark.engine("chromium", reason="freezes a page")
def test_one(): pass
@pytest.mark.engine("firefox", reason="has preferences")
def test_two(): pass
def test_three(): pass
"""


@pytest.mark.parametrize("runtime", ["cpython", "pyodide"])
def test_an_engine_that_cannot_be_had_ends_the_session_and_says_what_to_do(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    monkeypatch.setenv(FIREFOX.variable, NOWHERE)
    result = sample(pytester, f"--runtime={runtime}", "--engine=firefox")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = f"ERROR: --engine=firefox: {FIREFOX.variable} names '{NOWHERE}', which cannot be run"
    result.stderr.fnmatch_lines([text])


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_what_one_engine_alone_can_do_is_skipped_in_the_other_with_the_reason(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv(FIREFOX.variable, sys.executable)
    result = sample(pytester, f"--engine={engine}")
    result.assert_outcomes(passed=2, skipped=1)
    skipped = {"chromium": "firefox only: has preferences", "firefox": "chromium only: freezes*"}
    result.stdout.fnmatch_lines([f"SKIPPED * {skipped[engine]}"])


def test_a_browser_is_looked_for_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"/mine/firefox": "/mine/firefox", "firefox": "/bin/firefox"}
    monkeypatch.setattr(engines.shutil, "which", known.get)
    monkeypatch.setenv(FIREFOX.variable, "/mine/firefox")
    assert ensure(FIREFOX) == "/mine/firefox"
    monkeypatch.delenv(FIREFOX.variable)
    assert ensure(FIREFOX) == "/bin/firefox"
    known["firefox-esr"] = "/bin/firefox-esr"
    assert ensure(FIREFOX) == "/bin/firefox-esr"


def test_what_was_tried_to_install_a_browser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if command[0] == "sudo":
            raise FileNotFoundError("sudo: not here")
        return subprocess.CompletedProcess(command, 1, "", "no network\n")

    def tried(engine: Engine, programs: dict[str, str]) -> str:
        which: Callable[[str], str | None] = programs.get
        monkeypatch.setattr(engines.shutil, "which", which)
        monkeypatch.delenv(engine.variable, raising=False)
        with pytest.raises(EngineNotFoundError) as caught:
            ensure(engine)
        first, second = str(caught.value).splitlines()
        said = f"install one, or set {engine.variable} to its program"
        assert first == f"no {engine.name.title()}: {said}"
        return second

    monkeypatch.setattr(engines.subprocess, "run", refusing)
    apt = {"apt-get": "/usr/bin/apt-get"}
    assert "playwright install chromium: no network" in tried(CHROMIUM, apt)
    assert "apt-get" in tried(CHROMIUM, apt)
    assert "apt-get" not in tried(CHROMIUM, {})
    assert "apt-get" in tried(FIREFOX, apt)
    assert tried(FIREFOX, {}) == "Tried: nothing, for there is no apt-get here"


def test_a_stage_without_its_browser_has_not_passed_and_the_summary_says_what_to_run() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/check.py", "firefox"],
        cwd=ROOT,
        env={**os.environ, FIREFOX.variable: NOWHERE},
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("firefox ")]
    assert line.split()[1:3] == ["NOT", "RUN"]
    assert f"{FIREFOX.variable} names '{NOWHERE}'" in line
    assert line.endswith("; then: make firefox")
    assert done.returncode == 1  # it was named; where all stages run, those that can run decide


def sample(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    pytester.makeconftest('pytest_plugins = ["tests.runtime.plugin"]')
    pytester.makepyfile(SAMPLE)
    return pytester.runpytest_inprocess("-rs", "-p", "no:cacheprovider", *arguments)
