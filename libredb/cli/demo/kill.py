"""Start a writer, kill it in mid-commit, and return what it had acknowledged.

The writer never pauses, so any moment after an acknowledgement is in the middle of a commit: most
often while the disk is asked to sync it. A kill in a small commit waits for a random part of the
time that a commit takes. A kill in a large one waits until the file grows: the write goes on then,
and SIGKILL stops it half way.
"""

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from libredb.cli.demo.writer import LARGE_EVERY
from libredb.cli.ending import whole


@dataclass(frozen=True, slots=True)
class Killed:
    """What a writer did."""

    acknowledged: int
    """The last commit it acknowledged."""
    commits_per_second: float
    """How fast it was when it was killed."""


def kill_in_mid_commit(path: Path, writer: int) -> Killed:
    """Run writer number `writer` on the database at `path` and kill it.

    Odd writers are killed in a small commit, even ones in a large one.

    Raises:
        ChildProcessError: the writer ended by itself.
    """
    in_large_commit = writer % 2 == 0
    last = LARGE_EVERY - 1 if in_large_commit else random.randrange(10, LARGE_EVERY - 1)
    with whole(_running(path, writer)) as (process, pipe):
        times: list[float] = []
        while len(times) < last and pipe.readline():
            times.append(time.perf_counter())
        seconds_per_commit = (times[-1] - times[0]) / len(times) if times else 0.0
        if in_large_commit:
            _wait_for_growth(path, pipe)
        else:
            _wait(random.random() * seconds_per_commit)
        process.kill()
        acknowledged = len(times)
        # What is still in the pipe was acknowledged before the kill.
        for line in pipe:
            acknowledged = int(line)
        if process.wait() != -signal.SIGKILL:
            raise ChildProcessError(f"the writer ended by itself with {process.returncode}")
    return Killed(acknowledged, 1 / max(seconds_per_commit, sys.float_info.epsilon))


def _wait(seconds: float) -> None:
    """Sleep, do not spin: the writer may have woken us on its own processor, and needs it back."""
    time.sleep(seconds)


def _wait_for_growth(path: Path, pipe: IO[bytes]) -> None:
    """Return when the file grows, or when the writer is quicker and the pipe has news."""
    size = os.stat(path).st_size  # noqa: PTH116 - a Path would take twice as long to look
    while os.stat(path).st_size == size:  # noqa: PTH116 - as above
        if select.select([pipe], [], [], 0)[0]:
            return


@contextmanager
def _running(path: Path, writer: int) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Start a writer; whatever happens, it does not outlive the block.

    For `whole`: a signal while the process is made would leave one that nobody knows of.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "libredb.cli.demo.writer", str(path), str(writer)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C is for the demo, which then kills the writer
    )
    assert process.stdout is not None, "it was asked for"
    with process:
        try:
            yield process, process.stdout
        except KeyboardInterrupt as interrupt:
            interrupt.add_note("The writer process was killed.")
            raise
        finally:
            process.kill()
