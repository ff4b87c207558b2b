"""What runs inside of the worker: libredb's part of each row, and the way to contenders.js.

The clock is the one on the wall: a browser has no other, and shows a worker only steps of 0.1 ms.
"""

import importlib
import random
import time
from collections.abc import Callable
from typing import Any

import libredb_opfs
from libredb_opfs import OpfsFileSystem

import libredb
from libredb import Database

KEY_BYTES = 16
VALUE_BYTES = 100
PIECE = 10_000

Entry = tuple[bytes, bytes]

_source = random.Random(1)


def new_entries(count: int) -> list[Entry]:
    """Return random entries."""
    return [(_source.randbytes(KEY_BYTES), _source.randbytes(VALUE_BYTES)) for _ in range(count)]


def put_all(db: Database, entries: list[Entry]) -> None:
    """Commit the entries together."""
    with db.transaction() as tx:
        for key, value in entries:
            tx.set(key, value)


def timed(work: Callable[[], object], times: int) -> float:
    """Return the seconds of one of the `times` that `work` does something."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / times


class Ours:
    """Two databases: one that is loaded, compacted and read, and one that is written to."""

    _fs: OpfsFileSystem
    _read: Database
    _written: Database
    _keys: list[bytes]

    async def prepare(self, name: str, count: int) -> None:
        """Load `count` entries."""
        self._fs = await libredb_opfs.acquire(f"{name}-read")
        self._fs.clear()
        self._read = libredb.open("read.libredb", fs=self._fs)
        entries = new_entries(count)
        for start in range(0, count, PIECE):
            put_all(self._read, entries[start : start + PIECE])
        self._keys = [key for key, _ in entries]
        self._read.compact()
        self._reopen(1)
        written = await libredb_opfs.acquire(f"{name}-written")
        written.clear()
        self._written = libredb.open("written.libredb", fs=written)

    def round(self, workload: str, times: int) -> float:
        """Return the seconds of one operation."""
        if workload == "open":
            return self._reopen(times)
        word, _, together = workload.partition("-")
        if word == "put":
            return self._put(int(together), times)
        keys = [bytes(bytearray(key)) for key in _source.choices(self._keys, k=times)]
        works = {"get": self._get, "get-within": self._get_within, "scan-100": self._scan}
        return timed(lambda: works[workload](keys), times)

    def _put(self, together: int, times: int) -> float:
        commits = [new_entries(together) for _ in range(times)]
        if together > 1:
            return timed(lambda: [put_all(self._written, entries) for entries in commits], times)
        transact = self._written.transact

        def work() -> None:
            for [(key, value)] in commits:
                transact(lambda tx, key=key, value=value: tx.set(key, value))

        return timed(work, times)

    def _get(self, keys: list[bytes]) -> None:
        get = self._read.get
        for key in keys:
            get(key)

    def _get_within(self, keys: list[bytes]) -> None:
        with self._read.read() as tx:
            get = tx.get
            for key in keys:
                get(key)

    def _scan(self, starts: list[bytes]) -> None:
        scan = self._read.scan
        for start in starts:
            list(scan(start, limit=100))

    def _reopen(self, times: int) -> float:
        """Close and open the database; only opening is timed."""
        seconds = 0.0
        for _ in range(times):
            self._read.close()
            started = time.perf_counter()
            self._read = libredb.open("read.libredb", fs=self._fs)
            seconds += time.perf_counter() - started
        return seconds / times


ours = Ours()
_imported: list[Any] = []


async def prepare(url: str, name: str, count: int) -> None:
    """Prepare a contender: one of contenders.js at `url`, or ours if that is empty."""
    if not url:
        await ours.prepare(name, count)
        return
    if not _imported:
        run_js = importlib.import_module("pyodide.code").run_js
        _imported.append(await run_js("(url) => import(url)")(url))
    await _imported[0].prepare(name, count)


async def run_round(url: str, name: str, workload: str, times: int) -> float:
    """Do one round of a contender."""
    if not url:
        return ours.round(workload, times)
    return await _imported[0].round(name, workload, times)
