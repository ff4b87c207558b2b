"""The stages of `make test`: which there are, and what each runs.

A stage is a list of commands that run one after the other, and passes if all of them do. Stages do
not depend on each other. Some run only when they are named: parts of others for the short loop, and
the whole suite in Firefox. How they are run, and what is summed up, is in check.py.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from environment import ROOT, SUPPORTED

# Tests that are measured, but for the slow ones. All others, the exhaustive, simulated and random
# ones above all, run without the tracer: it makes them five times as slow and sees nothing new.
# Conformance is first: it asks the collector often, which has the less to look through the earlier.
TRACED = [
    *(f"tests/{name}" for name in ("conformance", "unit", "contract", "format", "adapters")),
    "tests/remote",
]

# The tests that start a browser. They have a stage of their own, and so has the whole suite inside
# of one; both need what `fetch` installs, which therefore runs before everything else.
BROWSER = ["tests/browser", "tests/runtime"]

# The second engine: what is most likely to differ there. `make firefox` runs everything.
FIREFOX = ["python", "-m", "scripts.browser.engines", "firefox"]
IN_FIREFOX = "--engine=firefox"
FIREFOX_INSIDE = [
    *("tests/browser/test_conformance.py", "tests/contract"),
    *("-k", "test_conformance or platform"),  # what is kept in memory is no different there
]
FIREFOX_DRIVEN = ["tests/browser/test_client_life.py", "-k", "page_is_left"]

# Where our JavaScript is, seen from `web`, whose settings count; types as web/tsconfig.json says.
JAVASCRIPT = ["src", "test", "pages", "../adapters", "../scripts"]
BIOME = ["env", "-C", "web", "node_modules/.bin/biome", "check", "--error-on-warnings"]

# Interrupting every line takes too long for the tracer, which it replaces.
MUTANTS = "tests/sim/test_mutants.py"
INTERRUPTS = "tests/interrupts"

# What may depend on the interpreter. Tests about the checkout, processes and system calls run on
# one alone, and so does what enumerates the bytes of a file: no Python is in them.
ELSEWHERE = [
    *(f"tests/{name}" for name in ("unit", "contract", "property", "format", "adapters")),
    *(f"tests/sim/test_{name}.py" for name in ("determinism", "profiles")),
]

# What no page runs, what judges the simulator and the conformance kit, and a search that is slow.
# `pytest --runtime=pyodide` runs them too.
NOT_IN_PYODIDE = [
    *(f"--ignore=tests/unit/{name}" for name in ("interop", "cli")),
    f"--ignore={MUTANTS}",
    *(f"--ignore=tests/conformance/test_{name}.py" for name in ("memory", "broken_lenses")),
    "--ignore=tests/unit/kernel/judging/test_proof.py",
]

# Between the oldest Python, which runs everything, and the newest, which runs all of that, less can
# be hidden: what the bytes of a file and the port depend on.
BETWEEN = ["tests/contract", "tests/format", "tests/adapters", "tests/sim/test_determinism.py"]

# What a change is most likely to break. It is for the short loop: whoever runs all has run it.
QUICK = {
    "units": ["tests/unit", "--ignore=tests/unit/kernel"],
    "contract": ["tests/contract"],
    "kernel": ["tests/unit/kernel"],
}

# The Python of .venv. It runs the whole suite too, in the stages `suite`, `slow` and `untraced`.
MEASURED = f"{sys.version_info.major}.{sys.version_info.minor}"

# Of the small spaces that the simulator goes through, a part, and an odd one, which leaves no bit
# out: `python -m sim run` takes all cases.
PART = ["env", "LIBREDB_SIM_FRACTION=7"]

# The other interpreters prove that nothing depends on the interpreter; that takes fewer seeds, and
# in memory the one style of replacing files that their own file system has not.
FEWER_SEEDS = ["env", "LIBREDB_SIM_SEEDS=1000", "LIBREDB_SIM_FRACTION=17"]
IN_PYODIDE = [*FEWER_SEEDS, "LIBREDB_STYLES=rename"]
IN_CPYTHON = [*FEWER_SEEDS, "LIBREDB_STYLES=slots"]


@dataclass(frozen=True)
class Stage:
    """A named list of commands; `reports` is where its calls of pytest leave the results."""

    name: str
    commands: list[list[str]]
    reports: tuple[Path, ...] = ()
    python: str | None = None  # an interpreter to make .venv-<name> from, before the commands
    only_by_name: bool = False
    only_where: list[str] | None = None  # this command works; elsewhere the stage does not run


def all_stages(reports: Path, interpreters: dict[str, str]) -> list[Stage]:
    """Return them, those of other Pythons as `interpreters` has them; `reports` takes reports."""
    traced = [path for path in TRACED if (ROOT / path).exists()]
    newest = max(interpreters, key=SUPPORTED.index, default=MEASURED)
    elsewhere = {each: ELSEWHERE if each == newest else BETWEEN for each in interpreters}
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
            [
                [
                    *IN_PYODIDE,
                    "python",
                    *pytest("pyodide", "--runtime=pyodide", *NOT_IN_PYODIDE, "tests"),
                ]
            ],
            reports=(reports / "pyodide.xml",),
        ),
        Stage(
            "firefox",
            [
                ["python", *pytest("inside", "--runtime=pyodide", IN_FIREFOX, *FIREFOX_INSIDE)],
                ["python", *pytest("driven", IN_FIREFOX, *FIREFOX_DRIVEN)],
            ],
            reports=(reports / "inside.xml", reports / "driven.xml"),
            only_where=FIREFOX,
        ),
        Stage(
            "browser",
            [["python", *pytest("browser", *BROWSER)]],
            reports=(reports / "browser.xml",),
        ),
        Stage(
            "untraced",
            [[*PART, "python", *pytest("untraced", *untraced)]],
            reports=(reports / "untraced.xml",),
        ),
        Stage(
            "suite",
            [
                ["coverage", "run", *pytest("suite", "-m", "not slow", *traced)],
                ["coverage", "report", "--include=libredb/kernel/*", "--fail-under=100"],
                ["coverage", "report", "--omit=libredb/kernel/*", "--fail-under=97"],
            ],
            reports=(reports / "suite.xml",),
        ),
        Stage(
            "slow",
            [["python", *pytest("slow", "-m", "slow", *traced)]],
            reports=(reports / "slow.xml",),
        ),
        Stage(
            "interrupts",
            [["python", *pytest("interrupts", INTERRUPTS)]],
            reports=(reports / "interrupts.xml",),
        ),
        *(
            Stage(
                version,
                [
                    [
                        *(*IN_CPYTHON, f".venv-{version}/bin/python"),
                        *pytest(version, "-m", "not slow", *elsewhere[version]),
                    ]
                ],
                reports=(reports / f"{version}.xml",),
                python=path,
            )
            for version, path in interpreters.items()
            if version != MEASURED
        ),
        *(
            Stage(
                name,
                [["python", *pytest(name, "-m", "not slow", *paths)]],
                reports=(reports / f"{name}.xml",),
                only_by_name=True,
            )
            for name, paths in QUICK.items()
        ),
        Stage(
            "firefox-suite",
            [
                [
                    *(*IN_PYODIDE, "python"),
                    *pytest("firefox-suite", "--runtime=pyodide", IN_FIREFOX, "tests"),
                ]
            ],
            reports=(reports / "firefox-suite.xml",),
            only_by_name=True,
        ),
        Stage(
            "firefox-browser",
            [["python", *pytest("firefox-browser", IN_FIREFOX, "tests/browser")]],
            reports=(reports / "firefox-browser.xml",),
            only_by_name=True,
        ),
        Stage(
            "mutants",
            [["python", *pytest("mutants", MUTANTS)]],
            reports=(reports / "mutants.xml",),
        ),
    ]
