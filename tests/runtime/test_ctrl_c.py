"""Ctrl-C reaches every process of the terminal's group, and ends a run in Pyodide in one line."""

import os
import signal
import subprocess
import sys

import pytest

from scripts.browser.wheels import ROOT

pytestmark = pytest.mark.cpython(reason="starts pytest as a process")


def test_ctrl_c_ends_a_run_in_pyodide_in_one_line() -> None:
    # The driver of the browser and the server of the page died of it as well, each said so with a
    # page of internal errors, and the exit code was 3: what pytest calls a bug of its own.
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--runtime=pyodide"]
    with subprocess.Popen(
        [*command, "tests/property", "tests/contract"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        before: list[str] = []
        for line in process.stdout:
            before.append(line)
            if "loaded in" in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        after = process.stdout.read()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, "".join(before) + after
    assert "Ctrl-C, while tests/" in after or "Ctrl-C, and no test was running" in after
    assert after.count("Ctrl-C") == 1
    for told in ("INTERNALERROR", "Traceback", "Error:"):
        assert told not in after, after
