"""L5: documents are stored as they are, and changed as a whole."""

from collections.abc import Callable
from typing import Any, cast

from libredb.lens.documents import Document, documents
from libredb.lens.errors import ConflictError, InvalidValueError
from libredb.lens.rows.ids import counter
from libredb.testing.lens.subject import Subject, everything, expect_exactly
from libredb.testing.store.subject import expect, expect_equal, expect_raises

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 1.0, 0.0, -0.0, -1, 1e308, -1e308, 5e-324),
    *(2**53, 2**53 + 1, 2**64, 2**2039, -(2**2039)),
    *("", "\0", "a", "a\0", "\uffff", "\U0010ffff", "x" * 900),
    *cast(list[Any], [[], [None], [1, [1.0, [True]]], {}, {"": None}, {"b": 1, "a": {"c": [{}]}}]),
)
REFUSED: tuple[Any, ...] = (
    *(float("nan"), float("inf"), (1,), b"x", {1: 2}, "\ud800", ["\udfff"], 2**2040, {5}),
)


def l05_a_document_comes_back_as_it_was(subject: Subject) -> None:
    """Store every kind of value, at the top and below, and read it in every way."""
    notes = documents(subject.store, "notes")
    given: list[Document] = [
        {"id": f"{number:02}", "z": value, "a": {"b.c": [value]}, "$x": value}
        for number, value in enumerate(VALUES)
    ]
    ids = notes.insert_many(given)
    expect_exactly(list(map(notes.get, ids)), given, "one by one")
    expect_exactly(notes.get_many(reversed(ids)), given[::-1], "several at once")
    expect_exactly(list(notes.find()), given, "all of them")
    notes.create_index("z")
    expect_exactly(
        sorted(notes.find({"z": {"$exists": True}}), key=lambda d: d["id"]), given, "by an index"
    )


def l05_an_id_may_hold_any_character(subject: Subject) -> None:
    """Use ids that begin alike, are long, or end in the last character there is."""
    ids = [
        "\0",
        "a",
        "a\0",
        "a\0b",
        "aa",
        "\x7f",
        "\x80",
        "\uffff",
        "\U0010ffff",
        "\U0010ffff" * 99,
    ]
    notes = documents(subject.store, "notes")
    notes.create_index("n")
    notes.insert_many([{"id": each, "n": 1} for each in reversed(ids)])
    expect_equal([each["id"] for each in notes.find()], ids, "the ids in order")
    for condition in ({"n": 1}, {"id": {"$gte": "\0"}}):
        found = [each["id"] for each in notes.find(condition, order_by="-id")]
        expect_equal(found, ids[::-1], f"the ids for {condition}")
    found = [each["id"] for each in notes.find({"id": {"$prefix": "\U0010ffff"}})]
    expect_equal(found, ids[-2:], "the ids that begin with the last character")
    expect_equal([notes.delete(each) for each in ids], [True] * len(ids), "what delete returns")
    expect_equal(notes.count({"n": 1}), 0, "what is left")


def l05_what_the_caller_does_later_changes_no_document(subject: Subject) -> None:
    """Change what was given, and what was read."""
    notes = documents(subject.store, "notes")
    given: Document = {"list": [1, {"a": []}]}
    patch: Any = {"$push": {"list": {"b": []}}}
    id = notes.insert(given)  # noqa: A001 - as documents call it
    notes.update(id, patch)
    given["list"][1]["a"].append(2)
    patch["$push"]["list"]["b"].append(2)
    expect("id" not in given, "the id of the document was put into the caller's dict")
    for found in (notes.find({"id": id}).one(), notes.one(), *notes.get_many([id])):
        (found or {"list": []})["list"].clear()
    expected: Document = {"id": id, "list": [1, {"a": []}, {"b": []}]}
    expect_exactly(notes.get(id), expected, "the document")


def l05_what_cannot_be_stored_is_refused_whole(subject: Subject) -> None:
    """Refuse values deep in the second of two documents, and in patches."""
    notes = documents(subject.store, "notes")
    notes.create_index("n")
    notes.insert({"id": "kept", "n": 1})
    before = everything(subject.store)
    for value in REFUSED:
        bad: Document = {"id": "bad", "deep": [{"x": value}]}
        calls: list[Callable[[], object]] = [
            lambda bad=bad: notes.insert_many([{"n": 2}, bad]),
            lambda bad=bad: notes.put_many([{"id": "kept"}, bad]),
            lambda bad=bad: notes.update("kept", {"n": 2, "deep": bad}),
            lambda bad=bad: notes.upsert({"n": 5}, {"deep": bad}),
        ]
        for call in calls:
            expect_raises(InvalidValueError, call, f"the value {value!r}")
            expect_equal(everything(subject.store), before, f"what is there after {value!r}")


def l05_missing_is_not_null(subject: Subject) -> None:
    """Look for each of the two, by an index and without one."""
    notes = documents(subject.store, "notes")
    notes.insert_many(
        [
            {"id": "missing"},
            {"id": "null", "a": None},
            {"id": "false", "a": False},
            {"id": "0", "a": 0},
        ]
    )
    conditions: list[tuple[Any, list[str]]] = [
        ({"a": None}, ["null"]),
        ({"a": {"$exists": False}}, ["missing"]),
        ({"a": {"$exists": True}}, ["0", "false", "null"]),
        ({"a": {"$ne": None}}, ["0", "false", "missing"]),
        ({"a": {"$nin": [None, 0]}}, ["false", "missing"]),
        ({"a": {"$not": {"$gte": 0}}}, ["false", "missing", "null"]),
        ({"a": {"$lte": 0}}, ["0"]),
        ({"a": {"$in": [None, False]}}, ["false", "null"]),
    ]
    for _ in ("by a pass", "by an index"):
        for condition, expected in conditions:
            found = sorted(note["id"] for note in notes.find(condition))
            expect_equal(found, expected, f"what is found for {condition}")
        order = [note["id"] for note in notes.find(order_by="a")]
        expect_equal(order, ["missing", "null", "false", "0"], "the order")
        notes.create_index("a")


def l05_a_patch_does_what_it_says(subject: Subject) -> None:
    """Apply each operator to what is there and to what is missing."""
    notes = documents(subject.store, "notes")
    notes.create_index("n")
    notes.create_index("l", each=True)
    notes.insert({"id": "x", "n": 1, "l": [1, 1.0, True, 2]})
    patches: list[tuple[Any, Document]] = [
        ({"a.b": 1}, {"a": {"b": 1}}),
        ({"$inc": {"n": 2**70, "m": 1}}, {"n": 2**70 + 1, "m": 1}),
        ({"$pull": {"l": 1, "none": 1}}, {"l": [True, 2]}),
        ({"$push": {"l": 2, "a.c": None}}, {"l": [True, 2, 2], "a": {"b": 1, "c": [None]}}),
        ({"$set": {"a": []}, "$inc": {"n": -(2**70)}}, {"n": 1, "a": []}),
    ]
    expected: Document = {"id": "x", "n": 1, "l": [1, 1.0, True, 2]}
    for patch, changed in patches:
        expected |= changed
        expect_equal(notes.update("x", patch), True, f"what update returns for {patch}")
        expect_exactly(notes.get("x"), expected, f"the document after {patch}")
    notes.update("x", {"$unset": ["m", "no", "a"]})
    expect_exactly(notes.get("x"), {"id": "x", "n": 1, "l": [True, 2, 2]}, "without some fields")
    expect_equal(notes.update("no", {"n": 1}), False, "what update of nothing returns")
    expect_equal(notes.count({"l": {"$contains": 2}, "n": 1}), 1, "what is found afterwards")


def l05_many_at_once_are_one_after_the_other(subject: Subject) -> None:
    """Do the same with many documents in one call and in many calls."""
    many = documents(subject.store, "many")
    single = documents(subject.store, "single")
    given: list[Document] = [{"id": str(n), "n": n % 3} for n in range(8)]
    for notes in (many, single):
        notes.create_index("n")
    expect_equal(many.insert_many(given), [single.insert(each) for each in given], "the ids")
    later: list[Document] = [{"id": "2", "n": 5}, {"id": "new", "n": 5}, {"id": "2", "n": 6}]
    expect_equal(many.put_many(later), [single.put(each) for each in later], "the ids of a put")
    gone = ["0", "0", "no", "7"]
    expect_equal(many.delete_many(gone), sum(map(single.delete, gone)), "how many are deleted")
    found = [each["id"] for each in single.find({"n": {"$lte": 1}})]
    count = sum(single.update(id, {"$inc": {"n": 10}}) for id in found)  # noqa: A001 - as above
    expect_equal(many.update_many({"n": {"$lte": 1}}, {"$inc": {"n": 10}}), count, "how many")
    expect_exactly(list(many.find()), list(single.find()), "the documents")
    found = [each["id"] for each in single.find({"n": 11})]
    expect_equal(many.delete_where({"n": 11}), sum(map(single.delete, found)), "how many go")
    expect_exactly(list(many.find()), list(single.find()), "the documents that are left")
    expect_equal(many.clear(), len(single), "how many there were")


def l05_an_upsert_updates_what_it_finds_or_inserts_it(subject: Subject) -> None:
    """Upsert the same twice, by a field and by an id."""
    notes = documents(subject.store, "notes")
    for condition in ({"mail": "x", "a.b": 1}, {"id": "own"}):
        told = [notes.upsert(condition, {"$inc": {"n": 2}}) for _ in range(2)]
        expect_equal(told, ["inserted", "updated"], f"what an upsert of {condition} says")
        expect_equal(notes.find(condition).one()["n"], 4, "what both have added up to")
    expect_equal(len(notes), 2, "how many there are")


def l05_new_ids_rise_and_counted_ones_never_come_twice(subject: Subject) -> None:
    """Insert without ids; then count, delete the last one, and count on."""
    notes = documents(subject.store, "notes")
    ids = [*notes.insert_many([{}, {}, {}]), notes.insert({}), notes.put({})]
    expect(ids == sorted(set(ids)), f"ids do not rise: {ids}")
    expect_equal([each["id"] for each in notes.find()], ids, "the ids in order")
    counted = documents(subject.store, "counted", key=counter("id"))
    found = [*counted.insert_many([{}, {}]), counted.insert({})]
    counted.delete_many(found)
    found.append(counted.insert({}))
    expect_equal(found, [1, 2, 3, 4], "counted ids")
    counted.clear()
    expect_equal(counted.insert({}), 5, "a counted id after all were deleted")


def l05_of_two_writers_with_one_version_one_wins(subject: Subject) -> None:
    """Replace, update and delete with a version that was read before, and one that is current."""
    notes = documents(subject.store, "notes")
    notes.put({"id": "x", "n": 0}, if_version=0)
    old = notes.get_versioned("x")[1]
    notes.update("x", {"n": 1}, if_version=old)
    for call in (
        lambda: notes.put({"id": "x"}, if_version=old),
        lambda: notes.put({"id": "x"}, if_version=0),
        lambda: notes.update("x", {"n": 2}, if_version=old),
        lambda: notes.delete("x", if_version=old),
    ):
        expect_raises(ConflictError, call, "a version that was replaced")
    found, version = notes.get_versioned("x")
    expect_exactly(found, {"id": "x", "n": 1}, "the document")
    notes.delete("x", if_version=version)
    expect_equal(notes.get_versioned("x"), (None, 0), "what was deleted")
