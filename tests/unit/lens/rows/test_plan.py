"""Claim: a search reads what is narrowest, by rules that can be told, and says what it reads."""

from typing import Any

import pytest

from libredb import Store
from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.documents import Documents, documents
from libredb.lens.keys.namespace import IndexRecord, keys_of
from libredb.lens.keys.order_key import order_key
from libredb.lens.rows.document import NAMED
from libredb.lens.rows.index import Index
from libredb.lens.rows.order import Order, parse_order
from libredb.lens.rows.plan import Plan, plan, rejected
from libredb.lens.rows.row import Form
from libredb.lens.values.filter import from_filter

INDEXES = (["level", "at"], ["level"], ["at"], ["level", "host", "at"])


def made_of(*indexes: list[str], **flags: bool) -> tuple[Index, ...]:
    records = [
        IndexRecord(number, tuple(tuple(path.split(".")) for path in paths), **flags)
        for number, paths in enumerate(indexes, start=1)
    ]
    return tuple(Index(keys_of(1), record) for record in records)


def planned(filter: Any, order: Any = None, *indexes: list[str], **flags: bool) -> Plan:  # noqa: A002 - it is one
    made = made_of(*(indexes or INDEXES), **flags)
    return plan(from_filter(filter), parse_order(order, NAMED.key), made, keys_of(1), NAMED)


def reasons(filter: Any, order: Any, *indexes: list[str], **flags: bool) -> list[tuple[str, str]]:  # noqa: A002 - it is one
    condition, wanted = from_filter(filter), parse_order(order, NAMED.key)
    made = made_of(*indexes, **flags)
    chosen = plan(condition, wanted, made, keys_of(1), NAMED)
    return list(rejected(condition, wanted, made, chosen))


def chosen(*args: Any, **flags: bool) -> str | None:
    found = planned(*args, **flags)
    return found.index.name if found.index else None


# Which index


@pytest.mark.parametrize(
    ("condition", "order", "name"),
    [
        ({"level": "warn", "host": "a"}, None, "level,host,at"),
        ({"level": "warn", "at": {"$gt": 1}}, None, "level,at"),
        ({"level": "warn"}, None, "level"),
        ({"level": "warn"}, "at", "level,at"),
        ({"level": "warn"}, "-at", "level,at"),
        ({"level": "warn"}, ["host", "at"], "level,host,at"),
        ({"level": {"$prefix": "w"}}, None, "level,at"),
        ({"level": {"$in": ["a", "b"]}, "at": 1}, None, "level,at"),
        ({"at": {"$lt": 3}}, None, "at"),
        ({}, "at", "at"),
        ({}, ["level", "at"], "level,at"),
        ({"host": "a"}, None, None),
        ({"level": {"$ne": "a"}}, None, None),
        ({"$not": {"level": "a"}}, None, None),
        ({}, ["level", "-at"], None),
    ],
)
def test_the_longest_equality_wins_then_bounds_then_the_order_then_age(
    condition: Any, order: Any, name: str | None
) -> None:
    assert chosen(condition, order) == name


def test_of_two_that_are_as_good_the_oldest_is_read() -> None:
    found = planned({"a": 1}, "c", ["a", "b"], ["a", "d"])
    assert found.index is not None
    assert found.index.name == "a,b"
    assert reasons({"a": 1}, "c", ["a", "b"], ["a", "d"]) == [("a,d", "a,b fits better")]


def test_what_is_rejected_comes_with_a_reason() -> None:
    assert reasons({"b": 1}, None, ["a"], ["c", "b"]) == [
        ("a", "nothing asked for begins with a"),
        ("c,b", "nothing asked for begins with c"),
    ]
    (reason,) = reasons({"a": {"$ne": 1}}, None, ["a"])
    assert reason == ("a", "no condition on a, and not the order asked for")
    (reason,) = reasons({"t": "x"}, None, ["t"], each=True)
    assert reason == ("t", "it takes a $contains on its last field, and equality on all others")
    (reason,) = reasons({"t": {"$words": "."}}, None, ["t"], words=True)
    assert reason == ("t", "it takes a $words on its last field, and equality on all others")
    (reason,) = reasons({"id": "a", "t": 1}, None, ["t"])
    assert reason == ("t", "the ids are given")
    (reason,) = reasons({"id": {"$gt": "a"}, "t": {"$gt": 1}}, None, ["t"])
    assert reason == ("t", "a range of ids fits better")


# Ids


GIVEN: list[tuple[dict[str, Any], list[bytes]]] = [
    ({"id": "b"}, [b"\x02b\0"]),
    ({"id": {"$in": ["b", "a", 5.5, "b", ""]}}, [b"\x02a\0", b"\x02b\0"]),
    ({"id": {"$in": [2.0]}}, [b"\x15\x02"]),
    ({"$or": [{"id": "b"}, {"id": {"$in": ["a", "c"]}}]}, [b"\x02a\0", b"\x02b\0", b"\x02c\0"]),
    ({"id": True}, []),
    ({"id": None}, []),
    ({"level": {"$in": []}}, []),
    ({"$or": []}, []),
    ({"id": {"$gt": "a"}, "$or": [{"a": {"$in": []}}]}, []),
]


@pytest.mark.parametrize(("condition", "ids"), GIVEN, ids=repr)
def test_an_id_given_is_a_get_and_what_cannot_be_is_nothing(condition: Any, ids: Any) -> None:
    assert planned(condition).ids == tuple(ids)


def test_bounds_of_ids_are_a_range_of_rows() -> None:
    assert planned({"id": {"$gt": "a"}}).ranges[0][0] == b"\xfe\x15\x01\x01\x02a\0\xff"
    assert planned({"id": {"$prefix": "a"}}).ranges == (
        (b"\xfe\x15\x01\x01\x02a", b"\xfe\x15\x01\x01\x02b"),
    )
    assert planned({"id": {"$prefix": ""}}).is_whole
    assert planned({"id": {"$gte": None}}).is_whole


def test_an_id_of_several_fields_is_read_by_the_leading_ones() -> None:
    form = Form(
        "row", (("a",), ("b",)), lambda _, value: value, NAMED.pack, NAMED.unpack,
        NAMED.encode, NAMED.decode,
    )  # fmt: skip

    def of(condition: Any, *columns: Any) -> Plan:
        order = Order.of([((path,), turned) for path, turned in columns], form.key)
        return plan(from_filter(condition), order, (), keys_of(1), form)

    start = b"\xfe\x15\x01\x01"
    assert of({"a": 1, "b": "x"}).ids == (b"\x15\x01\x02x\0",)
    assert of({"a": 1, "b": {"$in": ["x"]}}).ids is None
    assert of({"a": 1}).ranges == ((start + b"\x15\x01", start + b"\x15\x02"),)
    assert of({"a": 1, "b": {"$gt": "x"}}).ranges[0][0] == start + b"\x15\x01\x02x\0\xff"
    assert of({"a": 1}, ("b", True)).is_ordered
    assert of({"a": 1}, ("b", True)).reverse
    assert of({}, ("a", False), ("b", False)).is_ordered
    assert of({}, ("a", True)).reverse
    assert not of({}, ("b", False)).is_ordered
    assert not of({}, ("a", False), ("b", True)).is_ordered


# Orders


@pytest.mark.parametrize(
    ("condition", "order", "is_ordered"),
    [
        ({"level": "a"}, "at", True),
        ({"level": "a"}, ["level", "at"], True),
        ({"level": "a"}, ["-level", "at"], True),
        ({"level": "a"}, ["at", "-level"], False),
        ({"level": "a"}, "level", False),
        ({"level": "a"}, None, False),
        ({"level": "a", "at": 1}, None, True),
        ({"level": "a", "at": {"$gt": 1}}, None, False),
        ({"level": "a", "at": {"$gt": 1}}, "-at", True),
        ({"level": {"$in": ["a", "b"]}}, "at", True),
        ({"level": {"$in": ["a", "b"]}}, ["level", "at"], True),
        ({"level": {"$in": ["a", "b"]}}, ["-level", "-at"], True),
        ({"level": {"$in": ["a", "b"]}}, ["level", "-at"], False),
        ({"$or": [{"level": "a"}, {"level": "b"}]}, ["level", "at"], True),
        ({"$or": [{"level": "a"}, {"level": "b"}]}, "at", False),
        ({"level": "a", "$or": [{"at": 1}, {"at": {"$gt": 7}}]}, "at", True),
    ],
)
def test_an_index_serves_an_order_that_is_all_of_its_other_fields(
    condition: Any,
    order: Any,
    is_ordered: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    found = planned(condition, order, ["level", "at"])
    assert found.index is not None
    assert found.is_ordered is is_ordered


def test_an_order_is_a_path_or_a_list_of_paths() -> None:
    key = NAMED.key
    assert parse_order(None, key) == Order()
    assert parse_order("-a.b", key) == Order(((("a", "b"), True),), descending=True)
    assert parse_order(("a.b",), key) == Order(((("a.b",), False),))
    assert parse_order(["-id", "a"], key) == Order((), descending=True)
    assert parse_order(["a", "-id"], key) == Order(((("a",), False),), descending=True)
    for wrong in (5, [5], [["a"]], ("a", 5)):
        with pytest.raises(UsageTypeError):
            parse_order(wrong, key)
    for wrong in ("", "-", "a..b", ["a", "-a"]):
        with pytest.raises(UsageValueError):
            parse_order(wrong, key)


# What is left to be tested


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ({"level": "a"}, {}),
        ({"level": "a", "at": {"$gt": 1, "$lte": 5}}, {}),
        ({"level": "a", "host": 1}, {"host": 1}),
        ({"level": "a", "host": 1, "at": {"$ne": 3}}, {"host": 1, "at": {"$ne": 3}}),
        ({"level": {"$prefix": "a"}}, {"level": {"$prefix": "a"}}),
        ({"level": {"$prefix": "a", "$gt": "b"}}, {"level": {"$prefix": "a", "$gt": "b"}}),
        ({"level": {"$gt": "a"}, "at": 1}, {"at": 1}),
        ({"level": {"$in": ["a"]}}, {"level": {"$in": ["a"]}}),
        ({"level": "a", "$not": {"at": 2}}, {"level": "a", "$not": {"at": 2}}),
        ({"$or": [{"level": "a"}, {"level": "b"}]}, {"$or": [{"level": "a"}, {"level": "b"}]}),
        ({"$and": [{"level": "a"}, {"level": "b"}]}, {"$and": [{"level": "a"}, {"level": "b"}]}),
        ({"id": "a", "level": "a"}, {"id": "a", "level": "a"}),
        ({"host": 1}, {"host": 1}),
    ],
    ids=repr,
)
def test_what_one_range_answers_is_not_tested_again(condition: Any, left: Any) -> None:
    assert planned(condition, None, ["level", "at"]).left == from_filter(left)


def test_what_is_looked_for_among_elements_and_words_is_tested() -> None:
    for condition, flag in (({"t": {"$contains": 1}}, "each"), ({"t": {"$words": "a"}}, "words")):
        found = planned({"a": 2, **condition}, None, ["a", "t"], **{flag: True})
        assert found.left == from_filter(condition if flag == "each" else {"a": 2, **condition})
    both = {"t": {"$contains": 1, "$eq": [1]}}
    assert planned(both, None, ["t"], each=True).left == from_filter(both)


# Shapes


def test_searches_of_one_shape_read_one_index_by_their_own_operands() -> None:
    made = made_of(["a"], ["b", "a"])

    def of(condition: Any, order: Any = None) -> Plan:
        return plan(from_filter(condition), parse_order(order, NAMED.key), made, keys_of(1), NAMED)

    for operand in (1, "x", None, [1], {"b": 2}, True):
        found = of({"a": operand})
        assert found.index is made[0]
        assert found.ranges == (made[0].keys.equal(order_key(operand)),)
        assert of({"a": operand}, "b").index is made[0]
        assert of({"b": operand}, "a").index is made[1]


def test_an_operand_that_has_to_be_weighed_is_weighed_each_time() -> None:
    many = [f"v{number}" for number in range(101)]
    for values, name in ((many[:5], "level"), (many, None), (many[:100], "level")):
        assert chosen({"level": {"$in": values}}, None, ["level"]) == name
    for text, name in (("a b", "t"), ("-", None), ("c", "t")):
        assert chosen({"t": {"$words": text}}, None, ["t"], words=True) == name
    for operand, is_whole in (("a", False), (None, True), (5, False)):
        assert planned({"id": {"$gte": operand}}).is_whole is is_whole


def test_another_list_of_indexes_is_another_choice() -> None:
    assert chosen({"level": "a", "at": 1}, None, ["level"]) == "level"
    assert chosen({"level": "a", "at": 1}, None, ["level"], ["level", "at"]) == "level,at"
    assert chosen({"level": "a", "at": 1}, None, ["at"]) == "at"


# Points


def test_up_to_100_values_are_points() -> None:
    many = [f"v{number}" for number in range(101)]
    assert len(planned({"level": {"$in": many[:100]}}).ranges) == 100
    assert planned({"level": {"$in": many}}).index is None
    assert len(planned({"$or": [{"level": each} for each in many[:100]]}).ranges) == 100
    assert planned({"$or": [{"level": each} for each in many]}).index is None


def test_alternatives_are_read_as_one_if_all_use_the_same_index() -> None:
    both = {"$or": [{"at": {"$gt": 5}}, {"at": {"$gt": 3, "$lt": 9}}, {"at": 1}]}
    assert len(planned(both).ranges) == 2
    assert planned({"$or": [{"at": 1}, {"level": "a"}]}).index is None
    assert planned({"level": "x", "$or": [{"a": 1}, {"b": 1}]}).index is not None


# What is told


@pytest.fixture
def notes(store: Store) -> Documents[str]:
    made = documents(store, "notes")
    made.create_index("level", "at")
    made.create_index("tags", each=True)
    made.create_index("text", words=True)
    made.insert_many(
        {"id": f"{number:02}", "level": "ab"[number % 2], "at": number, "tags": ["x", number % 3]}
        for number in range(12)
    )
    return made


@pytest.mark.parametrize(
    ("condition", "order", "text"),
    [
        ({}, None, "all 12 documents of notes"),
        ({"id": {"$gte": 5}}, None, "a range of ids: 0 documents of notes read"),
        ({}, "at", "all 12 documents of notes, sorted in memory"),
        ({"level": "a"}, "at", "index level,at: 1 range, 6 entries read"),
        ({"level": "a", "at": 2}, None, "index level,at: 1 range, 1 entry read"),
        ({"level": "a"}, None, "index level,at: 1 range, 6 entries read, sorted in memory"),
        ({"level": {"$in": ["a", "b", "c"]}}, "at", "index level,at: 3 ranges, 12 entries read"),
        ({"tags": {"$contains": 1}}, None, "index tags: 1 range, 4 entries read"),
        ({"text": {"$words": "x"}}, None, "index text: 1 range, 0 entries read"),
        ({"id": "01"}, None, "1 document of notes by id"),
        ({"id": {"$in": ["01", "02"]}}, "at", "2 documents of notes by id, sorted in memory"),
        ({"id": {"$gt": "09"}}, None, "a range of ids: 2 documents of notes read"),
        ({"level": {"$in": []}}, None, "0 documents of notes by id"),
    ],
)
def test_a_search_explains_itself(
    notes: Documents[str], condition: Any, order: Any, text: str
) -> None:
    found = notes.find(condition, order_by=order).explain()
    assert str(found) == repr(found) == found.text == text
    assert found.is_sorted_in_memory == text.endswith("memory")


def test_an_explanation_is_data_as_well(notes: Documents[str]) -> None:
    found = notes.find({"level": "a", "at": {"$gt": 4}}).explain()
    assert (found.index, found.ranges, found.entries) == ("level,at", 1, 3)
    assert [name for name, _ in found.rejected] == ["tags", "text"]


def test_a_choice_does_not_outlive_the_indexes_it_was_made_among(notes: Documents[str]) -> None:
    found = notes.find({"level": "a", "at": 4})
    rows = list(found)
    assert [row["at"] for row in rows] == [4]
    for change, index in (
        (lambda: notes.create_index("at"), "level,at"),
        (lambda: notes.drop_index("level,at"), "at"),
        (lambda: notes.drop_index("at"), None),
        (lambda: notes.create_index("level"), "level"),
        (lambda: notes.create_index("at", "level"), "at,level"),
        (lambda: notes.drop_index("at,level"), "level"),
    ):
        change()
        assert found.explain().index == index
        assert list(found) == rows
        assert found.count() == 1


def test_where_nothing_is_that_is_said(store: Store) -> None:
    assert str(documents(store, "other").find().explain()) == "nothing is in other"


def test_a_part_of_a_text_is_found_beside_elements(notes: Documents[str]) -> None:
    notes.insert({"id": "text", "tags": "an axe"})
    found = notes.find({"tags": {"$contains": "x"}, "at": {"$exists": False}})
    assert [each["id"] for each in found] == ["text"]
    assert found.explain().index == "tags"


def test_elements_and_words_are_found_behind_leading_fields(store: Store) -> None:
    made = documents(store, "made")
    made.create_index("a", "t", each=True)
    made.create_index("a", "w", words=True)
    made.insert_many({"a": n % 3, "t": [n % 2, 7], "w": f"Number {n}"} for n in range(12))
    for condition, index, count in (
        ({"a": {"$in": [0, 1]}, "t": {"$contains": 1}}, "a,t", 4),
        ({"a": {"$in": [0, 1]}, "w": {"$words": "NUMBER"}}, "a,w", 8),
        ({"$or": [{"a": 0, "t": {"$contains": 1}}, {"a": 0, "t": {"$contains": 7}}]}, "a,t", 4),
    ):
        assert made.find(condition).explain().index == index
        assert made.count(condition) == len(list(made.find(condition))) == count
        streamed = store.transact(lambda tx, sought=condition: list(made.on(tx).find(sought)))
        assert len(streamed) == count
