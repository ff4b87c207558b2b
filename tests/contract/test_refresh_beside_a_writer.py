"""A reader that refreshes while a writer works sees what was committed, and never goes back.

Each seed interleaves the calls that both make of storage: two threads, of which one runs at a time,
and before each call the seed decides which. Every commit sets `count`, so that a state tells which
one it is, and only whole ones are right, in order. The reader keeps a copy as well, which it brings
up to date with `changes`: it holds durable commits alone.
"""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import (
    ChangesTrimmedError,
    Database,
    GroupCommit,
    IncompleteReadError,
    StorageError,
    UsageError,
)
from libredb.kernel import compaction, history
from libredb.kernel import refresh as refreshing
from sim.world.filesystem import SimFileSystem, Style
from tests.support.case import case

pytestmark = [pytest.mark.cpython, pytest.mark.slow]

State = dict[bytes, bytes]

SEEDS = 200
STEPS = 25
COUNT = b"count"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a refresh and a reading of changes take several calls."""
    monkeypatch.setattr(refreshing, "PIECE_BYTES", 90)
    monkeypatch.setattr(history, "PIECE_BYTES", 90)
    monkeypatch.setattr(compaction, "BLOCK_BYTES", 20)
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", 60)


class Turns:
    """A hook that lets one thread run at a time, and chooses before each call of storage."""

    def __init__(self, seed: int) -> None:
        self._generator = random.Random(seed)
        self._changed = threading.Condition()
        self._alive: list[str] = ["writer", "reader"]
        self._next = "writer"
        self.errors: list[BaseException] = []
        self.switches = 0

    def run(self, name: str, work: Callable[[], object]) -> threading.Thread:
        """Return a thread that does `work` in its turns, and leaves the other one alone then."""

        def live() -> None:
            try:
                self._wait(name)
                work()
            except BaseException as error:  # noqa: BLE001 - the test raises it
                self.errors.append(error)
            finally:
                with self._changed:
                    self._alive.remove(name)
                    self._next = "".join(self._alive)
                    self._changed.notify_all()

        return threading.Thread(target=live, name=name)

    def _wait(self, name: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._next == name, 60), "the other one hangs"

    def __call__(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...], /
    ) -> Any:
        me = threading.current_thread().name
        with self._changed:
            chosen = self._generator.choice(self._alive)
            self.switches += chosen != self._next
            self._next = chosen
            self._changed.notify_all()
        self._wait(me)
        return effect(*arguments)


class Writer:
    """Commits, and notes the state after each commit before it begins."""

    def __init__(self, fs: SimFileSystem, seed: int) -> None:
        self.fs = fs
        self.states: dict[int, State] = {0: {}}
        self.compactions = 0
        self.has_ended = False
        self._generator = random.Random(seed + 1000)

    def work(self) -> None:
        db = self._open()
        for _ in range(STEPS):
            kind = self._generator.choice(["commit"] * 6 + ["group", "sync", "compact", "reopen"])
            if kind == "commit":
                self._commit(db)
            elif kind == "group":
                with db.group():
                    for _ in range(3):
                        self._commit(db)
            elif kind == "sync":
                db.sync()
            elif kind == "compact":
                self.compactions += 1
                db.compact()
            else:
                db.close()
                db = self._open()
        db.close()
        self.has_ended = True

    def _open(self) -> Database:
        window = GroupCommit(commits=self._generator.choice([1, 3]))
        return libredb.open("p", fs=self.fs, group_commit=window)

    def _commit(self, db: Database) -> None:
        count = max(self.states) + 1
        state = {**self.states[count - 1], COUNT: b"%d" % count}
        key = b"%d" % self._generator.randrange(6)
        is_deletion = key in state and self._generator.random() < 0.3
        if is_deletion:
            del state[key]
        else:
            state[key] = b"v" * self._generator.randrange(200)
        self.states[count] = state

        def work(tx: libredb.Transaction) -> None:
            tx.set(COUNT, b"%d" % count)
            if is_deletion:
                tx.delete(key)
            else:
                tx.set(key, state[key])

        db.transact(work)


class Reader:
    """Refreshes, and holds what it sees against what the writer noted."""

    def __init__(self, fs: SimFileSystem, writer: Writer, db: Database) -> None:
        self.writer = writer
        self.db = db
        self.style = fs.style
        self.count = 0
        self.copy: State = {}
        self.copied = 0
        self.continued = self.anew = self.followed = 0

    def work(self) -> None:
        while not self.writer.has_ended:
            self.look()
            self.follow()

    def look(self) -> None:
        """Refresh, and judge what is there."""
        before = self.db.version
        if self.db.refresh():
            self.continued += 1
            assert self.db.version >= before
        else:
            self.anew += 1
            assert self.writer.compactions, "without a compaction it goes on"
        state = self._state()
        if state is None:
            return
        count = int(state.get(COUNT, b"0"))
        assert state == self.writer.states[count], "a state that never was"
        assert count >= self.count, "it went back"
        self.count = count

    def _state(self) -> State | None:
        """Return all entries, or None if the slot they are in was emptied before they were read."""
        try:
            return dict(self.db.scan())
        except UsageError as error:
            if "a compaction has replaced" not in str(error) or self.style != "slots":
                raise
            return None

    def follow(self) -> None:
        """Bring the copy up to what is durable, from the log where it tells."""
        try:
            for version, ops in self.db.changes(since=self.copied):
                self.copy.update({key: value for key, value in ops if value is not None})
                for key in (key for key, value in ops if value is None):
                    del self.copy[key]
                self.copied = version
                self.followed += 1
        except (ChangesTrimmedError, UsageError):
            state = self._state()
            if state is not None and not self.db.pending_commits:  # only what is durable is kept
                self.copy, self.copied = state, self.db.version
        except IncompleteReadError:
            assert self.db.mode == "r", "its slot was emptied while it was opened"
        except StorageError as error:
            if "no longer the one that was opened" not in str(error):
                raise
        assert self.copy == self.writer.states[int(self.copy.get(COUNT, b"0"))]


@pytest.mark.parametrize("style", ["rename", "slots"])
def test_a_reader_sees_whole_states_in_order_whatever_the_writer_is_doing(style: Style) -> None:
    continued = anew = followed = switches = 0
    for seed in range(SEEDS):
        with case(seed=seed, style=style):
            fs = SimFileSystem(style, seed=seed)
            libredb.open("p", fs=fs).close()
            writer = Writer(fs, seed)
            reader = Reader(fs, writer, libredb.open("p", fs=fs, mode="r"))
            fs.hook = turns = Turns(seed)
            threads = [turns.run("writer", writer.work), turns.run("reader", reader.work)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            fs.hook = None
            for error in turns.errors:
                raise error
            reader.look()
            assert reader.count == max(writer.states), "at rest it sees everything"
            continued, anew = continued + reader.continued, anew + reader.anew
            followed, switches = followed + reader.followed, switches + turns.switches
    assert continued > 5 * SEEDS
    assert anew > SEEDS / 2
    assert followed > 2 * SEEDS
    assert switches > 50 * SEEDS
