"""Runs tests against a mutant, in a process of its own: `python -m sim.hunts.testing NAME TEST`.

Mistakes about threads, tasks, `with` blocks and messages are not noticed by a simulation of storage
but by the tests that were written for them. Whatever the child imports meets the broken kernel; a
test that starts another process does not see it there.
Absent on purpose: tests that pin a digest or a document, which notice everything and say nothing.
"""

import subprocess
import sys
from pathlib import Path

from sim.hunts.loading import find, loader_of
from sim.mutants.mutant import is_test

TIMEOUT_SECONDS = 120
ROOT = Path(__file__).parents[2]
UNCHANGED = "-"
"""Stands for the name of a mutant, and means the kernel as it is."""
_PASSED, _FAILED = 0, 1
_OURS = {"libredb", "libredb_osfs", "sim", "tests"}


def failure_of(name: str, test: str) -> str | None:
    """Return the first failure that the tests `test` have with a mutant, or None.

    Raises:
        RuntimeError: the tests could not be run, which proves nothing.
    """
    assert is_test(test), test
    command = [sys.executable, "-m", "sim.hunts.testing", name, test]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    if done.returncode == _PASSED:
        return None
    told = [x for x in done.stdout.splitlines() if x.startswith(("FAILED ", "ERROR "))]
    if done.returncode != _FAILED or not told:
        raise RuntimeError(f"{test} cannot be run with {name!r}:\n{done.stdout}{done.stderr}")
    return told[0]


def main(name: str, test: str) -> int:
    """Run the tests in this process, which imports everything anew; return pytest's exit code."""
    import pytest  # noqa: PLC0415 - only here: the simulator itself needs nothing to be installed

    if name != UNCHANGED:
        sys.meta_path.insert(0, loader_of(find(name)))
    for module in [module for module in sys.modules if module.split(".")[0] in _OURS]:
        del sys.modules[module]
    options = ["-q", "-x", "--no-header", "--tb=short", "-p", "no:cacheprovider"]
    return int(pytest.main([*options, test]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
