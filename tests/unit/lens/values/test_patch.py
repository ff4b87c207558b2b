"""A patch does what its dict says, all of it or nothing, and changes no document but its own."""

import math
from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any

import pytest

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import InvalidValueError
from libredb.lens.values.json_value import INT_END
from libredb.lens.values.patch import Patch
from tests.support.case import DEEP, case

DOCUMENT: dict[str, Any] = {
    "id": "1",
    "n": 5,
    "f": 0.5,
    "s": "text",
    "t": True,
    "z": None,
    "l": [1, 1.0, True, "a", [1], {"b": 1}],
    "o": {"a": {"b": 1, "c": [0]}, "d": {}},
    "a.b": {"$c": 1},
}

REMOVED = object()


def changed(**fields: Any) -> dict[str, Any]:
    """Return the document with other fields."""
    both = {**deepcopy(DOCUMENT), **fields}
    return {name: value for name, value in both.items() if value is not REMOVED}


DONE: list[tuple[Mapping[Any, Any], dict[str, Any]]] = [
    ({}, changed()),
    ({"$set": {}}, changed()),
    ({"n": 6}, changed(n=6)),
    ({"$set": {"n": 6, "s": None}}, changed(n=6, s=None)),
    ({"new": [1]}, changed(new=[1])),
    ({"o": 1}, changed(o=1)),
    ({"o": {"e": 1}}, changed(o={"e": 1})),
    ({"l": []}, changed(l=[])),
    ({"z": {"$inc": 1}}, changed(z={"$inc": 1})),
    ({"o.a.b": 2}, changed(o={"a": {"b": 2, "c": [0]}, "d": {}})),
    ({"o.d.x.y": 1}, changed(o={"a": {"b": 1, "c": [0]}, "d": {"x": {"y": 1}}})),
    ({"p.q": 1, "p.r": 2}, changed(p={"q": 1, "r": 2})),
    ({("a.b", "$c"): 2}, changed(**{"a.b": {"$c": 2}})),
    ({("", ""): 2}, changed(**{"": {"": 2}})),
    ({"id": "1", "n": 6}, changed(n=6)),
    ({"$unset": ["n", "o.a.b"]}, changed(n=REMOVED, o={"a": {"c": [0]}, "d": {}})),
    ({"$unset": {"n": True, "s": 1, ("z",): ""}}, changed(n=REMOVED, s=REMOVED, z=REMOVED)),
    ({"$unset": ["x.y", "n.x", "l.0", "z.a", "o.a.x"]}, changed()),
    ({"$unset": []}, changed()),
    ({"$inc": {"n": 1}}, changed(n=6)),
    ({"$inc": {"n": -0.5, "f": 2}}, changed(n=4.5, f=2.5)),
    ({"$inc": {"n": 1.0}}, changed(n=6.0)),
    ({"$inc": {"new": 0}}, changed(new=0)),
    ({"$inc": {"p.q": 2.5, "o.a.b": 1}}, changed(
        p={"q": 2.5}, o={"a": {"b": 2, "c": [0]}, "d": {}},
    )),
    ({"$push": {"l": [2]}}, changed(l=[*DOCUMENT["l"], [2]])),
    ({"$push": {"new": None, "o.a.c": 1, "p.q": {}}}, changed(
        new=[None], o={"a": {"b": 1, "c": [0, 1]}, "d": {}}, p={"q": [{}]},
    )),
    ({"$pull": {"l": 1}}, changed(l=[True, "a", [1], {"b": 1}])),
    ({"$pull": {"l": True}}, changed(l=[1, 1.0, "a", [1], {"b": 1}])),
    ({"$pull": {"l": [1.0]}}, changed(l=[1, 1.0, True, "a", {"b": 1}])),
    ({"$pull": {"l": {"b": 1.0}}}, changed(l=[1, 1.0, True, "a", [1]])),
    ({"$pull": {"l": "x", "new": 1, "p.q": 1, "n.x": 1}}, changed()),
    ({"$set": {"s": "x"}, "$unset": ["z"], "$inc": {"n": 1}, "$push": {"l": 1}, "$pull": {
        "o.a.c": 0,
    }}, changed(
        s="x", z=REMOVED, n=6, l=[*DOCUMENT["l"], 1], o={"a": {"b": 1, "c": []}, "d": {}},
    )),
    (MappingProxyType({"$set": MappingProxyType({"n": 6})}), changed(n=6)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), DONE)
def test_a_patch_does_what_its_dict_says(given: Any, expected: dict[str, Any]) -> None:
    document = deepcopy(DOCUMENT)
    result = Patch.parse(given).apply(document)
    assert repr(result) == repr(expected), "also the types and the order of the names"
    assert repr(document) == repr(DOCUMENT), "what it was applied to is as it was"
    assert result is not document


def test_a_patch_can_be_applied_again_and_is_not_what_it_was_made_from() -> None:
    given: dict[str, Any] = {"$set": {"o": {"x": [1]}}, "$push": {"l": [2]}}
    patch = Patch.parse(given)
    given["$set"]["o"]["x"].append(2)
    given["$push"]["l"].append(3)
    once = patch.apply({"l": []})
    assert once == {"o": {"x": [1]}, "l": [[2]]}
    assert patch.apply(once) == {"o": {"x": [1]}, "l": [[2], [2]]}
    assert once == {"o": {"x": [1]}, "l": [[2]]}


def test_only_what_lies_on_the_way_is_copied() -> None:
    document = deepcopy(DOCUMENT)
    result = Patch.parse({"o.a.b": 2}).apply(document)
    assert result["l"] is document["l"]
    assert result["o"]["d"] is document["o"]["d"]
    assert result["o"]["a"]["c"] is document["o"]["a"]["c"]


# What no patch can say

WRONG: list[tuple[Any, str]] = [
    ({"$set": {"a": 1}, "b": 2}, "operators or paths, not both: '$set' beside 'b'"),
    ({"b": 2, "$inc": {"a": 1}}, "operators or paths, not both: '$inc' beside 'b'"),
    ({"$increase": {"a": 1}}, "unknown operator '$increase', the nearest one here is '$inc'"),
    ({"$gt": {"a": 1}}, "a patch: unknown operator '$gt', the nearest one here is '$"),
    ({"$set": 5}, "$set takes a dict of paths and values, not int"),
    ({"$inc": ["a"]}, "$inc takes a dict of paths and values, not list"),
    ({"$push": None}, "$push takes a dict of paths and values, not None"),
    ({"$unset": "a"}, "$unset takes a list of paths"),
    ({"$unset": {"a": False}}, "$unset takes a list of paths"),
    ({"$unset": {"a": []}}, "$unset takes a list of paths"),
    ({"$unset": {"a": None}}, "$unset takes a list of paths"),
    ({"$set": {"a": 1}, "$inc": {"a": 1}}, "the paths a and a of a patch overlap"),
    ({"a": 1, ("a",): 2}, "the paths a and a of a patch overlap"),
    ({"a": {}, "a.b": 2}, "the paths a and a.b of a patch overlap"),
    ({"a.b.c": 1, "a.bb": 1, "a.b": 2, "a.a": 3}, "the paths a.b and a.b.c of a patch overlap"),
    ({"$push": {"a.b": 1}, "$unset": ["a"]}, "the paths a and a.b of a patch overlap"),
    ({"$unset": ["a", "a"]}, "the paths a and a of a patch overlap"),
    ({"$unset": ["id"]}, "$unset of id: an id never changes"),
    ({"$inc": {"id": 1}}, "$inc of id: an id never changes"),
    ({"$push": {"id": 1}}, "$push of id: an id never changes"),
    ({"id.x": 1}, "$set of id.x: an id never changes"),
    ({"a.": 1}, "the path 'a.' has an empty name"),
    ({"$set": {"$a": 1}}, "the path '$a' has a '$'"),
    ({"$unset": ["a.$b"]}, "the path 'a.$b' has a '$'"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_what_no_patch_can_say_is_refused(given: Any, message: str) -> None:
    with pytest.raises(UsageValueError) as caught:
        Patch.parse(given)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "given", [None, 5, "a", [("a", 1)], {5: 1}, {("a", 1): 1}, {"$unset": [1]}]
)
def test_what_is_no_patch_at_all_is_refused(given: Any) -> None:
    with pytest.raises(UsageTypeError):
        Patch.parse(given)


@pytest.mark.parametrize("value", ["2", 1, None, "1\0"])
def test_another_id_is_refused(value: Any) -> None:
    with pytest.raises(UsageValueError, match="the id of a document never changes"):
        Patch.parse({"id": value, "n": 1}).apply(deepcopy(DOCUMENT))


REFUSED_VALUES: list[tuple[Any, str, str, str]] = [
    # patch, field, what was expected, what there is
    ({"a.b": math.nan}, "a.b", "a finite number", "nan"),
    ({"a": {"b": (1,)}}, "a.b", "exactly", "tuple"),
    ({"$push": {"a": b""}}, "a", "exactly", "bytes"),
    ({"$pull": {"a": {"\ud800": 1}}}, "a", "names", "str"),
    ({"$inc": {"a": math.inf}}, "a", "a finite number", "inf"),
    ({"$inc": {"a": "1"}}, "a", "a number to add", "str"),
    ({"$inc": {"a": True}}, "a", "a number to add", "bool"),
    ({"$inc": {"a": None}}, "a", "a number to add", "None"),
    ({"$inc": {"a": {}}}, "a", "a number to add", "dict"),
    ({"$inc": {"a": INT_END}}, "a", "an integer of at most 255 bytes", "int of 256 bytes"),
]


@pytest.mark.parametrize(("given", "field", "expected", "actual"), REFUSED_VALUES)
def test_an_operand_that_no_document_can_hold_is_refused_with_its_place(
    given: Any, field: str, expected: str, actual: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Patch.parse(given)
    assert (caught.value.field, caught.value.actual) == (field, actual)
    assert str(caught.value.expected).startswith(expected)


def kinds() -> dict[str, Any]:
    """Return a path to a value of each kind, and how an error calls it."""
    return {
        "n": "int",
        "f": "float",
        "s": "str",
        "t": "bool",
        "z": "None",
        "l": "list",
        "o": "dict",
    }


def test_every_operator_refuses_every_kind_of_value_that_it_is_not_for() -> None:
    takes = {"$inc": "int float", "$push": "list", "$pull": "list"}
    wanted = {"$inc": "a number to add to", "$push": "a list to append to"}
    for operator, names in takes.items():
        patches = {kind: Patch.parse({operator: {path: 1}}) for path, kind in kinds().items()}
        for path, kind in kinds().items():
            with case(operator=operator, kind=kind):
                if kind in names.split():
                    assert patches[kind].apply(DOCUMENT) != DOCUMENT
                    continue
                with pytest.raises(InvalidValueError) as caught:
                    patches[kind].apply(DOCUMENT)
                assert (caught.value.field, caught.value.actual) == (path, kind)
                assert caught.value.expected == wanted.get(operator, "a list to take elements from")


@pytest.mark.parametrize("operator", ["$set", "$inc", "$push"])
def test_what_is_no_object_is_refused_on_the_way_to_a_value(operator: str) -> None:
    for path, kind in kinds().items():
        patch = Patch.parse({operator: {f"{path}.x.y": 1}})
        with case(kind=kind):
            if kind == "dict":
                patch.apply(DOCUMENT)
                continue
            with pytest.raises(InvalidValueError) as caught:
                patch.apply(DOCUMENT)
            error = caught.value
            assert (error.field, error.expected, error.actual) == (path, "an object", kind)


@pytest.mark.parametrize(
    ("number", "by", "actual"),
    [
        (1e308, 1e308, "inf"),
        (-1e308, -1e308, "-inf"),
        (INT_END - 1, 0.5, "inf"),
        (0.5, 1 - INT_END, "inf"),
        (INT_END - 1, 1, "int of 256 bytes"),
        (1 - INT_END, -1, "int of 256 bytes"),
    ],
)
def test_a_sum_that_cannot_be_stored_is_refused(number: Any, by: Any, actual: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Patch.parse({"$inc": {"a.b": by}}).apply({"a": {"b": number}})
    assert (caught.value.field, caught.value.actual) == ("a.b", actual)


def test_a_patch_that_fails_at_its_last_step_has_changed_nothing() -> None:
    document = deepcopy(DOCUMENT)
    patch = Patch.parse({"$set": {"o.a.b": 7, "p.q": 1}, "$push": {"l": 1}, "$inc": {"z": 1}})
    with pytest.raises(InvalidValueError, match="z: expected a number to add to, got None"):
        patch.apply(document)
    assert repr(document) == repr(DOCUMENT)


def test_a_long_path_and_a_wide_patch_are_no_trouble() -> None:
    deep: Any = Patch.parse({".".join(["a"] * DEEP): 1}).apply({})
    for _ in range(DEEP):
        deep = deep["a"]
    assert deep == 1
    wide = {f"name {number}": number for number in range(5000)}
    assert Patch.parse(wide).apply({"id": "1"}) == {"id": "1", **wide}
