"""Claim: 32 threads that share a sync lose nothing on a real file.

Their orders are the operating system's; those of small cases are enumerated with the kernel.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import libredb
from libredb import Transaction

pytestmark = pytest.mark.cpython(reason="runs threads on a real file")

THREADS = 32
COMMITS_EACH = 25


def test_32_threads_lose_no_update_and_are_acknowledged_when_their_commits_are_durable(
    tmp_path: Path,
) -> None:
    path = tmp_path / "db.libredb"
    db = libredb.open(path, group_commit=libredb.SharedSync())

    def increment(tx: Transaction) -> int:
        number = int(tx.get(b"count", b"0")) + 1
        tx.set(b"count", b"%d" % number)
        tx.set(b"n%05d" % number, b"")
        return number

    def work(thread: int) -> list[int]:
        told: list[int] = []
        for index in range(COMMITS_EACH):
            if (thread + index) % 5:
                number = db.transact(increment)
            else:
                with db.transaction() as tx:
                    number = increment(tx)
            assert db.durable_version >= number, "it returned, and is not durable"
            assert int(db.get(b"count") or 0) >= number, "it returned, and is not visible"
            told.append(number)
        return told

    with ThreadPoolExecutor(THREADS) as pool:
        told = [number for numbers in pool.map(work, range(THREADS)) for number in numbers]
    count = THREADS * COMMITS_EACH
    assert sorted(told) == list(range(1, count + 1))
    db.close()
    with libredb.open(path) as again:
        assert (again.version, again.get(b"count")) == (count, b"%d" % count)
        assert again.count(prefix=b"n") == count
