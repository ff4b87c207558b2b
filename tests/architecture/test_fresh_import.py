"""Claim: libredb runs on the standard library alone.

A fresh interpreter without site-packages stores something durable; then every module it has
loaded is part of the standard library or of libredb.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT

pytestmark = pytest.mark.cpython  # it starts a process

PROGRAM = """
import sys

sys.path[:0] = sys.argv[1:3]
import libredb

with libredb.open(sys.argv[3]) as db:
    db.transact(lambda tx: tx.set(b"key", b"value"))
    assert db.get(b"key") == b"value"
    assert db.durable_version == 1

own = {"__main__", "libredb", "libredb_osfs"}
loaded = {name.partition(".")[0] for name in sys.modules}
print(*sorted(loaded - own - set(sys.stdlib_module_names)))
"""


def test_a_commit_loads_no_module_outside_the_standard_library(tmp_path: Path) -> None:
    # -I and -S: no environment variables, no user folder and no site-packages.
    arguments = [str(ROOT), str(ROOT / "adapters"), str(tmp_path / "fresh.libredb")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
