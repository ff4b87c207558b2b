"""A commit that was acknowledged survives kill -9, whatever the writer was doing.

A writer process acknowledges commits through a pipe. It is killed when a drawn number of events
was seen: commits, groups, compactions and openings are under way then. Afterwards the database must
hold every acknowledged commit, and be the state after some whole number of commits. Each database
goes through many such lives. The operating system survives, so a window loses nothing either.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import libredb
from sim.generator import Generator
from tests.crash import writer
from tests.crash.logs import State

pytestmark = pytest.mark.cpython(reason="starts and kills processes")

ROOT = Path(__file__).parents[2]
LIVES = 25
KINDS = {
    "transactions": "ttttttttr",
    "groups": "gtg",
    "a window": "wttttttttttttt",
    "compactions": "ttcgtc",
    "everything": "tttgtcttgrtc",
    "a window and everything": "wtttgttcttttr",
}


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "adapters")])}


def run_until(path: str, seed: int, kinds: str, stop: tuple[bytes, int]) -> bytes:
    """Kill a writer when it has reported an event so often; return all that it reported."""
    event, times = stop
    process = subprocess.Popen(
        [sys.executable, str(Path(writer.__file__)), path, str(seed), kinds],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    told = b""
    while told.count(event) < times:
        more = os.read(process.stdout.fileno(), 64)
        if not more:
            break
        told += more
    process.kill()
    rest, errors = process.communicate()
    assert (process.returncode, errors) == (-signal.SIGKILL, b"")
    return told + rest


def grow(state: State, count: int, upto: int, seed: int) -> None:
    """Bring the state after commit `count` to the one after commit `upto`, in a plain database."""
    with libredb.open() as db:
        db.transact(lambda tx: [tx.set(key, value) for key, value in state.items()])
        for number in range(count + 1, upto + 1):
            db.transact(lambda tx, number=number: writer.commit(tx, number, seed))
        state.clear()
        state.update(db.scan())


def stop_of(life: int, kinds: str, generator: Generator) -> tuple[bytes, int]:
    """Draw when a life ends: the first one early, some while compacting or opening."""
    if "c" in kinds and generator.chance(0.4):
        return b"c", generator.between(1, 4)
    if generator.chance(0.15):
        return b"s", 1
    return b"wa"[life % 2 :][:1], generator.between(1, 60)


@pytest.mark.parametrize("kinds", KINDS.values(), ids=KINDS)
def test_every_acknowledged_commit_survives_a_kill(db_path: str, kinds: str) -> None:
    seed = sum(kinds.encode())
    generator = Generator(seed)
    state: State = {}
    count = 0
    seen: Counter[bytes] = Counter()
    for life in range(LIVES):
        told = run_until(db_path, seed, kinds, stop_of(life, kinds, generator))
        seen.update(bytes([event]) for event in told)
        with libredb.open(db_path) as db:
            found = writer.count_of(db)
            assert found >= count + told.count(b"a")
            grow(state, count, found, seed)
            assert dict(db.scan()) == state
        count = found
    assert seen[b"a"] > LIVES
    assert ("c" in kinds) == (seen[b"c"] > 0)


def test_the_kills_are_at_least_a_hundred_and_fifty() -> None:
    assert LIVES * len(KINDS) >= 150
