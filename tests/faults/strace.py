"""Runs a process under strace, which shows its system calls and can make one of them fail.

An injected error stands in for the call, which never happens; an injected SIGKILL arrives before
the call does anything. So both leave what the calls before it left. (A write that is really cut
short needs a real limit: see test_file_size_limit.py and test_full_disk.py.)
Absent on purpose: strace's --seccomp-bpf, which is faster and loses injected signals.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.commits import environment

STORAGE_CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "renameat", "renameat2")
"""What a log asks of the system to change anything; not every machine has every rename."""

TOLD = "write"
"""What a worker tells its parent with."""

APT_SECONDS = 180
RUN_SECONDS = 120

_ZEROS = re.compile(r'\d+, "(\\0)+"(\.\.\.)?, \d+, (\d+)$')
_HEADER = re.compile(r'\d+, "LRDB\\0.*, 0$')
_LINE = re.compile(r"(\w+)\((.*?)\)?\s+= (.*)$")


def find_or_install_strace() -> str | None:
    """Return where strace is, installing it if this process may; None without it. Never raises."""
    found = shutil.which("strace")
    if found or not sys.platform.startswith("linux") or os.geteuid() != 0:
        return found
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=1"]
    install = [*apt, "install", "-y", "--no-install-recommends", "strace"]
    for commands in ([install], [[*apt, "update"], install]):
        for command in commands:
            _run_quietly(command)
        found = shutil.which("strace")
        if found:
            break
    return found


def why_not(strace: str | None) -> str | None:
    """Return why this strace cannot be used, or None if it can."""
    if strace is None:
        return "strace is not installed, and this process could not install it through apt-get"
    if not _run_quietly([strace, "-o", os.devnull, "true"]):
        return "strace may not trace here: ptrace is not permitted"
    return None


def _run_quietly(command: list[str]) -> bool:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=APT_SECONDS,
            check=False,
        )
        return done.returncode == 0
    return False


@dataclass(frozen=True)
class Call:
    """One system call, `number` counting those of the same name from 1."""

    name: str
    number: int
    arguments: str
    outcome: str

    @property
    def is_room(self) -> bool:
        """Whether it fills reserved room with zeros, which is a favour and may be refused."""
        zeros = _ZEROS.match(self.arguments)
        return self.name == "pwrite64" and zeros is not None and int(zeros[3]) >= 8192

    @property
    def is_header(self) -> bool:
        """Whether it writes the header of a log."""
        return self.name == "pwrite64" and _HEADER.match(self.arguments) is not None

    @property
    def injected(self) -> bool:
        """Whether strace answered in place of the system."""
        return self.outcome.endswith("(INJECTED)")

    def tells(self, line: str) -> bool:
        """Whether it tells the parent this line."""
        return self.name == TOLD and self.arguments.startswith(f'1, "{line}\\n"')


@dataclass(frozen=True)
class Traced:
    """What a process did, told and left."""

    calls: list[Call]
    told: list[str]
    errors: str
    returncode: int


def run_traced(
    strace: str, program: Sequence[str], log: Path, *, inject: str | None = None
) -> Traced:
    """Run a Python program of this checkout under strace, perhaps with an injected fault.

    The program is `[file, argument, ...]`, and `log` is where strace writes.
    """
    names = [f"?{name}" for name in STORAGE_CALLS]
    options = ["-qq", "-s", "32", "-o", str(log), "-e", f"trace={','.join([TOLD, *names])}"]
    if inject is not None:
        options += ["-e", f"inject={inject}"]
    done = subprocess.run(
        [strace, *options, sys.executable, "-S", "-W", "error", *program],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    calls = _read(log.read_text(encoding="utf-8"))
    return Traced(calls, done.stdout.splitlines(), done.stderr, done.returncode)


def _read(log: str) -> list[Call]:
    calls: list[Call] = []
    counts: Counter[str] = Counter()
    for line in log.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        counts[match[1]] += 1
        calls.append(Call(match[1], counts[match[1]], match[2], match[3]))
    return calls
