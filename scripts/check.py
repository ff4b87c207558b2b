"""Runs everything that `make test` checks, as stages, and sums up.

What the stages are is in stages.py. Since some of them wait, one more than there are cores runs at
once. Each prints its output whole when it ends, so two never mix; every command is shown as it was
run and can be repeated by hand, at the top of the checkout and with .venv activated.

`python scripts/check.py` runs all stages; with names (lint, types, suite, ...) only those. The last
line sums up the tests: `N passed, N failed`. The exit code is 0 if and only if every stage passed,
or was not named and needs a Firefox where none can be had; the summary says so.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from environment import ROOT, SUPPORTED, SetupError, ensure, find_interpreters
from stages import MEASURED, Stage, all_stages

COMMAND_TIMEOUT_SECONDS = 2400


@dataclass
class Tally:
    """How many tests passed, failed (or broke) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"

    def add(self, other: "Tally") -> None:
        """Add the counts of `other` to these."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


@dataclass
class Outcome:
    """What became of a stage."""

    stage: Stage
    passed: bool
    seconds: float
    output: str
    did_run: bool = True
    tally: Tally | None = None
    coverage: list[str] = field(default_factory=list[str])

    @property
    def verdict(self) -> str:
        """What the summary says."""
        if not self.did_run:
            return "NOT RUN"
        return "passed" if self.passed else "FAILED"


def main(names: list[str]) -> int:
    """Run the stages with these names, or all of them, and print the summary."""
    started = time.monotonic()
    interpreters = find_interpreters()
    if not names:
        _print_interpreters(interpreters)
    with tempfile.TemporaryDirectory() as reports:
        stages = all_stages(Path(reports), interpreters)
        unknown = set(names) - {stage.name for stage in stages}
        if unknown:
            print(f"no such stage: {', '.join(sorted(unknown))}", file=sys.stderr)
            return 2
        chosen = [s for s in stages if s.name in names or not (names or s.only_by_name)]
        outcomes = _run_all([stage for stage in chosen if stage.name == "fetch"])
        outcomes += _run_all([stage for stage in chosen if stage.name != "fetch"])
    _print_summary(outcomes, time.monotonic() - started)
    return 0 if all(o.passed or not (o.did_run or names) for o in outcomes) else 1


def _print_interpreters(found: dict[str, str]) -> None:
    """Say which of the supported Pythons the suite will run on, and which are not here."""
    for version in SUPPORTED:
        where = sys.executable if version == MEASURED else found.get(version, "not found")
        print(f"CPython {version}: {where}", flush=True)


def _run_all(stages: list[Stage]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool:
        for future in as_completed([pool.submit(_run, stage) for stage in stages]):
            outcome = future.result()
            outcomes.append(outcome)
            heading = f"=== {outcome.stage.name}: {outcome.verdict} in {outcome.seconds:.1f} s ==="
            print(f"\n{heading}\n{outcome.output}", flush=True)
    return outcomes


def _run(stage: Stage) -> Outcome:
    started = time.monotonic()
    print(f"... {stage.name} started", flush=True)
    ready, output = True, ""
    if stage.only_where is not None:
        ready, output = _execute(stage.only_where)
        if not ready:
            return Outcome(stage, False, time.monotonic() - started, output.rstrip(), did_run=False)
    if stage.python is not None:
        ready, output = _prepare(stage.name, stage.python)
    verdicts = [ready]
    for command in stage.commands if ready else ():
        passed, printed = _execute(command)
        verdicts.append(passed)
        output += f"$ {shlex.join(command)}\n{printed}"
    outcome = Outcome(stage, all(verdicts), time.monotonic() - started, output.rstrip())
    if stage.reports:
        outcome.tally = Tally()
        for report in stage.reports:
            outcome.tally.add(_read_tally(report))
        outcome.coverage = re.findall(r"^TOTAL .* (\d+\.\d+)%$", output, re.MULTILINE)
    return outcome


def _prepare(version: str, interpreter: str) -> tuple[bool, str]:
    """Make the environment of another Python; return whether that worked, and what to print."""
    try:
        ensure(ROOT / f".venv-{version}", interpreter, extra="test")
    except SetupError as error:
        return False, str(error)
    return True, ""


def _execute(command: list[str]) -> tuple[bool, str]:
    """Run a command in the checkout; return whether it passed, and all that it printed."""
    environment = {
        **os.environ,
        "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        # Or pyright asks the network whether there is a newer one.
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
        # Tests start hundreds of interpreters; none should compile everything again.
        "PYTHONPYCACHEPREFIX": str(ROOT / ".cache/bytecode"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return False, f"{error.stdout or ''}\nStopped after {COMMAND_TIMEOUT_SECONDS} s.\n"
    return done.returncode == 0, done.stdout


def _read_tally(report: Path) -> Tally:
    """Count the tests of a JUnit report; a report that is missing counts as one failure."""
    if not report.is_file():
        return Tally(failed=1)
    tally = Tally()
    for suite in ET.parse(report).getroot().iter("testsuite"):
        failed = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        skipped = int(suite.get("skipped", "0"))
        passed = int(suite.get("tests", "0")) - failed - skipped
        tally.add(Tally(passed=passed, failed=failed, skipped=skipped))
    return tally


def _print_summary(outcomes: list[Outcome], seconds: float) -> None:
    print("\n=== summary ===")
    total = Tally()
    for outcome in outcomes:
        tests = "" if outcome.tally is None else f"  {outcome.tally}"
        if not outcome.did_run:
            reason, _, _ = outcome.output.partition("\n")
            tests = f"  {reason}; then: make firefox"
        print(f"{outcome.stage.name:15} {outcome.verdict:7} {outcome.seconds:7.1f} s{tests}")
        for what, percent in zip(("libredb/kernel", "the rest"), outcome.coverage, strict=False):
            print(f"{'':15} coverage of {what}: {percent} %, lines and branches")
        total.add(outcome.tally or Tally())
    print(f"all stages: {seconds:.1f} s")
    if any(outcome.tally for outcome in outcomes):
        print(total)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
