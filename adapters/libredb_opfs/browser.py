"""What has to be asked of the browser asynchronously: files, room, and the promise to keep both.

Everything here works in Pyodide only, and `acquire` only inside a dedicated worker. The JavaScript
side is the module bridge.js, which travels in the wheel and is imported from a URL made for it.
Absent on purpose: a fallback to memory. Where nothing can be kept, nothing is opened.
"""

import importlib
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pkgutil import get_data
from types import SimpleNamespace
from typing import Any, Protocol, cast

from libredb.kernel.errors import StorageError, UsageTypeError, UsageValueError, storage_error
from libredb_opfs.filesystem import STAGING_BYTES, Bridge, OpfsFileSystem
from libredb_opfs.refusal import os_error

PATIENCE_SECONDS = 5.0
"""How long `acquire` waits: a page that was reloaded or crashed gives its files back late."""

_CALLS = ("size", "read", "write", "fill", "flush", "truncate", "close", "refusal")

_IMPORT = """(source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return import(url).finally(() => URL.revokeObjectURL(url));
}"""


class _Module(Protocol):
    """What bridge.js exports."""

    acquire: Callable[[str, bytearray, float], Awaitable[Bridge]]
    destroy: Callable[[str], Awaitable[None]]
    names: Callable[[], Awaitable[Sequence[str]]]
    storage: Callable[[], Awaitable[tuple[float, float, bool]]]
    requestPersistence: Callable[[], Awaitable[bool]]  # noqa: N815 - a name of JavaScript


_imported: list[_Module] = []


@dataclass(frozen=True, slots=True)
class StorageReport:
    """What this site uses and may use, in bytes: hints, for browsers round and pad both.

    The difference is not room that is there. Chromium says 10 GiB more than is used, or the size of
    a smaller disk, whatever is left; and it gives a file room of 1 MiB, 2, 4, and so on: growing
    past one of these takes room for the next, and all of it counts as used until the file is
    closed.

    `persistent`: the browser promised not to evict the site's data when the disk runs full. Without
    the promise it may, and then everything of the site goes at once.
    """

    usage_bytes: int
    quota_bytes: int
    persistent: bool


async def acquire(name: str, *, patience_seconds: float = PATIENCE_SECONDS) -> OpfsFileSystem:
    """Open the files of the database `name`; everything after this is synchronous.

    Raises:
        DatabaseLockedError: another tab or worker still had them after `patience_seconds`.
        StorageError: there is no such storage here (not a worker, not a secure context, a private
            window), or the browser refused; the text says which.
        UsageError: `name` is not a str, is empty, or could not be the name of a folder.
    """
    _require_name(name)
    staging = bytearray(STAGING_BYTES)
    with _refusals(f"cannot acquire {name!r}"):
        slots = await (await _bridge()).acquire(name, staging, patience_seconds * 1e3)
    try:
        # Looking a method up on a JavaScript object costs several times what calling it does.
        calls = SimpleNamespace(**{call: getattr(slots, call) for call in _CALLS})
        return OpfsFileSystem(name, cast(Bridge, calls), staging)
    except BaseException:
        slots.close()
        raise


async def destroy(name: str) -> None:
    """Remove the database `name` and everything in it.

    Raises:
        StorageError: there is none of this name (then also FileNotFoundError), or it is open.
        UsageError: `name` is not a str, is empty, or could not be the name of a folder.
    """
    _require_name(name)
    with _refusals(f"cannot destroy {name!r}"):
        await (await _bridge()).destroy(name)


async def names() -> list[str]:
    """Return the names of all databases of this site, in ascending order."""
    with _refusals("cannot list the databases"):
        return list(await (await _bridge()).names())


async def storage() -> StorageReport:
    """Return what is used and may be, and whether it is safe from eviction; see the report."""
    with _refusals("cannot ask about storage"):
        used, quota, persistent = await (await _bridge()).storage()
    return StorageReport(int(used), int(quota), bool(persistent))


async def request_persistence() -> bool:
    """Ask the browser never to evict this site's data; return whether it agreed.

    Firefox asks the user; Chromium decides by itself, by how much the site is used.

    Raises:
        StorageError: this is a worker, where browsers have no such call: ask in the page, by
            `navigator.storage.persist()`. `storage()` tells everywhere what was promised.
    """
    with _refusals("cannot ask for persistence"):
        return bool(await (await _bridge()).requestPersistence())


def in_browser() -> bool:
    """Return whether Pyodide runs in a page or a worker of one; Node.js can run it as well."""
    js = importlib.import_module("js")
    return hasattr(js, "document") or hasattr(js, "WorkerGlobalScope")


def _require_name(name: object) -> None:
    """Refuse what could not be the name of a folder."""
    if not isinstance(name, str):
        raise UsageTypeError(f"the name of a database is a str, not {type(name).__name__}")
    if name in {"", ".", ".."} or any(character in name for character in "/\\\0"):
        raise UsageValueError(f"{name!r} cannot be the name of a database: it names a folder")


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    """Turn an exception of JavaScript into an error of ours."""
    if sys.platform != "emscripten":
        raise StorageError(f"{what}: only browsers have OPFS; here, libredb.open() needs no fs")
    if not in_browser():
        raise StorageError(f"{what}: only browsers have OPFS, and this is Pyodide elsewhere")
    exception: type[Exception] = importlib.import_module("pyodide.ffi").JsException
    try:
        yield
    except exception as error:
        told = cast(Any, error)
        cause = os_error(str(told.name), str(told.message))
        raise storage_error(cause, what) from cause


async def _bridge() -> _Module:
    """Return bridge.js, imported as a module once."""
    if not _imported:
        # Not importlib.resources: it loads a dozen modules, and a page waits for each.
        source = cast(bytes, get_data("libredb_opfs", "bridge.js")).decode()
        run_js = importlib.import_module("pyodide.code").run_js
        _imported.append(await run_js(_IMPORT)(source))
    return _imported[0]
