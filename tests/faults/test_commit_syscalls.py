"""A commit is one write and one fdatasync: 100 commits are 100 of each, in that order.

Seen from outside, by strace: between the return of commit 1 and the return of commit 101, the only
other calls on the file are the few writes of zeros that reserve room for what follows.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.commits import environment

pytestmark = pytest.mark.cpython(reason="traces a process with strace")

COMMITS = 101
VALUE_BYTES = 15_000
"""Large enough for the room to be used up within the interval, so that more is reserved in it."""

PROGRAM = """
import os, sys, libredb
with libredb.open(sys.argv[1]) as db:
    for number in range(int(sys.argv[2])):
        db.transact(lambda tx: tx.set(b"key", b"v" * int(sys.argv[3])))
        os.write(1, b"returned")
"""
CALLS = "write,pwrite64,writev,pwritev,pwritev2,fdatasync,fsync,sync_file_range,ftruncate,fallocate"
ZEROS = re.compile(r'pwrite64\(\d+, "(\\0)+"\.\.\., ')
RECORD = re.compile(r'pwrite64\(\d+, "(?!(\\0)+")')


def trace(strace: str, db_path: str, to: Path) -> list[str]:
    """Return what a process that commits asks of the operating system, a line for each call."""
    command = [strace, "-f", "-s", "32", "-e", f"trace={CALLS}", "-o", str(to)]
    program = [sys.executable, "-c", PROGRAM, db_path, str(COMMITS), str(VALUE_BYTES)]
    subprocess.run([*command, *program], env=environment(), check=True, capture_output=True)
    return [line.split(maxsplit=1)[1] for line in to.read_text().splitlines()]


def name_of(call: str) -> str:
    """Return what a call is for."""
    if call.startswith("write(1,"):
        return "return"
    if ZEROS.match(call):
        return "room"
    return "record" if RECORD.match(call) else call.split("(", 1)[0]


def test_a_hundred_commits_are_a_hundred_writes_and_a_hundred_data_syncs(
    strace: str, db_path: str, tmp_path: Path
) -> None:
    names = [name_of(call) for call in trace(strace, db_path, tmp_path / "trace")]
    returns = [index for index, name in enumerate(names) if name == "return"]
    assert len(returns) == COMMITS
    interval = names[returns[0] + 1 : returns[-1] + 1]
    room = interval.count("room")
    assert 1 <= room <= 2
    assert Counter(interval) == {"record": 100, "fdatasync": 100, "return": 100, "room": room}
    assert [name for name in interval if name != "room"] == ["record", "fdatasync", "return"] * 100
