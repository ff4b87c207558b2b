"""What these tests share: a stand-in for one system call, a forked child, another process.

The system calls of the adapter are watched or replaced by substitutes, because no test can wait
for a full disk, a Mac or a signal in the middle of a write. Locks, forks and killed holders are
real. Border: these tests see the adapter from both sides, and never the kernel's log.
"""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from libredb_osfs import OsFileSystem

FS = OsFileSystem()


class Calls:
    """Stand between the adapter and one system call, and remember what passed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, module: Any = os) -> None:
        self.real: Callable[..., Any] = getattr(module, name)
        self.instead: Callable[..., Any] = self.real
        self.seen: list[tuple[Any, ...]] = []
        monkeypatch.setattr(module, name, self)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.seen.append(arguments)
        return self.instead(*arguments, **named)


def refuse(number: int) -> Callable[..., Any]:
    def refusing(*arguments: Any, **named: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return refusing


def in_child(check: Callable[[], bool]) -> bool:
    """Return what `check` says in a forked child."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if check() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def fails_with_ebadf(call: Callable[[], object]) -> bool:
    try:
        call()
    except OSError as error:
        return error.errno == errno.EBADF
    return False


def open_count() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


LOCKER = """
import sys
sys.path[:0] = sys.argv[2:]
from libredb_osfs import OsFileSystem
try:
    lock = OsFileSystem().lock(sys.argv[1])
except BlockingIOError:
    print("refused", flush=True)
else:
    print("locked", flush=True)
    sys.stdin.read()
"""


def locker(path: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", LOCKER, path, *sys.path]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
