"""What a fresh interpreter needs: time to import libredb, and memory to open a database.

Memory is what the operating system counts as resident (Linux: VmRSS and VmHWM of the process), as
the difference between before and after. An interpreter of its own does it each time, because one
that has had other work reuses what that left. The peak is set back before opening, so that what
importing needed does not count. `tracemalloc` would count what Python asks for, at a price in both
memory and time, and `getrusage` cannot set its peak back.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from scripts.benchmarks.processes import python_path
from scripts.benchmarks.row import PIECE, Figures, Job, Kind, Refusal, Row, Workload
from scripts.benchmarks.stores.sqlite import Sqlite
from scripts.benchmarks.workloads.files import MILLION, compacted, grown, loaded

_STATUS = Path("/proc/self/status")

_PROGRAM = """
import gc, json, sys, time
sys.path[:0] = json.loads(sys.argv[1])
"""

_IMPORT = """
started = time.thread_time()
import {module}
print(json.dumps({{"": time.thread_time() - started}}))
"""

_MEMORY = """
def resident(name):
    with open("/proc/self/status") as status:
        [line] = [line for line in status if line.startswith(name)]
    return int(line.split()[1]) * 1024

{prepare}
gc.collect()
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")  # sets VmHWM back
before = resident("VmRSS:")
kept = {open}
gc.collect()
after = resident("VmRSS:"), resident("VmHWM:")
least = 4096  # a page: less than nothing is no ratio
print(json.dumps({{
    "kept": max(after[0] - before, least), "at its peak": max(after[1] - before, least)
}}))
"""

_LIBREDB = {
    "prepare": "import libredb\nlibredb.open().close()\nimport libredb_osfs",
    "open": "libredb.open(sys.argv[2], mode='rw')",
}
_SQLITE = {
    "prepare": "import sqlite3\nfile = sqlite3.connect(sys.argv[2])",
    "open": "dict(file.execute('SELECT key, value FROM entries'))",
}


def importing(module: str, job: Job) -> Iterator[Figures]:
    """Import a module in a fresh interpreter."""
    yield {}
    while True:
        yield _run(_IMPORT.format(module=module), job)


def remembering(parts: dict[str, str], build: Callable[[Job], Path], job: Job) -> Iterator[Figures]:
    """Open a database in a fresh interpreter, and return what that took of memory, in bytes."""
    if not _STATUS.exists():
        raise Refusal("only Linux tells how much memory a process has")
    path = build(job)
    yield {}
    while True:
        yield _run(_MEMORY.format(**parts), job, path)


def _run(program: str, job: Job, *arguments: Path) -> Figures:
    """Run a program in a fresh interpreter, with the libredb of this process."""
    command = [sys.executable, "-I", "-c", _PROGRAM + program, json.dumps(python_path())]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=job.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def _memory_row(name: str, title: str, build: Callable[[Job], Path]) -> Row[Workload]:
    return Row(
        name,
        title,
        Kind.MEMORY,
        {
            "libredb": partial(remembering, _LIBREDB, build),
            "sqlite3, `dict(SELECT)`": partial(
                remembering, _SQLITE, partial(loaded, "sqlite3", Sqlite, MILLION)
            ),
        },
        figures=("kept", "at its peak"),
        warm=False,
    )


ROWS = [
    Row(
        "import",
        "`import libredb`",
        Kind.PROCESSOR,
        {
            "libredb": partial(importing, "libredb"),
            "`import sqlite3`": partial(importing, "sqlite3"),
            "`import asyncio`": partial(importing, "asyncio"),
        },
        more_rounds=5,  # at least 21, for what is a matter of a few hundredths
    ),
    _memory_row(
        "memory",
        "memory at opening 1 M entries, compacted",
        partial(compacted, MILLION),
    ),
    _memory_row(
        "memory-grown",
        "memory at opening 1 M entries, never compacted",
        partial(grown, PIECE),
    ),
]
