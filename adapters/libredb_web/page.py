"""A storage on the main thread of a page: a worker has the files, and is asked through the client.

The client is the one for JavaScript (client.js), imported from a URL. It starts the worker, which
loads a Pyodide of its own beside this one, and the wheel that travels with the client. What fails
there is raised here as the same error, by its code.
Absent on purpose: a way without a worker. Browsers give the main thread no files that sync.
"""

import errno
import importlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isinf
from typing import Any, Self

import libredb
from libredb import LibreDBError, LogFileError, StorageError, UsageError

_IMPORT = "(url) => import(url)"

_MODULE = "import libredb_web.serving\n"
"""What the worker runs beside the database."""


class Page:
    """The entries of a database that a worker of this page has open."""

    def __init__(self, client: Any, texts: dict[str, str]) -> None:  # noqa: ANN401 - a proxy of JavaScript
        """Take a client, and what it has read."""
        self.texts = texts
        self._client = client

    @classmethod
    async def open(
        cls, name: str, *, patience_seconds: float, pyodide: str | None, client: str | None
    ) -> Self:
        """Start a worker that opens the database `name` of this site.

        Args:
            name: Of the database.
            patience_seconds: How long to wait for one that is open elsewhere; infinity: for ever.
            pyodide: Where pyodide.mjs is; by default where this Pyodide has come from.
            client: Where client.js is; by default client/client.js beside pyodide.mjs.

        Raises:
            DatabaseLockedError: Another tab or worker still had it after `patience_seconds`.
            UsageError: The client is not there, or was told what cannot be.
            LibreDBError: What `libredb.open` raises.
        """
        pyodide = _absolute(pyodide or f"{_own_url()}pyodide.mjs")
        client = _absolute(client or "client/client.js", pyodide)
        options = {"name": name, "pyodide": pyodide, "module": {"text": _MODULE}}
        for_ever = isinf(patience_seconds)
        options |= {"wait": True} if for_ever else {"patience_ms": patience_seconds * 1e3}
        module = await _imported(client)
        with _refusals(f"cannot open the storage {name!r}"):
            connected = await module.connect(_as_object(options))
        try:
            with _refusals(f"cannot read the storage {name!r}"):
                return cls(connected, json.loads(await connected.call("libredb_web.read")))
        except BaseException:
            await connected.close()
            raise

    async def write(self, changes: Mapping[str, str | None]) -> None:
        """Let the worker commit these changes; they are durable when this returns."""
        with _refusals("cannot sync the storage"):
            await self._client.call("libredb_web.write", json.dumps(changes))

    async def close(self) -> None:
        """Close the database, and end the worker."""
        with _refusals("cannot close the storage"):
            await self._client.close()


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    """Turn what JavaScript throws into an error of ours."""
    exception: type[Exception] = importlib.import_module("pyodide.ffi").JsException
    try:
        yield
    except exception as error:
        raise _error_of(error, what) from error


def _error_of(thrown: Any, what: str) -> LibreDBError:  # noqa: ANN401 - a proxy of JavaScript
    """Return the error whose code it has; StorageError where Python has no such one."""
    kind = _classes().get(getattr(thrown, "code", None))
    if kind is None:
        return StorageError(f"{what}: {thrown.name}: {thrown.message}")
    fields: dict[str, Any] = thrown.fields.to_py()
    if issubclass(kind, LogFileError):
        return kind(fields["path"], fields["offset"], fields["reason"])
    error = kind(f"{what}: {thrown.message}")
    if isinstance(error, StorageError):
        error.errno = getattr(errno, fields.get("errno", ""), None)
    return error


def _classes() -> dict[object, type[LibreDBError]]:
    """Return the classes of all errors that are public, by their codes."""
    public = [getattr(libredb, name) for name in libredb.__all__]
    kinds = [each for each in public if isinstance(each, type) and issubclass(each, LibreDBError)]
    return {kind.code: kind for kind in kinds}


async def _imported(url: str) -> Any:  # noqa: ANN401 - a module of JavaScript
    """Return the module at a URL.

    Raises:
        UsageError: There is none.
    """
    exception: type[Exception] = importlib.import_module("pyodide.ffi").JsException
    load = importlib.import_module("pyodide.code").run_js(_IMPORT)
    try:
        return await load(url)
    except exception as error:
        raise UsageError(
            f"there is no client at {url}: {error}; serve the folder that `python -m "
            "scripts.browser.static_site FOLDER` makes, or say where it is: client='.../client.js'"
        ) from error


def _own_url() -> str:
    """Return the folder that this Pyodide was loaded from, with a slash at its end."""
    known: Any = importlib.import_module("pyodide_js")
    return str(known._api.config.indexURL)  # noqa: SLF001 - no public name tells it


def _absolute(url: str, base: str | None = None) -> str:
    """Return a URL as seen from the page, or from another URL."""
    js = importlib.import_module("js")
    return str(js.URL.new(url, base or js.document.baseURI).href)


def _as_object(options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an object of JavaScript
    to_js = importlib.import_module("pyodide.ffi").to_js
    return to_js(options, dict_converter=importlib.import_module("js").Object.fromEntries)
