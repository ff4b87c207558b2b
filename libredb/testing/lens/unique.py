"""L7: of a unique index each value has one owner, and no value is no claim."""

from typing import Any

from libredb.lens.documents import documents
from libredb.lens.errors import UniqueViolationError
from libredb.testing.lens.subject import Subject, everything
from libredb.testing.lens.world import ADA, USERS, User, filled, world_of
from libredb.testing.store.subject import expect_equal, expect_raises


def l07_several_may_have_no_value(subject: Subject) -> None:
    """Let null and missing come several times, alone and as a part; then one gets a value."""
    notes = documents(subject.store, "notes")
    notes.create_index("mail", unique=True)
    notes.create_index("a", "b", unique=True)
    given: list[Any] = [{"mail": None}, {"mail": None}, {}, {}, {"a": 1, "b": None}, {"a": 1}]
    ids = notes.insert_many([*given, {"a": 1}, {"a": 1, "b": 2}])
    notes.create_index("c", unique=True)
    expect_equal(notes.count({"mail": None}), 2, "how many have null")
    expect_equal(notes.count({"mail": {"$exists": False}}), 6, "how many have nothing")
    notes.update(ids[0], {"mail": "x"})
    for other in ids[1:3]:
        expect_raises(
            UniqueViolationError,
            lambda other=other: notes.update(other, {"mail": "x"}),
            "a value that is taken",
        )
    notes.update(ids[0], {"mail": None})
    expect_equal(notes.update(ids[1], {"mail": "x"}), True, "whether it can be had then")
    users = world_of(subject.store).users
    users.insert_many([User(str(n), "x", n) for n in range(3)])
    expect_equal(users.find(mail=None).count(), 3, "how many rows have None")


def l07_an_error_names_the_index_the_value_and_its_owner(subject: Subject) -> None:
    """Take what belongs to another one, in each way to write."""
    world = filled(subject.store)
    before = everything(subject.store)
    for call in (
        lambda: world.users.insert(User("9", "Ed", 1, ADA.mail)),
        lambda: world.users.put(User("2", "Bo", 20, ADA.mail)),
        lambda: world.users.update("2", mail=ADA.mail),
        lambda: world.users.update_where(lambda user: user.name == "Bo", mail=ADA.mail),
    ):
        error: Any = expect_raises(UniqueViolationError, call, "a value that is taken")
        told = (error.namespace, error.id, error.field, error.actual)
        expect_equal(told, ("users", "1", "mail", "ada@x"), "what the error says")
        expect_equal(everything(subject.store), before, "what is there")
    expect_equal(list(world.users), USERS, "the rows")


def l07_it_is_judged_by_what_a_call_leaves(subject: Subject) -> None:
    """Exchange values in one call, keep one's own, and leave two owners at the end of a call."""
    notes = documents(subject.store, "notes")
    notes.create_index("n", unique=True)
    notes.insert_many([{"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "c", "n": 3}])
    notes.put_many([{"id": "a", "n": 2}, {"id": "b", "n": 1}])
    notes.put({"id": "a", "n": 2.0})
    notes.update_many({}, {"$inc": {"n": 1}})
    expect_equal([each["n"] for each in notes.find()], [3, 2, 4], "exchanged, and counted up")
    for call in (
        lambda: notes.insert_many([{"n": 7}, {"n": 7.0}]),
        lambda: notes.put_many([{"id": "a", "n": 5}, {"id": "b", "n": 5}]),
        lambda: notes.update_many({"n": {"$lte": 3}}, {"n": 9}),
        lambda: notes.upsert({"id": "new"}, {"n": 4}),
    ):
        expect_raises(UniqueViolationError, call, "a call that leaves two owners")
    expect_equal([each["n"] for each in notes.find()], [3, 2, 4], "what is left")


def l07_two_documents_do_not_share_an_element(subject: Subject) -> None:
    """Index each element of arrays, some of which repeat one."""
    notes = documents(subject.store, "notes")
    notes.create_index("t", unique=True, each=True)
    notes.insert_many([{"id": "a", "t": ["x", "x", 1]}, {"id": "b", "t": []}, {"id": "c", "t": 1}])
    for call in (
        lambda: notes.insert({"t": ["new", 1.0]}),
        lambda: notes.update("b", {"$push": {"t": "x"}}),
    ):
        expect_raises(UniqueViolationError, call, "an element that another one has")
    notes.update("a", {"$pull": {"t": "x"}})
    notes.update("b", {"$push": {"t": "x"}})
    found = [notes.find({"t": {"$contains": each}}).one()["id"] for each in (1, "x")]
    expect_equal(found, ["a", "b"], "who has which")


def l07_an_index_is_built_whole_or_not_at_all(subject: Subject) -> None:
    """Build one over two owners, then over one."""
    notes = documents(subject.store, "notes")
    notes.insert_many([{"id": str(n), "n": n % 9} for n in range(10)])
    before = everything(subject.store)
    expect_raises(
        UniqueViolationError,
        lambda: notes.create_index("n", unique=True),
        "an index over two owners",
    )
    expect_equal(everything(subject.store), before, "what is there")
    notes.delete("9")
    notes.create_index("n", unique=True)
    expect_equal(notes.find({"n": 8}).explain().index, "n", "the index that is used")
    expect_raises(UniqueViolationError, lambda: notes.insert({"n": 8}), "a second owner")
