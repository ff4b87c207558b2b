"""Requests and replies as data; each is one JSON text.

    {"protocol": 1, "id": 7, "client": "c1", "seq": 3, "epoch": null, "deadline_ms": 5000,
     "call": "kv.set", "args": {"namespace": "settings", "key": "theme", "value": "dark"}}
    {"id": 7, "version": 12, "value": null}
    {"id": 7, "error": {"code": "usage", "message": "...", "fields": {}}}

`id` tells which reply is whose. `seq` counts the writes of a client, and `epoch` is the owner that
it thinks it talks to; both have their place here for tabs that share a database. `version` is the
last commit that the answer has seen. Arguments, values and fields are as values.py writes them.
"""

import errno
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from libredb import LibreDBError, UsageError
from libredb.lens.values.json_value import Json, type_of
from libredb.remote.errors import ProtocolError
from libredb.remote.values import MAX_LEVELS, from_wire, to_wire

PROTOCOL = 1

_MOST_LEVELS = 2 * (MAX_LEVELS + 2)
"""A tag is a level too. The request itself and its arguments are around all values."""

_NO_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^\[\]{}"]+')
"""Strings, and what is neither a string nor a bracket."""

_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1, '"': 0}
"""What a bracket does to the depth; the quotation mark is that of a text without an end."""

_NUMBER = (int, float)
_SHAPE: dict[str, tuple[type[Any], ...]] = {
    "protocol": (int,),
    "id": (int,),
    "client": (str,),
    "seq": (int,),
    "epoch": (int, type(None)),
    "deadline_ms": (*_NUMBER, type(None)),
    "call": (str,),
    "args": (dict,),
}
"""The names of a request, and of which type each is."""

_FIELDS = (
    *("namespace", "id", "field", "expected", "actual"),
    *("path", "offset", "reason", "function", "class_name", "text", "traceback"),
)
"""Attributes of errors that cross, where an error has them."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for."""

    id: int
    client: str
    seq: int
    epoch: int | None
    deadline_ms: float | None
    call: str
    args: Mapping[str, Any]


def read_request(text: str) -> Request:
    """Return the request that a text is.

    Raises:
        ProtocolError: it is none, or of another protocol.
    """
    found = _parsed(text)
    if type_of(found) is not dict:
        raise ProtocolError("a request is a JSON object")
    if found.get("protocol") != PROTOCOL:
        raise ProtocolError(
            f"this server speaks protocol {PROTOCOL}, and the request is of protocol "
            f"{found.get('protocol')!r}; client and wheel have to be of one release"
        )
    for name, kinds in _SHAPE.items():
        if type_of(found.get(name)) not in kinds or (name not in found):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise ProtocolError(f"{name!r} of a request is {expected}, not {found.get(name)!r:.40}")
    unknown = sorted(found.keys() - _SHAPE.keys())
    if unknown:
        raise ProtocolError(f"a request of protocol {PROTOCOL} has no {unknown[0]!r}")
    given = {name: found[name] for name in _SHAPE if name not in {"protocol", "args"}}
    return Request(args={name: from_wire(arg) for name, arg in found["args"].items()}, **given)


def id_of(text: str) -> int | None:
    """Return the id of what may be no request otherwise, so that an error finds its way back."""
    try:
        found = _parsed(text)
    except ProtocolError:
        return None
    id = found.get("id") if type_of(found) is dict else None  # noqa: A001 - as the protocol calls it
    return id if type_of(id) is int else None


def value_reply(id: int, version: int, value: Any) -> str:  # noqa: A002, ANN401 - as the protocol calls it; any
    """Return the reply to a call that was answered; `value` is JSON already."""
    return json.dumps({"id": id, "version": version, "value": value}, separators=(",", ":"))


def error_reply(id: int | None, error: LibreDBError) -> str:  # noqa: A002 - as the protocol calls it
    """Return the reply to a call that was refused."""
    return json.dumps({"id": id, "error": error_as_json(error)}, separators=(",", ":"))


def error_as_json(error: LibreDBError) -> dict[str, Json]:
    """Return what crosses of an error: its code, its text, and where it says it was."""
    found = {name: getattr(error, name, None) for name in _FIELDS}
    fields = {name: _field(value) for name, value in found.items() if value is not None}
    number = getattr(error, "errno", None)
    if number is not None:
        fields["errno"] = errno.errorcode.get(number, str(number))
    return {"code": error.code, "message": str(error), "fields": fields}


def _field(value: object) -> Json:
    """Return an attribute of an error; what cannot cross, as Python writes it."""
    try:
        return to_wire(value)
    except UsageError:
        return repr(value)


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _parsed(text: str) -> Json:
    if _levels(text) > _MOST_LEVELS:
        raise ProtocolError(f"a request nests at most {_MOST_LEVELS} levels")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, TypeError, RecursionError) as error:
        raise ProtocolError(f"a request is a JSON text: {error}") from None


def _levels(text: str) -> int:
    """Return how deep a text nests, 0 where it has too few brackets to matter.

    It is asked before the text is parsed, which would overflow the stack of a browser's worker.
    """
    if text.count("[") + text.count("{") <= _MOST_LEVELS:
        return 0
    steps = map(_STEPS.__getitem__, _NO_BRACKETS.sub("", text))
    return max(accumulate(steps), default=0)
