"""L6: a search finds what is true, whichever index it is found by, and in one order."""

from collections.abc import Callable
from typing import Any

from libredb.lens.documents import Document, Documents, documents
from libredb.testing.lens.subject import Subject, expect_exactly
from libredb.testing.store.subject import expect, expect_equal

NUMBERS: tuple[Any, ...] = (
    *(-(2**2039), -1e308, -(2**64) - 1, -(2**64), -1.5, -1, -5e-324, -0.0, 5e-324, 0.5, 1),
    *(2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 1e308, 2**2039),
)
"""Numbers in order, ints and floats between one another."""

DOCUMENTS: list[Document] = [
    {"id": "01", "a": 1, "b": "x", "t": ["io", "disk", "io"]},
    {"id": "02", "a": 1.0, "b": "xy", "t": []},
    {"id": "03", "a": True, "b": None, "t": "io"},
    {"id": "04", "a": None, "b": "\U0010ffff"},
    {"id": "05", "b": "x\U0010ffffy", "t": [["io"], None, None]},
    {"id": "06", "a": {"b": 1}, "b": "a big disk"},
    {"id": "07", "a": {"b": None, "c": 2}, "b": "Disk of io", "t": ["disk"]},
    {"id": "08", "a": [{"b": 1}], "b": ""},
    {"id": "09", "a": 2, "b": "x", "t": [1, 1.0]},
    {"id": "10", "a": 1, "b": "x", "t": ["io"]},
    {"id": "11", "a": "1", "b": 5},
    {"id": "12", "a": {}, "b": -0.0, "t": [0.0]},
]
CONDITIONS: dict[str, tuple[Any, Callable[[Document], bool]]] = {
    "all": ({}, lambda _: True),
    "1": ({"a": 1}, lambda d: type(d.get("a")) in {int, float} and d["a"] == 1),
    "true": ({"a": True}, lambda d: d.get("a") is True),
    "above 1": ({"a": {"$gt": 1}}, lambda d: type(d.get("a")) is int and d["a"] > 1),
    "both": ({"a": 1, "b": "x"}, lambda d: d["id"] in {"01", "10"}),
    "one of": ({"a": {"$in": [2, None, 1]}}, lambda d: d["id"] in {"01", "02", "04", "09", "10"}),
    "prefix": ({"b": {"$prefix": "x"}}, lambda d: str(d["b"]).startswith("x")),
    "last": ({"b": {"$prefix": "\U0010ffff"}}, lambda d: d["id"] == "04"),
    "contains": ({"t": {"$contains": "io"}}, lambda d: d["id"] in {"01", "03", "10"}),
    "contains 1": ({"t": {"$contains": 1}}, lambda d: d["id"] == "09"),
    "contains -0.0": ({"t": {"$contains": -0.0}}, lambda d: d["id"] == "12"),
    "contains an array": ({"t": {"$contains": ["io"]}}, lambda d: d["id"] == "05"),
    "a path": ({"a.b": 1}, lambda d: d["id"] == "06"),
    "a path of null": ({"a.b": None}, lambda d: d["id"] == "07"),
    "words": ({"b": {"$words": "DISK"}}, lambda d: d["id"] in {"06", "07"}),
    "or": ({"$or": [{"a": 2}, {"a": "1"}]}, lambda d: d["id"] in {"09", "11"}),
    "not": ({"a": {"$not": {"$gte": 1}}}, lambda d: d["id"] not in {"01", "02", "09", "10"}),
    "ids": ({"id": {"$in": ["09", "01", "no"]}}, lambda d: d["id"] in {"01", "09"}),
    "a range of ids": ({"id": {"$gt": "03", "$lte": "06"}}, lambda d: "03" < d["id"] <= "06"),
}
ORDERS: tuple[Any, ...] = (None, "-id", "a", "-a", ["b", "a"], ["-a", "b"])
INDEXES: tuple[tuple[list[str], dict[str, bool]], ...] = (
    (["a"], {}),
    (["a", "b"], {}),
    (["b", "a"], {}),
    (["a.b"], {}),
    (["t"], {"each": True}),
)


def l06_an_index_finds_what_a_pass_finds_in_the_same_order(subject: Subject) -> None:
    """Compare plain Python, a pass over all, and every index, for each condition and order."""
    notes = documents(subject.store, "notes")
    notes.insert_many(reversed(DOCUMENTS))
    passes: dict[str, list[Document]] = {}
    for name, (condition, is_true) in CONDITIONS.items():
        expected = [each for each in DOCUMENTS if is_true(each)]
        expect_exactly(list(notes.find(condition)), expected, f"what is found for {name!r}")
        expect_equal(notes.count(condition), len(expected), f"how many there are for {name!r}")
        for order in ORDERS:
            found = list(notes.find(condition, order_by=order))
            by_id = sorted(found, key=lambda each: each["id"])
            expect_exactly(by_id, expected, f"what is found for {name!r} by {order}")
            passes[f"{name} by {order}"] = found
    for paths, options in INDEXES:
        notes.create_index(*paths, **options)
        _expect_as_before(notes, passes, f"with the index {paths}")
    for paths, _ in INDEXES:
        notes.drop_index(",".join(paths))
        expect_equal(notes.check(), [], f"what check() finds without {paths}")
    _expect_as_before(notes, passes, "without an index")


def _expect_as_before(notes: Documents[str], passes: dict[str, list[Document]], where: str) -> None:
    for number, (name, (condition, _)) in enumerate(CONDITIONS.items()):
        for order in ORDERS[number % 2 :: 2]:
            found = list(notes.find(condition, order_by=order))
            expect_exactly(found, passes[f"{name} by {order}"], f"{name!r} by {order}, {where}")
        part = list(notes.find(condition, order_by="-a", offset=1, limit=3))
        expect_exactly(part, passes[f"{name} by -a"][1:4], f"a part of {name!r}, {where}")


def l06_where_and_order_by_share_one_index(subject: Subject) -> None:
    """Read a few of many in both directions; as many entries are read as are wanted."""
    notes = documents(subject.store, "notes")
    notes.create_index("level", "at")
    given: list[Document] = [
        {"id": f"{n:03}", "level": "abc"[n % 3], "at": n * 37 % 60} for n in range(120)
    ]
    notes.insert_many(given)
    meant = [each for each in given if each["level"] == "b" and 10 <= each["at"] < 50]
    condition = {"level": "b", "at": {"$gte": 10, "$lt": 50}}
    for order, is_reverse in (("at", False), ("-at", True)):
        meant.sort(key=lambda each: (each["at"], each["id"]), reverse=is_reverse)
        for limit in (1, 7, None):
            found = notes.find(condition, order_by=order, limit=limit)
            expect_exactly(list(found), meant[:limit], f"{order=}, {limit=}")
            plan = found.explain()
            told = (plan.index, plan.entries, plan.is_sorted_in_memory)
            count = len(meant) if limit is None else limit
            expect_equal(told, ("level,at", count, False), f"how it is found, {order=}, {limit=}")


def l06_a_path_is_an_object_only_sometimes(subject: Subject) -> None:
    """Let what a path leads through change between objects, arrays, scalars and nothing."""
    notes = documents(subject.store, "notes")
    notes.create_index("a.b")
    notes.create_index("a")
    values: tuple[Any, ...] = (
        {"b": 1},
        5,
        None,
        [{"b": 1}],
        {"b": {"b": 1}},
        {},
        "b",
        {"b": 1, "c": 1},
    )
    notes.insert({"id": "x"})
    for value in values:
        notes.put({"id": "y", "a": value})
        notes.update("x", {"$set": {"a": value}})
        is_found = repr(value).startswith("{'b': 1")
        found = [each["id"] for each in notes.find({"a.b": 1})]
        expect_equal(found, ["x", "y"] if is_found else [], f"a.b == 1 where a is {value!r}")
        found = [each["id"] for each in notes.find({"a": value})]
        expect_equal(found, ["x", "y"], f"a == {value!r}")
        expect_equal(notes.check(), [], f"what check() finds where a is {value!r}")
    notes.update_many({}, {"$unset": ["a.b"]})
    expect_equal(notes.count({"a.b": {"$exists": False}}), 2, "how many have no a.b")


def l06_elements_that_repeat_count_once(subject: Subject) -> None:
    """Add and take away elements that are equal, in one document and in several."""
    notes = documents(subject.store, "notes")
    notes.create_index("t", each=True)
    notes.create_index("n", "t", each=True)
    notes.insert_many([{"id": "x", "n": 1, "t": ["a", "a", 1, 1.0, True]}, {"id": "y", "n": 1}])

    def found(element: Any) -> list[str]:  # noqa: ANN401 - any JSON
        for condition in ({"t": {"$contains": element}}, {"n": 1, "t": {"$contains": element}}):
            ids = [each["id"] for each in notes.find(condition)]
            expect_equal(notes.count(condition), len(ids), f"how many there are for {condition}")
            count = notes.find(condition).explain().entries
            expect(type(element) is str or count == len(ids), f"{count} entries for {condition}")
        return ids

    expect_equal((found("a"), found(1), found(True)), (["x"], ["x"], ["x"]), "once each")
    notes.update("y", {"$push": {"t": "a"}})
    notes.update("y", {"$push": {"t": "a"}})
    notes.update("x", {"t": ["a", True]})
    expect_equal(found("a") + found(1), ["x", "y"], "one of two elements taken away")
    notes.update_many({}, {"$pull": {"t": "a"}})
    expect_equal(found("a") + found(True), ["x"], "all of them taken away")
    notes.update("x", {"t": "a"})
    expect_equal(found("a") + found(True), ["x"], "no array any more, but a text")


def l06_numbers_have_one_order_however_they_are_written(subject: Subject) -> None:
    """Find huge, tiny and equal numbers, as ints and as floats, by an index and without one."""
    notes = documents(subject.store, "notes")
    notes.insert_many({"id": f"{n:02}", "n": NUMBERS[n]} for n in reversed(range(len(NUMBERS))))
    for _ in ("by a pass", "by an index"):
        found = [each["n"] for each in notes.find(order_by="n")]
        expect_exactly(found, list(NUMBERS), "the numbers in order")
        for number in (*NUMBERS, 0, 0.0, 1.0, float(2**53), -(2.0**64)):
            expected = [each for each in NUMBERS if each == number]
            found = [each["n"] for each in notes.find({"n": number})]
            expect_exactly(found, expected, f"what is equal to {number!r}")
            below = [each["n"] for each in notes.find({"n": {"$lt": number}}, order_by="n")]
            expect_exactly(below, [each for each in NUMBERS if each < number], f"below {number!r}")
        notes.create_index("n")
    expect(notes.find({"n": 0}).explain().entries == 1, "-0.0 is found by the index as 0")


def l06_groups_come_to_what_python_makes_of_them(subject: Subject) -> None:
    """Count, add up and compare in groups, with and without a condition."""
    notes = documents(subject.store, "notes")
    given: list[Document] = [
        {"id": f"{n:02}", "g": "ab"[n % 2], "n": n * 7 % 10} for n in range(20)
    ]
    notes.insert_many(given)
    for at_least in (0, 5):
        meant = [each for each in given if each["n"] >= at_least]
        groups = {g: [each["n"] for each in meant if each["g"] == g] for g in "ab"}
        by = notes.group_by("g", filter={"n": {"$gte": at_least}})
        expect_equal(dict(by.count()), {g: len(all_) for g, all_ in groups.items()}, "count")
        expect_equal(dict(by.sum("n")), {g: sum(all_) for g, all_ in groups.items()}, "sum")
        expect_equal(dict(by.min("n")), {g: min(all_) for g, all_ in groups.items()}, "min")
        expect_equal(dict(by.max("n")), {g: max(all_) for g, all_ in groups.items()}, "max")
        expect_equal(
            notes.distinct("n", {"n": {"$gte": at_least}}),
            sorted({each["n"] for each in meant}),
            "distinct",
        )
