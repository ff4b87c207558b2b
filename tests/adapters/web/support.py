"""Files of one site, a storage on them, and JavaScript as Python sees it on the main thread."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from libredb_opfs import OpfsFileSystem
from libredb_opfs.filesystem import STAGING_BYTES
from libredb_web import Storage
from libredb_web.entries import Here

import libredb
from libredb import Database
from libredb.remote import Host, Server
from tests.adapters.opfs.support import FakeBridge


def on(db: Database) -> Storage:
    """Return a storage in a database that somebody else closes."""
    return Storage(Here(db))


class FakeSite:
    """What `libredb_opfs.acquire` opens: the same two files for each name, one holder at a time."""

    def __init__(self) -> None:
        self.bridges: dict[str, FakeBridge] = {}
        self.held: dict[str, OpfsFileSystem] = {}

    async def acquire(self, name: str, *, patience_seconds: float) -> OpfsFileSystem:
        holder = self.held.get(name)
        if holder is not None and not holder.closed:
            raise libredb.DatabaseLockedError(f"{name} after {patience_seconds} seconds")
        bridge = self.bridges.setdefault(name, FakeBridge(bytearray(STAGING_BYTES)))
        fs = OpfsFileSystem(name, bridge, bridge.staging)
        self.held[name] = fs
        return fs


class JsError(Exception):
    """What Pyodide makes of an exception of JavaScript; its name there is JsException."""

    def __init__(self, name: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.name, self.message = name, message
        self.__dict__.update(more)


class FakeClient:
    """A client as Python sees it: each call is a request to a real server, in the same program."""

    def __init__(self, db: Database) -> None:
        self.server = Server(Host(open=lambda: db))
        self.failure: JsError | None = None
        self.closed = False

    async def call(self, function: str, *args: str) -> str:
        if self.failure is not None:
            raise self.failure
        envelope = {"protocol": 1, "id": 1, "client": "c", "seq": 1, "epoch": None}
        asked = {"call": "call", "args": {"function": function, "args": list(args)}}
        text = self.server.answer(json.dumps({**envelope, "deadline_ms": None, **asked}))
        assert isinstance(text, str)
        reply = json.loads(text)
        if "error" in reply:
            raise refusal(**reply["error"])
        return reply["value"]

    async def close(self) -> None:
        self.server.close()
        self.closed = True


def refusal(code: str, message: str, fields: dict[str, Any], name: str = "Error") -> JsError:
    """Return what the client in JavaScript throws."""
    told = SimpleNamespace(to_py=lambda: fields)
    return JsError(name, message, code=code, fields=told)


class FakePage:
    """What stands for JavaScript and Pyodide on the main thread: one client at one address."""

    def __init__(self, connect: Callable[..., Any]) -> None:
        self.asked: list[str] = []
        self.options: dict[str, Any] = {}
        self._connect = connect

    def modules(self) -> dict[str, Any]:
        """Return the modules to import, by their names."""
        objects = SimpleNamespace(fromEntries=dict)
        document = SimpleNamespace(baseURI="http://127.0.0.1/app/")
        config = SimpleNamespace(indexURL="http://127.0.0.1/runtime/")
        return {
            "js": SimpleNamespace(
                URL=SimpleNamespace(new=_joined), Object=objects, document=document
            ),
            "pyodide.code": SimpleNamespace(run_js=self._run),
            "pyodide.ffi": SimpleNamespace(JsException=JsError, to_js=_as_it_is),
            "pyodide_js": SimpleNamespace(_api=SimpleNamespace(config=config)),
        }

    def _run(self, source: str) -> Callable[[str], Any]:
        assert source == "(url) => import(url)"
        return self._load

    async def _load(self, url: str) -> Any:
        self.asked.append(url)
        if not url.endswith("client.js"):
            raise JsError("TypeError", f"Failed to fetch dynamically imported module: {url}")
        return SimpleNamespace(connect=self._connected)

    async def _connected(self, options: dict[str, Any]) -> Any:
        self.options = options
        exec(options["module"]["text"])  # what the worker runs beside the database
        return self._connect()


def _joined(url: str, base: str) -> Any:
    from urllib.parse import urljoin

    return SimpleNamespace(href=urljoin(base, url))


def _as_it_is(value: object, *, dict_converter: object) -> object:
    assert dict_converter is dict, "a dict would be a Map in JavaScript"
    return value
