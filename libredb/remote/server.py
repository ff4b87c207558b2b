"""The server: a text comes in, a call is done, a text goes out.

    server = Server(Host(open=lambda: libredb.open("app.libredb")))
    reply = server.answer(request)

One request is answered after the other, each as one transaction. Whatever goes wrong is a reply
with an error; the server lives on. An exception that is not one of ours is a bug, with the code
"internal" and its traceback, so that it is seen where the call was made.
Absent on purpose: threads, queues, and who may ask for what: that is for the transport.
"""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from traceback import format_exception
from typing import Any

from libredb import LibreDBError, ReadTransaction, Transaction, UsageError, UsageTypeError
from libredb.remote.calls import Call, Scope, all_calls, find_call
from libredb.remote.calls.call import Argument, arguments_of, check_arguments
from libredb.remote.errors import DeadlineError, ProtocolError, RemoteFunctionError
from libredb.remote.functions import Function, Functions, functions
from libredb.remote.message import Request, error_reply, id_of, read_request, value_reply
from libredb.remote.upkeep import Host, Upkeep
from libredb.remote.values import to_wire

__all__ = ["Host", "Server"]

Answer = tuple[Any, int]
"""A value as JSON, and the version that it is of."""


class InternalError(LibreDBError):
    """An exception that nobody expected; `traceback` says where."""

    code = "internal"

    def __init__(self, error: BaseException) -> None:
        """Take what was raised."""
        super().__init__(f"{type(error).__name__}: {error}; this is a bug of libredb")
        self.traceback: str = "".join(format_exception(error))


class Server:
    """One database, and what answers for it."""

    def __init__(self, host: Host, functions: Functions = functions) -> None:
        """Open the database of a host; `functions` are those that clients may call by name.

        Raises what opening it raises.
        """
        self._upkeep = Upkeep(host)
        self._functions = functions
        upkeep = self._upkeep
        self._asked: dict[str, Callable[..., Any]] = {
            "connect": upkeep.connect,
            "sync": upkeep.sync,
            "compact": upkeep.compact,
            "stats": upkeep.stats,
            "backup": upkeep.backup,
            "restore": upkeep.restore,
            "call": self._call_function,
            "storage": self._storage,
            "request_persistence": self._request_persistence,
        }
        self._takes: dict[str, dict[str, Argument]] = {
            name: arguments_of(fn) for name, fn in self._asked.items()
        }

    @property
    def calls(self) -> list[str]:
        """The names of all calls."""
        return sorted([*all_calls(), *self._asked])

    def answer(self, text: str, waited_ms: float = 0) -> str | Awaitable[str]:
        """Return the reply to a request; an awaitable one where the host has to be asked.

        Args:
            text: A request, see message.py.
            waited_ms: How long it was there before this call; a deadline counts from then on.
        """
        try:
            request = read_request(text)
        except LibreDBError as error:
            return error_reply(id_of(text), error)
        try:
            value, version = self._answered(request, waited_ms)
        except LibreDBError as error:
            return error_reply(request.id, error)
        except Exception as error:  # noqa: BLE001 - a bug ends a call, and not the server
            return error_reply(request.id, InternalError(error))
        if isawaitable(value):
            return _awaited(request.id, version, value)
        return value_reply(request.id, version, value)

    def close(self) -> None:
        """Close the database. Raises what that raises."""
        self._upkeep.close()

    def _answered(self, request: Request, waited_ms: float) -> Answer:
        name, args = request.call, dict(request.args)
        if request.deadline_ms is not None and waited_ms >= request.deadline_ms:
            raise DeadlineError(f"{name} waited for {waited_ms:.0f} ms, and has not happened")
        call = find_call(name)
        if call is not None:
            call.check(args)
            return self._read(call, args) if call.kind == "read" else self._write(call, args)
        if name not in self._asked:
            raise ProtocolError(f"there is no call {name!r:.60}; client and wheel differ")
        check_arguments(name, self._takes[name], args)
        value = self._asked[name](request.client, **args)
        value = value if isawaitable(value) else to_wire(value)
        return value, self._upkeep.db.version

    def _read(self, call: Call, args: dict[str, Any]) -> Answer:
        def read(tx: ReadTransaction) -> Answer:
            return to_wire(call.run(Scope(tx, self._upkeep.schema), **args)), tx.version

        return self._upkeep.db.read(read)

    def _write(self, call: Call, args: dict[str, Any]) -> Answer:
        def write(tx: Transaction) -> Answer:
            return to_wire(call.run(Scope(tx, self._upkeep.schema), **args)), tx.version

        db = self._upkeep.db
        value, version = db.transact(write)
        return value, min(version, db.version)  # one that wrote nothing has no version of its own

    def _call_function(self, _: str, function: str, args: list[Any]) -> Any:  # noqa: ANN401 - what it returns
        """Run a registered function; what one of a transaction returns crosses, or it aborts."""
        found = self._functions.find(function)
        db = self._upkeep.db
        if not found.is_transaction:
            return _crossing(function, _run(function, found, db, args))
        return db.transact(lambda tx: _crossing(function, _run(function, found, tx, args)))

    def _storage(self, _: str) -> Awaitable[Any]:
        return _asked_of(self._upkeep.host.storage, "a report on its storage")()

    def _request_persistence(self, _: str) -> Awaitable[Any]:
        return _asked_of(self._upkeep.host.request_persistence, "a promise to keep its data")()


def _run(name: str, function: Function, given: Any, args: list[Any]) -> Any:  # noqa: ANN401 - a user wrote it
    """Return what a user's function returns of a database or a transaction.

    Raises:
        RemoteFunctionError: it raised an exception that is not one of the database.
    """
    try:
        return function.call(given, *args)
    except LibreDBError:
        raise
    except (Exception, SystemExit) as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        text = "".join(format_exception(type(error), error, trace))
        raise RemoteFunctionError(name, type(error).__name__, str(error), text) from error


def _crossing(name: str, value: Any) -> Any:  # noqa: ANN401 - as above
    """Return the value of a function if it crosses.

    Raises:
        UsageTypeError: it does not.
    """
    try:
        to_wire(value)  # tried here, while there is still time to abort
    except UsageError as error:
        raise UsageTypeError(f"what {name}() returns cannot cross: {error}") from error
    return value


def _asked_of(hook: Callable[[], Awaitable[Any]] | None, what: str) -> Callable[[], Awaitable[Any]]:
    if hook is None:
        raise UsageError(f"the host of this database has no {what}")
    return hook


async def _awaited(id: int, version: int, value: Awaitable[Any]) -> str:  # noqa: A002 - as the protocol calls it
    try:
        return value_reply(id, version, to_wire(await value))
    except LibreDBError as error:
        return error_reply(id, error)
    except Exception as error:  # noqa: BLE001 - as above
        return error_reply(id, InternalError(error))
