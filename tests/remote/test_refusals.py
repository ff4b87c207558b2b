"""Claim: every wrong call is refused by name before anything runs, and every error has its code."""

import json
from typing import Any

import pytest

import libredb
from libredb import CorruptLogError, LibreDBError, UniqueViolationError, UsageError
from libredb.remote import DeadlineError, ProtocolError, RemoteFunctionError, Server
from libredb.remote.calls import find_call
from libredb.remote.calls.call import Argument
from libredb.remote.message import error_as_json
from tests.remote.asking import Asker, asker, request
from tests.remote.test_lenses import refused

GOOD: dict[type[Any] | None, Any] = {
    str: "text",
    bytes: b"bytes",
    int: 1,
    float: 1.5,
    bool: True,
    dict: {},
    list: [],
    None: "anything",
}
WRONG: list[Any] = ["text", b"bytes", 1, 1.5, True, None, [], {}]


def takes(server: Server, name: str) -> dict[str, Argument]:
    call = find_call(name)
    return server._takes[name] if call is None else call.takes


def good(argument: Argument) -> Any:
    return GOOD[None if argument.types is None else min(argument.types, key=repr)]


def code_of(answer: str) -> str | None:
    return json.loads(answer).get("error", {}).get("code")


def all_calls() -> list[str]:
    return asker().server.calls


@pytest.mark.parametrize("name", all_calls())
def test_what_a_call_does_not_take_is_refused(name: str) -> None:
    ask = asker()
    taken = takes(ask.server, name)
    args = {each: good(argument) for each, argument in taken.items() if argument.is_needed}
    told = refused(ask, name, **args, nonsense=1)
    assert (told.code, "'nonsense'" in told.message) == ("usage_type", True)
    for needed in args:
        told = refused(ask, name, **{k: v for k, v in args.items() if k != needed})
        assert (told.code, f"needs '{needed}'" in told.message) == ("usage_type", True), needed
    for each, argument in taken.items():
        if argument.types is not None:
            for value in WRONG:
                if type(value) not in argument.types:
                    told = refused(ask, name, **{**args, each: value})
                    assert told.code == "usage_type", f"{each}={value!r}"
                    assert f"'{each}' is " in told.message, f"{each}={value!r}"
    assert ask("catalog.names") == []
    assert ask("count") == 0


def fill(ask: Asker, lens: str) -> None:
    """Keep something in the namespace "text", so that calls find something."""
    if lens == "kv":
        ask("kv.set", namespace="text", key="text", value={"a": 1})
    if lens == "documents":
        ask("documents.insert", namespace="text", document={"id": "text", "a": {"b": 1}})
    if lens == "table":
        ask("connect", schema={"text": {"columns": {"id": "str", "a": "int?", "b": "any"}}})
        ask("table.insert", namespace="text", row={"id": "text", "b": b"x"})


@pytest.mark.parametrize("name", all_calls())
def test_no_argument_of_the_right_type_is_a_bug(name: str) -> None:
    # Whatever is in them: a list of anything, an object of anything, an odd number.
    ask = asker()
    fill(ask, name.partition(".")[0])
    odd: dict[type[Any] | None, list[Any]] = {
        str: ["", "\ud800", "x" * 600, "-", "a.b", "$a"],
        bytes: [b"", b"\xff"],
        int: [-1, 0, 2**70],
        float: [-1.5, 1e300],
        bool: [False],
        dict: [{}, {"$x": 1}, {"": {"": []}}, {"id": 7}, {"a": b"x"}, {"a": {"$gt": b"x"}}],
        list: [[], [None], [7, "a"], [[]], [{}], [["a", 1]], [[["a"], 1]], [b"a"], [{"id": []}]],
        None: [None, 7, [], {}, b"x", "text"],
    }
    taken = takes(ask.server, name)
    args = {each: good(argument) for each, argument in taken.items() if argument.is_needed}
    for each, argument in taken.items():
        kinds: list[Any] = [None] if argument.types is None else list(argument.types)
        for value in [value for kind in kinds for value in odd.get(kind, [None])]:
            wire = request(name, {**args, each: value})
            answer = ask.server.answer(wire)
            code = code_of(answer) if isinstance(answer, str) else None
            assert code not in {"internal", "protocol"}, f"{each}={value!r}: {answer}"


@pytest.mark.parametrize(
    ("call", "where"),
    [
        ("scan", {"prefix": b"a", "start": b"b"}),
        ("scan", {"prefix": b"a", "end": b"b"}),
        ("count", {"prefix": b"a", "end": b"b"}),
        ("kv.scan", {"namespace": "n", "prefix": "a", "start": "b"}),
        ("kv.scan", {"namespace": "n", "prefix": "a", "end": "b"}),
        ("kv.delete_range", {"namespace": "n", "prefix": "a", "end": "b"}),
    ],
)
def test_a_prefix_and_an_end_at_once_are_refused(call: str, where: dict[str, Any]) -> None:
    told = refused(asker(), call, **where)
    assert told.code in {"usage", "usage_value"}
    assert "a prefix is a range" in told.message


def test_an_error_crosses_with_its_code_its_text_and_its_fields() -> None:
    errors: list[tuple[LibreDBError, dict[str, Any]]] = [
        (UsageError("no"), {}),
        (
            CorruptLogError("a.libredb", 7, "bad"),
            {"path": "a.libredb", "offset": 7, "reason": "bad"},
        ),
        (
            UniqueViolationError(
                "m", namespace="n", id=(1, b"x"), field="f", expected=1, actual={2}
            ),
            {
                "namespace": "n",
                "id": [1, {"$bytes": "eA=="}],
                "field": "f",
                "expected": 1,
                "actual": "{2}",
            },
        ),
        (DeadlineError("late"), {}),
        (ProtocolError("what"), {}),
        (
            RemoteFunctionError("f", "KeyError", "'x'", "Traceback"),
            {"function": "f", "class_name": "KeyError", "text": "'x'", "traceback": "Traceback"},
        ),
    ]
    for error, fields in errors:
        assert error_as_json(error) == {
            "code": error.code,
            "message": str(error),
            "fields": fields,
        }


def test_no_two_errors_share_a_code() -> None:
    exported: list[Any] = [getattr(libredb, name) for name in libredb.__all__]
    exported += [DeadlineError, ProtocolError, RemoteFunctionError]
    classes = [
        each for each in exported if isinstance(each, type) and issubclass(each, LibreDBError)
    ]
    codes = [each.code for each in classes]
    assert len(set(codes)) == len(codes)


def test_a_bug_is_an_error_with_its_traceback_and_the_server_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = asker()

    def breaks(_: str) -> None:
        raise ZeroDivisionError("broken")

    monkeypatch.setitem(ask.server._asked, "sync", breaks)
    told = refused(ask, "sync")
    assert told.code == "internal"
    assert "ZeroDivisionError: broken; this is a bug" in told.message
    assert "def breaks" not in told.fields["traceback"]
    assert "broken" in told.fields["traceback"]
    ask("set", key=b"a", value=b"")


def test_two_clients_see_one_another() -> None:
    ask = asker()
    other = Asker(ask.server, "c2")
    ask("set", key=b"a", value=b"1")
    assert other("get", key=b"a") == b"1"
    assert other.version == 1
