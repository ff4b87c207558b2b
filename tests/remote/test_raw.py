"""Claim: raw keys are as in Python, pages have no gap, and a list of ops is one commit."""

from random import Random
from typing import Any

import pytest

from tests.remote.asking import Asker, RefusedError, asker

KEYS = [b"", b"\x00", b"a", b"a\x00", b"ab", b"b", b"\xff", b"\xff\xff"]


def pages(ask: Asker, call: str, **args: Any) -> list[list[Any]]:
    """Return the entries of all pages, as a client asks for them."""
    entries: list[list[Any]] = []
    after = None
    while True:
        page = ask(call, **args, **({} if after is None else {"after": after}))
        entries += page["entries"]
        after = page["next"]
        if after is None:
            return entries


def some_op(random: Random, model: dict[bytes, bytes]) -> dict[str, Any]:
    key = random.choice(KEYS)
    op: dict[str, Any] = {"op": random.choice(["set", "delete", "check"]), "key": key}
    if op["op"] == "set":
        op["value"] = random.randbytes(random.randrange(3))
    if op["op"] == "check" or random.random() < 0.5:
        wrong = random.choice([None, b"wrong"])
        op["expect"] = model.get(key) if random.random() < 0.8 else wrong
    return op


def apply(model: dict[bytes, bytes], ops: list[dict[str, Any]]) -> tuple[list[Any], int | None]:
    """Do the ops to a model, or none; return the results, and the place of a conflict."""
    after, results = dict(model), list[Any]()
    for place, op in enumerate(ops):
        key = op["key"]
        if "expect" in op and after.get(key) != op["expect"]:
            return [], place
        results.append(key in after if op["op"] == "delete" else None)
        if op["op"] == "set":
            after[key] = op["value"]
        elif op["op"] == "delete":
            after.pop(key, None)
    model.clear()
    model.update(after)
    return results, None


@pytest.mark.parametrize("seed", range(15))
def test_random_lists_of_ops_do_what_a_dict_does(seed: int) -> None:
    random, ask, model = Random(seed), asker(), dict[bytes, bytes]()
    for step in range(60):
        draft = dict(model)
        ops = list[dict[str, Any]]()
        for _ in range(random.randrange(5)):
            ops.append(some_op(random, draft))
            apply(draft, ops[-1:])
        results, place = apply(model, ops)
        told = f"seed {seed}, step {step}, ops {ops}"
        if place is None:
            assert ask("transact", ops=ops) == results, told
        else:
            with pytest.raises(RefusedError, match=f"op {place}: the key") as refused:
                ask("transact", ops=ops)
            assert refused.value.code == "conflict", told
            assert refused.value.fields["id"] == ops[place]["key"], told
        assert pages(ask, "scan") == [[key, model[key]] for key in sorted(model)], told


@pytest.mark.parametrize("seed", range(10))
def test_a_scan_in_pages_is_the_scan(seed: int) -> None:
    random, ask = Random(seed), asker()
    model = {random.randbytes(random.randrange(3)): b"v" for _ in range(40)}
    ask("transact", ops=[{"op": "set", "key": k, "value": v} for k, v in model.items()])
    for step in range(40):
        start, end = random.choice(KEYS), random.choice([None, *KEYS])
        reverse, limit = random.random() < 0.5, random.choice([1, 2, 7, 100])
        where: dict[str, Any] = {"start": start, "end": end}
        inside = [k for k in sorted(model) if start <= k and (end is None or k < end)]
        if random.random() < 0.3:
            where = {"prefix": start}
            inside = [k for k in sorted(model) if k.startswith(start)]
        expected = inside[::-1] if reverse else inside
        found = pages(ask, "scan", **where, reverse=reverse, limit=limit)
        assert [key for key, _ in found] == expected, f"seed {seed}, step {step}, {where}"
        assert ask("count", **where) == len(inside)


def test_a_page_ends_with_the_entry_that_makes_it_long() -> None:
    ask = asker()
    for number in range(5):
        ask("set", key=b"%d" % number, value=bytes(600_000))
    page = ask("scan")
    assert [key for key, _ in page["entries"]] == [b"0", b"1"]
    assert page["next"] == b"1"
    assert len(pages(ask, "scan")) == 5


def test_a_page_has_a_size_whatever_is_asked_for() -> None:
    ask = asker()
    ask("transact", ops=[{"op": "set", "key": b"%05d" % n, "value": b""} for n in range(5000)])
    assert len(ask("scan")["entries"]) == 256
    assert len(ask("scan", limit=10**9)["entries"]) == 4096
    assert ask("scan", limit=0) == {"entries": [], "next": None}


def test_replies_tell_the_version_that_they_have_seen() -> None:
    ask = asker()
    versions = list[int]()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("set", {"key": b"a", "value": b"1"}),
        ("get", {"key": b"a"}),
        ("delete", {"key": b"none"}),  # writes nothing, and commits nothing
        ("transact", {"ops": []}),
        ("set", {"key": b"a", "value": b"2"}),
    ]
    for call, args in calls:
        ask(call, **args)
        versions.append(ask.version)
    assert versions == [1, 1, 1, 1, 2]


def test_an_expectation_counts_what_earlier_ops_of_the_list_did() -> None:
    ask = asker()
    ops = [
        {"op": "set", "key": b"k", "value": b"1", "expect": None},
        {"op": "set", "key": b"k", "value": b"2", "expect": b"1"},
        {"op": "delete", "key": b"k", "expect": b"2"},
        {"op": "check", "key": b"k", "expect": None},
    ]
    assert ask("transact", ops=ops) == [None, None, True, None]


def test_a_conflict_tells_the_key_and_both_values_and_leaves_no_trace() -> None:
    ask = asker()
    ask("set", key=b"k", value=b"other")
    ops = [
        {"op": "set", "key": b"first", "value": b"1"},
        {"op": "set", "key": b"k", "value": b"2", "expect": b"mine"},
    ]
    with pytest.raises(RefusedError, match="op 1: the key b'k'") as refused:
        ask("transact", ops=ops)
    assert refused.value.fields == {"id": b"k", "expected": b"mine", "actual": b"other"}
    assert not ask("has", key=b"first")


@pytest.mark.parametrize(
    ("op", "told"),
    [
        (7, "op 0 is an object, not a int"),
        ({"key": b"k"}, "'op' is one of set, delete, check, not None"),
        ({"op": ["set"], "key": b"k"}, "'op' is one of"),
        ({"op": "get", "key": b"k"}, "'op' is one of"),
        ({"op": "set", "key": b"k"}, "op 0 needs 'value'"),
        ({"op": "set", "key": "k", "value": b""}, "'key' is bytes, not str"),
        ({"op": "set", "key": b"k", "value": None}, "'value' is bytes, not null"),
        ({"op": "delete", "key": b"k", "value": b"v"}, "there is no 'value'"),
        ({"op": "check", "key": b"k"}, "op 0 needs 'expect'"),
        ({"op": "set", "key": b"k", "value": b"", "expect": 1}, "bytes or null, not int"),
    ],
)
def test_an_op_that_is_none_is_refused_with_its_place(op: Any, told: str) -> None:
    with pytest.raises(RefusedError, match=told) as refused:
        asker()("transact", ops=[op])
    assert refused.value.code in {"usage_type", "usage_value"}
