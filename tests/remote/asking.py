"""A client in a line: it asks a server by text, and returns the value or raises the error."""

import itertools
import json
from typing import Any

import libredb
from libredb.remote import Functions, Host, Server
from libredb.remote.values import from_wire, to_wire
from sim.world.filesystem import SimFileSystem

PATH = "app.libredb"


class RefusedError(Exception):
    """An error reply."""

    def __init__(self, code: str, message: str, fields: dict[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields


class Asker:
    """A client of one server; `version` is that of the last reply."""

    def __init__(self, server: Server, client: str = "c1") -> None:
        self.server = server
        self.client = client
        self.version = 0
        self._numbers = itertools.count(1)

    def __call__(self, call: str, **args: Any) -> Any:
        """Ask, and return the value.

        Raises:
            RefusedError: the reply is an error.
        """
        reply = self.reply(request(call, args, id=next(self._numbers), client=self.client))
        if "error" in reply:
            fields = {name: from_wire(value) for name, value in reply["error"]["fields"].items()}
            raise RefusedError(reply["error"]["code"], reply["error"]["message"], fields)
        self.version = reply["version"]
        return from_wire(reply["value"])

    def reply(self, text: str) -> dict[str, Any]:
        """Return the reply to a text as it crosses."""
        answer = self.server.answer(text)
        assert isinstance(answer, str)
        return json.loads(answer)


def request(call: str, args: dict[str, Any], *, id: int = 1, client: str = "c1") -> str:  # noqa: A002 - as the protocol calls it
    """Return a request as a text."""
    wire = {name: to_wire(value) for name, value in args.items()}
    found = {"protocol": 1, "id": id, "client": client, "seq": 0, "epoch": None}
    return json.dumps({**found, "deadline_ms": None, "call": call, "args": wire})


def memory_host(fs: SimFileSystem) -> Host:
    """Return the host of a database in simulated storage."""
    return Host(
        open=lambda: libredb.open(PATH, fs=fs),
        restore=lambda pieces: libredb.restore(pieces, PATH, fs=fs, replace=True),
    )


def asker(functions: Functions | None = None) -> Asker:
    """Return a client of a new server, which has no functions where none are given."""
    return Asker(Server(memory_host(SimFileSystem()), functions or Functions()))
