"""Claim: requests and replies are what messages.json says, which JavaScript is held against too.

It holds a conversation in which every call occurs, values, and texts that are no requests.
"""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from libredb import StorageError
from libredb.remote import Functions, Host, Server
from libredb.remote.values import from_wire, to_wire
from sim.world.filesystem import SimFileSystem
from tests.remote.asking import asker, memory_host, request

GOLDEN: dict[str, Any] = json.loads(
    Path(__file__).with_name("messages.json").read_text(encoding="utf-8")
)


async def storage() -> Any:
    return {"usage_bytes": 1000, "quota_bytes": 5000, "persistent": False}


async def request_persistence() -> bool:
    return True


def total(_: Any, *numbers: float) -> float:
    return sum(numbers)


def rename(tx: Any, old: bytes, new: bytes) -> bool:
    tx.set(new, tx.get(old))
    return tx.delete(old)


def server() -> Server:
    functions = Functions()
    functions.register(total)
    functions.transaction(rename)
    host = memory_host(SimFileSystem())
    return Server(Host(host.open, host.restore, storage, request_persistence), functions)


def answered(given: Server, text: str) -> Any:
    """Return a reply, of the two calls too that wait for the host."""
    answer = given.answer(text)
    if not isinstance(answer, str):
        waiting: Any = answer
        with pytest.raises(StopIteration) as done:
            waiting.send(None)  # none of these really waits
        answer = done.value.value
    return json.loads(answer)


def shape(value: Any) -> Any:
    """Return the names of an object, of a reply that is another one each time."""
    return sorted(cast(dict[str, Any], value))


def test_the_conversation_is_answered_as_recorded() -> None:
    talking = server()
    for number, entry in enumerate(GOLDEN["conversation"], start=1):
        call, args = entry["request"]["call"], entry["request"]["args"]
        decoded = {name: from_wire(value) for name, value in args.items()}
        reply = answered(talking, request(call, decoded, id=number))
        assert reply.pop("id") == number
        if entry.get("varies"):
            (kind,) = reply.keys() - {"version"}
            assert shape(reply[kind]) == shape(entry["reply"][kind]), call
        else:
            assert reply == entry["reply"], f"entry {number}, {call} {args}"


def test_the_conversation_has_every_call() -> None:
    assert {entry["request"]["call"] for entry in GOLDEN["conversation"]} == set(server().calls)


@pytest.mark.parametrize("name", GOLDEN["values"])
def test_a_recorded_value_comes_back(name: str) -> None:
    stored = GOLDEN["values"][name]
    assert to_wire(from_wire(stored)) == stored


@pytest.mark.parametrize("name", GOLDEN["invalid"])
def test_what_is_no_request_is_a_protocol_error_that_finds_its_way_back(name: str) -> None:
    reply = asker().reply(GOLDEN["invalid"][name])
    assert reply["error"]["code"] == "protocol", reply
    nameless = {"no JSON", "a list", "an id that is text", "NaN"}
    assert reply["id"] == (None if name in nameless else 1)


def test_another_protocol_is_named_and_says_what_to_do() -> None:
    message = asker().reply(GOLDEN["invalid"]["protocol 2"])["error"]["message"]
    assert "speaks protocol 1" in message
    assert "protocol 2" in message
    assert "of one release" in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "7",
        "[" * 100_000,
        "[" * 300 + '"',
        "]" * 300,
        '"' + "[" * 300 + '"',
        '{"id": 1',
        "\x00",
    ],
)
def test_any_text_is_answered(text: str) -> None:
    assert asker().reply(text)["error"]["code"] == "protocol"


def nested(depth: int) -> str:
    """Return a request whose argument nests so deep, with brackets in texts besides."""
    deep = '{"]}\\"[": [' * (depth // 2) + '"[["' + "]}" * (depth // 2)
    return request("set", {}).replace('"args": {}', f'"args": {{"key": {deep}}}')


@pytest.mark.parametrize(
    ("depth", "code"), [(256, "usage_type"), (262, "protocol"), (100_000, "protocol")]
)
def test_values_nest_as_deep_as_a_browser_can_bear_and_no_deeper(depth: int, code: str) -> None:
    # A text of 100,000 brackets overflowed the stack of the worker and ended it.
    assert asker().reply(nested(depth))["error"]["code"] == code


def test_replies_hold_ascii_alone_so_that_half_a_character_crosses() -> None:
    ask = asker()
    text = request("kv.get", {"namespace": "n", "key": "\ud800"})
    answer = ask.server.answer(text)
    assert isinstance(answer, str)
    assert answer.isascii()
    assert json.loads(answer)["error"]["code"] == "invalid_value"


@pytest.mark.parametrize(("waited", "code"), [(0, None), (4999, None), (5000, "deadline")])
def test_a_call_whose_time_was_up_before_it_began_has_not_happened(
    waited: float, code: str | None
) -> None:
    ask = asker()
    text = request("set", {"key": b"k", "value": b"v"}).replace(
        '"deadline_ms": null', '"deadline_ms": 5000'
    )
    reply = json.loads(str(ask.server.answer(text, waited)))
    assert reply.get("error", {}).get("code") == code
    assert ask("has", key=b"k") is (code is None)


def test_a_host_without_hooks_says_so() -> None:
    for call in ("storage", "request_persistence"):
        reply = asker().reply(request(call, {}))
        assert reply["error"]["code"] == "usage"
        assert "host" in reply["error"]["message"]


@pytest.mark.parametrize(
    ("raised", "code"), [(OSError("no room"), "internal"), (StorageError("no room"), "storage")]
)
def test_what_a_hook_raises_is_a_reply(raised: Exception, code: str) -> None:
    async def fails() -> Any:
        raise raised

    host = memory_host(SimFileSystem())
    talking = Server(Host(host.open, storage=fails), Functions())
    error = answered(talking, request("storage", {}))["error"]
    assert error["code"] == code
    assert "no room" in error["message"]
