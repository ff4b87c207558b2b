"""What the browser tests run inside a worker: a history that can be checked, and ways to end in it.

Commit i writes the entry i, whose value follows from i alone, and the entry "last". So any state
that a reader finds is commit k for exactly one k, or it is wrong. `check` tells which.
"""

import base64
import errno
import importlib
import json
import time
from collections.abc import Iterator
from typing import Any

import libredb_opfs
from libredb_opfs import OpfsFileSystem

import libredb
from libredb import Database

PATH = "app.libredb"
LAST = b"last"


def value_of(number: int) -> bytes:
    """Return what commit `number` writes: 0 to about 9,000 bytes that never repeat."""
    return (b"%d," % number) * (number * 7919 % 1800)


def write(db: Database, number: int) -> None:
    """Do commit `number`."""
    with db.transaction() as tx:
        tx.set(b"%08d" % number, value_of(number))
        tx.set(LAST, b"%d" % number)


def check(db: Database) -> int:
    """Return k if the state is that of commit k.

    Raises:
        AssertionError: it is no such state.
    """
    content = dict(db.scan())
    last = int(content.pop(LAST, b"0"))
    expected = {b"%08d" % number: value_of(number) for number in range(1, last + 1)}
    assert content == expected, f"{len(content)} entries are not the first {last} commits"
    return last


async def acquire(name: str) -> OpfsFileSystem:
    """Acquire the files of a database; an ended worker may hold them for a moment."""
    return await libredb_opfs.acquire(name, patience_seconds=20)


async def append(name: str, count: int) -> int:
    """Check the state, do so many more commits, close, and return the number of the last."""
    with await acquire(name) as fs, libredb.open(PATH, fs=fs) as db:
        last = check(db)
        for number in range(last + 1, last + count + 1):
            write(db, number)
        return last + count


async def live(name: str) -> None:
    """Check the state and post it, then commit for ever and post each commit that returned.

    Some commits come in groups, which are acknowledged at their end; now and then it compacts.
    """
    fs = await acquire(name)
    db = libredb.open(PATH, fs=fs)
    last = check(db)
    post(last)
    for number in numbers_after(last):
        if number % 61 == 0:
            db.compact()
        if number % 11 < 3:
            with db.group():
                write(db, number)
                write(db, number + 1)
                write(db, number + 2)
            post(number + 2)
        else:
            write(db, number)
            post(number)


def numbers_after(last: int) -> Iterator[int]:
    """Yield the numbers of the next commits; a group takes three."""
    number = last + 1
    while True:
        yield number
        number += 3 if number % 11 < 3 else 1


def post(message: object) -> None:
    """Tell the page, from the middle of a synchronous run."""
    js: Any = importlib.import_module("js")
    js.postMessage(js.JSON.parse(json.dumps({"kind": "posted", "value": message})))


class EndlessBridge:
    """A bridge that posts the name of its n-th call and never does it; the page ends the worker.

    What only reads is not counted: it changes nothing, and there is more of it each time.
    """

    def __init__(self, bridge: Any, step: int) -> None:
        """Stop before call `step`, counted from 1."""
        self._bridge = bridge
        self._left = step

    def __getattr__(self, name: str) -> Any:
        if name not in {"refusal", "read"}:
            self._left -= 1
            if self._left == 0:
                post(name)
                while True:
                    pass
        return getattr(self._bridge, name)


async def compact_until(name: str, step: int) -> None:
    """Check the state, do three commits, and compact, stopped before the given call of the bridge.

    Posts the number of the last commit, then the name of the call, or "done" if there is none.
    """
    fs = await acquire(name)
    db = libredb.open(PATH, fs=fs)
    last = check(db)
    for number in range(last + 1, last + 4):
        write(db, number)
    post(last + 3)
    put_bridge(db, EndlessBridge(fs.bridge, step))
    db.compact()
    post("done")


def put_bridge(db: Database, bridge: EndlessBridge) -> None:
    """Put a bridge under an open database, files that are already open included."""
    log = db._commits.log
    assert log is not None
    file: Any = log.file
    file._bridge = bridge
    file._fs.bridge = bridge


_held: list[tuple[OpfsFileSystem, Database]] = []


async def hold(name: str) -> int:
    """Open a database and keep it open; return the commit it is at."""
    fs = await acquire(name)
    db = libredb.open(PATH, fs=fs)
    _held.append((fs, db))
    return check(db)


def compact_held() -> dict[str, object]:
    """Compact what `hold` opened; return how that was refused, if it was, and the commit shown."""
    refusal = None
    db = _held[0][1]
    try:
        db.compact()
    except libredb.StorageError as error:
        refusal = errno.errorcode[error.errno or 0]  # the numbers differ between platforms
    return {"errno": refusal, "last": check(db)}


def close_database() -> None:
    """Close what `hold` opened, but keep the files."""
    _held[0][1].close()


def close_files() -> None:
    """Give the files of `hold` back."""
    _held.pop()[0].close()


async def try_acquire(name: str, patience_seconds: float) -> dict[str, object]:
    """Acquire and give back; return the code of the error, if any, and how long it took."""
    started = time.monotonic()
    code = None
    try:
        fs = await libredb_opfs.acquire(name, patience_seconds=patience_seconds)
    except libredb.LibreDBError as error:
        code = error.code
    else:
        fs.close()
    return {"code": code, "seconds": time.monotonic() - started}


async def fill(name: str) -> dict[str, object]:
    """Commit until storage refuses; return what was acknowledged and how the refusal looked."""
    fs = await acquire(name)
    db = libredb.open(PATH, fs=fs)
    last = check(db)
    later = ""
    try:
        for number in range(last + 1, last + 100_000):
            write(db, number)
            last = number
    except libredb.StorageError as error:
        try:
            write(db, last + 1)
        except libredb.DatabaseFailedError as refused:
            later = refused.code
        db.close()
        fs.close()
        # The numbers differ between platforms, the names do not.
        number = errno.errorcode[error.errno or 0]
        return {"last": last, "errno": number, "text": str(error.__cause__), "later": later}
    raise AssertionError("storage never refused")


async def export(name: str) -> str:
    """Return the backup of a database, as text."""
    with await acquire(name) as fs, libredb.open(PATH, fs=fs) as db:
        return base64.b64encode(b"".join(db.backup())).decode()


async def install(name: str, image: str) -> int:
    """Put the bytes of a database file in place, open it, and return the commit it is at."""
    with await acquire(name) as fs:
        fs.clear()
        data = base64.b64decode(image)
        following = fs.create_next(PATH, None)
        following.write(0, data)
        following.sync()
        fs.replace(PATH, None, following)
        following.close()
        with libredb.open(PATH, fs=fs) as db:
            return check(db)
