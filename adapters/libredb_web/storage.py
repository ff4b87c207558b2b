"""A dict that lasts: `await storage("app")`, in the manner of `pyscript.storage`.

    store = await libredb_web.storage("app")
    store["theme"] = {"dark": True}         # in memory, and refused if it could not be kept
    store["theme"]["size"] = 12             # a value may be changed in place
    await store.sync()                      # one commit of all that differs: whole, durable

What is kept is always what the dict was at some sync, never a half of it. In a worker a sync is one
commit of this program and waits for nothing else; on the main thread it is a message to the worker
that has the files. Both last when it returns. `close` syncs, and lets the next tab have the files.
Absent on purpose: a sync behind your back, which could come between two changes that belong
together; memory as a fallback. For more than a dict that is read whole there are the lenses.
"""

import asyncio
import importlib
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

from libredb_opfs import PATIENCE_SECONDS

from libredb import UsageError, UsageValueError
from libredb.kernel.filesystem import Uncopyable
from libredb_web.entries import Here
from libredb_web.page import Page
from libredb_web.values import text_of, value_of

S = TypeVar("S", bound="Storage")

_UNKNOWN = ""
"""What is kept of a key while nobody knows; no JSON is equal to it."""


class Keeper(Protocol):
    """Who has the database; see entries.py and page.py."""

    texts: dict[str, str]
    """The JSON of every key, as it was opened."""

    async def write(self, changes: Mapping[str, str | None]) -> None:
        """Commit the JSON of these keys; None deletes."""
        ...

    async def close(self) -> None:
        """Give the database back."""
        ...


class Storage(Uncopyable, dict[str, Any]):
    """A dict of what is kept under one name. Made by `storage`; `dict(store)` is a copy.

    Invariant: `_kept` is the JSON that the database has of every key, or `_UNKNOWN` where a sync
    did not come to its end.
    """

    def __init__(self, keeper: Keeper, /) -> None:
        """Take who has the database, and read what is there."""
        super().__init__({key: value_of(key, text) for key, text in keeper.texts.items()})
        self._keeper = keeper
        self._kept = dict(keeper.texts)
        self._turn = asyncio.Lock()
        self._is_open = True

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - values.py says which
        """Set a key, in memory.

        Raises:
            InvalidValueError: it could not be kept; the text says what to do.
            UsageError: the key is no str, or the storage was closed.
        """
        self._require_open()
        text_of(key, value)
        super().__setitem__(key, value)

    def setdefault(self, key: str, default: Any = None, /) -> Any:  # noqa: ANN401 - as above
        """Return the value of a key; set it if it is not there, as `[]` does."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other: object = (), /, **named: Any) -> None:  # noqa: ANN401 - as above
        """Set several keys as `[]` does: those of a dict, or of pairs, and by name."""
        for key, value in dict(cast(Iterable[tuple[str, Any]], other), **named).items():
            self[key] = value

    def __ior__(self, other: object, /) -> Self:
        self.update(other)
        return self

    async def sync(self) -> None:
        """Make what the dict is now durable, in one commit; does nothing where nothing differs.

        Costs an encoding of every value. A sync that raised is done again by the next one.

        Raises:
            InvalidValueError: a value was changed in place into what cannot be kept; nothing was.
            StorageError: storage failed, or the worker did; what is kept is the last sync or this.
            UsageError: the storage was closed.
        """
        async with self._turn:
            self._require_open()
            now = {key: text_of(key, value) for key, value in self.items()}
            keys = [key for key in {**self._kept, **now} if self._kept.get(key) != now.get(key)]
            if keys:
                self._kept |= dict.fromkeys(keys, _UNKNOWN)
                await self._keeper.write({key: now.get(key) for key in keys})
                self._kept = now

    async def close(self) -> None:
        """Sync, and give the files back, also when the sync fails; twice is fine."""
        try:
            if self._is_open:
                await self.sync()
        finally:
            await self._end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close; after an exception without a sync, so that no half of the work is kept."""
        await (self.close() if kind is None else self._end())

    async def _end(self) -> None:
        async with self._turn:
            if self._is_open:
                self._is_open = False
                _forget(self)
                await self._keeper.close()

    def _require_open(self) -> None:
        if not self._is_open:
            raise UsageError("this storage was closed: await libredb_web.storage(...) again")


_open: dict[str, Storage] = {}
"""What this program has open, by name: a cell that runs again gets what it had."""


async def storage(
    name: str = "",
    storage_class: type[S] = Storage,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    pyodide: str | None = None,
    client: str | None = None,
) -> S:
    """Return the storage of that name, with what was kept in it; it is made if there is none.

    A name that this program has open already gives the same storage again.

    Args:
        name: Of a database of this site; each is locked for itself.
        storage_class: A class of your own, below `Storage`.
        patience_seconds: How long to wait for another tab or worker that has it open.
        pyodide: On the main thread: the URL of pyodide.mjs; by default that of this Pyodide.
        client: On the main thread: the URL of client.js; by default client/client.js beside it.

    Raises:
        DatabaseLockedError: another tab or worker still had it open after `patience_seconds`.
        StorageError: this page gets no storage (a private window, no secure context), or no
            browser is here.
        UsageError: the name is none, or it is open as another class, or the client is not there.
        LogFileError: the files are damaged, or of a newer version.
    """
    _check_name(name)
    known = _open.get(name)
    if known is None:
        known = await _opened(name, storage_class, patience_seconds, pyodide, client)
        _open[name] = known
    if not isinstance(known, storage_class):
        kind = type(known).__name__
        raise UsageValueError(f"{name!r} is open already, as a {kind}; await its close() first")
    return known


async def _opened(
    name: str,
    storage_class: type[S],
    patience_seconds: float,
    pyodide: str | None,
    client: str | None,
) -> S:
    if _is_main_thread():
        keeper = await Page.open(
            name, patience_seconds=patience_seconds, pyodide=pyodide, client=client
        )
    else:
        keeper = await Here.open(name, patience_seconds=patience_seconds)
    try:
        return storage_class(keeper)
    except BaseException:
        await keeper.close()
        raise


def _is_main_thread() -> bool:
    """Whether this is the thread of a page, which gets no files; workers have no document."""
    return sys.platform == "emscripten" and hasattr(importlib.import_module("js"), "document")


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise UsageValueError(f"the name of a storage is text with something in it, not {name!r}")


def _forget(store: Storage) -> None:
    """Let the next call open the name anew."""
    for name in [name for name, known in _open.items() if known is store]:
        del _open[name]
