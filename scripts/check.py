"""Runs everything that `make test` checks, as stages, and sums up.

A stage is a list of commands that run one after the other, and passes if all of them do. Stages
are independent of each other, so as many run at once as there are cores. Each prints its output
whole when it ends, so two never mix; every command is shown as it was run and can be repeated by
hand, at the top of the checkout and with .venv activated.

`python scripts/check.py` runs all stages; with names (lint, types, suite, ...) only those. The
stages `units`, `kernel` and `contract` are parts of `suite`, and run only when they are named. The
last line sums up the tests: `N passed, N failed`. The exit code is 0 if and only if every stage
passed.
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

# Tests that are measured, but for the slow ones. All others, the exhaustive, simulated and random
# ones above all, run without the tracer: it makes them five times as slow and sees nothing new.
TRACED = [
    *(f"tests/{name}" for name in ("unit", "contract", "format", "conformance", "adapters")),
    "tests/remote",
]

# The tests that start a browser. They have a stage of their own, and so has the whole suite inside
# of one; both need what `fetch` installs, which therefore runs before everything else.
BROWSER = ["tests/browser", "tests/runtime"]

# Where our JavaScript is, seen from `web`, whose settings count; types as web/tsconfig.json says.
JAVASCRIPT = ["src", "test", "../adapters", "../scripts"]
BIOME = ["env", "-C", "web", "node_modules/.bin/biome", "check", "--error-on-warnings"]

# Interrupting every line takes too long for the tracer, which it replaces.
MUTANTS = "tests/sim/test_mutants.py"
INTERRUPTS = "tests/interrupts"

# What may depend on the interpreter. Tests about the checkout, processes and system calls run on
# one alone, and so does what enumerates the bytes of a file: no Python is in them.
ELSEWHERE = [
    *(f"tests/{name}" for name in ("unit", "contract", "property", "format", "adapters")),
    *(f"tests/sim/test_{name}.py" for name in ("determinism", "profiles", "state_machine")),
]

# What a change is most likely to break. It is for the short loop: whoever runs all has run it.
QUICK = {
    "units": ["tests/unit", "--ignore=tests/unit/kernel"],
    "contract": ["tests/contract"],
    "kernel": ["tests/unit/kernel"],
}

# The Python of .venv. It runs the whole suite too, in the stages `suite`, `slow` and `untraced`.
MEASURED = f"{sys.version_info.major}.{sys.version_info.minor}"

# The other interpreters prove that nothing depends on the interpreter; that takes fewer seeds.
FEWER_SEEDS = ["env", "LIBREDB_SIM_SEEDS=1000", "LIBREDB_SIM_FRACTION=16"]

COMMAND_TIMEOUT_SECONDS = 2400


@dataclass(frozen=True)
class Stage:
    """A named list of commands; `report` is where its pytest leaves the results."""

    name: str
    commands: list[list[str]]
    report: Path | None = None
    python: str | None = None  # an interpreter to make .venv-<name> from, before the commands
    only_by_name: bool = False


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
    tally: Tally | None = None
    coverage: list[str] = field(default_factory=list[str])


def main(names: list[str]) -> int:
    """Run the stages with these names, or all of them, and print the summary."""
    started = time.monotonic()
    interpreters = find_interpreters()
    if not names:
        _print_interpreters(interpreters)
    with tempfile.TemporaryDirectory() as reports:
        stages = _stages(Path(reports), interpreters)
        unknown = set(names) - {stage.name for stage in stages}
        if unknown:
            print(f"no such stage: {', '.join(sorted(unknown))}", file=sys.stderr)
            return 2
        chosen = [s for s in stages if s.name in names or not (names or s.only_by_name)]
        outcomes = _run_all([stage for stage in chosen if stage.name == "fetch"])
        outcomes += _run_all([stage for stage in chosen if stage.name != "fetch"])
    _print_summary(outcomes, time.monotonic() - started)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _print_interpreters(found: dict[str, str]) -> None:
    """Say which of the supported Pythons the suite will run on, and which are not here."""
    for version in SUPPORTED:
        where = sys.executable if version == MEASURED else found.get(version, "not found")
        print(f"CPython {version}: {where}", flush=True)


def _stages(reports: Path, interpreters: dict[str, str]) -> list[Stage]:
    traced = [path for path in TRACED if (ROOT / path).exists()]
    untraced = ["tests", *(f"--ignore={path}" for path in (*traced, INTERRUPTS, MUTANTS, *BROWSER))]

    def pytest(name: str, *arguments: str) -> list[str]:
        options = ["-q", "-p", "no:cacheprovider", "--durations=3", "--durations-min=5"]
        return ["-m", "pytest", *options, f"--junit-xml={reports / name}.xml", *arguments]

    return [
        Stage(
            "fetch",
            [
                ["python", "-m", "scripts.browser.wheels"],
                ["python", "-m", "scripts.browser.engines"],
            ],
        ),
        Stage(
            "lint",
            [
                ["ruff", "check", "--output-format=concise"],
                ["ruff", "format", "--check"],
            ],
        ),
        Stage(
            "javascript",
            [
                ["python", "-m", "scripts.browser.wheels"],
                [*BIOME, *JAVASCRIPT],
                ["web/node_modules/.bin/tsc", "--project", "web"],
            ],
        ),
        Stage("types", [["pyright"]]),
        Stage("interface", [["pyright", "--verifytypes", "libredb", "--ignoreexternal"]]),
        # The longest first, and last the one that keeps all cores busy, so that none is idle.
        Stage(
            "pyodide",
            [[*FEWER_SEEDS, "python", *pytest("pyodide", "--runtime=pyodide", "tests")]],
            report=reports / "pyodide.xml",
        ),
        Stage(
            "browser",
            [["python", *pytest("browser", *BROWSER)]],
            report=reports / "browser.xml",
        ),
        Stage(
            "untraced",
            [["python", *pytest("untraced", *untraced)]],
            report=reports / "untraced.xml",
        ),
        Stage(
            "suite",
            [
                ["coverage", "run", *pytest("suite", "-m", "not slow", *traced)],
                ["coverage", "report", "--include=libredb/kernel/*", "--fail-under=100"],
                ["coverage", "report", "--omit=libredb/kernel/*", "--fail-under=97"],
            ],
            report=reports / "suite.xml",
        ),
        Stage(
            "slow",
            [["python", *pytest("slow", "-m", "slow", *traced)]],
            report=reports / "slow.xml",
        ),
        Stage(
            "interrupts",
            [["python", *pytest("interrupts", INTERRUPTS)]],
            report=reports / "interrupts.xml",
        ),
        *(
            Stage(
                version,
                [
                    [
                        *(*FEWER_SEEDS, f".venv-{version}/bin/python"),
                        *pytest(version, "-m", "not slow", *ELSEWHERE),
                    ]
                ],
                report=reports / f"{version}.xml",
                python=path,
            )
            for version, path in interpreters.items()
            if version != MEASURED
        ),
        *(
            Stage(
                name,
                [["python", *pytest(name, "-m", "not slow", *paths)]],
                report=reports / f"{name}.xml",
                only_by_name=True,
            )
            for name, paths in QUICK.items()
        ),
        Stage(
            "mutants",
            [["python", *pytest("mutants", MUTANTS)]],
            report=reports / "mutants.xml",
        ),
    ]


def _run_all(stages: list[Stage]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for future in as_completed([pool.submit(_run, stage) for stage in stages]):
            outcome = future.result()
            outcomes.append(outcome)
            verdict = "passed" if outcome.passed else "FAILED"
            heading = f"=== {outcome.stage.name}: {verdict} in {outcome.seconds:.1f} s ==="
            print(f"\n{heading}\n{outcome.output}", flush=True)
    return outcomes


def _run(stage: Stage) -> Outcome:
    started = time.monotonic()
    print(f"... {stage.name} started", flush=True)
    ready, output = True, ""
    if stage.python is not None:
        ready, output = _prepare(stage.name, stage.python)
    verdicts = [ready]
    for command in stage.commands if ready else ():
        passed, printed = _execute(command)
        verdicts.append(passed)
        output += f"$ {shlex.join(command)}\n{printed}"
    outcome = Outcome(stage, all(verdicts), time.monotonic() - started, output.rstrip())
    if stage.report is not None:
        outcome.tally = _read_tally(stage.report)
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
        verdict = "passed" if outcome.passed else "FAILED"
        tests = "" if outcome.tally is None else f"  {outcome.tally}"
        print(f"{outcome.stage.name:10} {verdict} {outcome.seconds:7.1f} s{tests}")
        for what, percent in zip(("libredb/kernel", "the rest"), outcome.coverage, strict=False):
            print(f"{'':10} coverage of {what}: {percent} %, lines and branches")
        total.add(outcome.tally or Tally())
    print(f"all stages: {seconds:.1f} s")
    if any(outcome.tally for outcome in outcomes):
        print(total)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
