"""L8: a result reads when it is asked, each time anew, and a cursor goes on behind its place."""

from collections.abc import Callable
from typing import Any

from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Writer
from libredb.lens.documents import Documents, documents
from libredb.lens.table.table import Table
from libredb.testing.lens.subject import Subject, expect_exactly
from libredb.testing.lens.world import User, world_of
from libredb.testing.store.subject import expect_equal, expect_raises

ORDERS: tuple[Any, ...] = (None, "-id", "at", "-at", ["-level", "at"], ["level", "-at"])


def noted(subject: Subject, count: int = 12) -> Documents[str]:
    """Return documents with few different values."""
    notes = documents(subject.store, "notes")
    notes.insert_many(
        {"id": f"{n * 7 % count:02}", "level": "abc"[n % 3], "at": n // 2} for n in range(count)
    )
    return notes


def ids(rows: Any) -> list[str]:  # noqa: ANN401 - documents
    """Return the ids of documents."""
    return [row["id"] for row in rows]


def peopled(subject: Subject, count: int = 12) -> Table[User]:
    """Return a table with few different values."""
    users = world_of(subject.store).users
    users.insert_many([User(f"{n * 7 % count:02}", "abc"[n % 3], n // 2) for n in range(count)])
    return users


def l08_a_result_reads_anew_each_time(subject: Subject) -> None:
    """Make results first, and change what they are of in between."""
    notes, users = noted(subject), peopled(subject)
    found, rows = notes.find({"level": "a"}, order_by="-at"), users.where(lambda u: u.name == "a")
    expect_equal((found.count(), rows.count()), (4, 4), "how many there are")
    expect_exactly(list(found), list(found), "the same documents twice")
    notes.insert({"id": "new", "level": "a", "at": 99})
    users.insert(User("new", "a", 99))
    expect_equal((ids(found)[0], len(list(rows))), ("new", 5), "with one more")
    notes.clear()
    users.clear()
    expect_equal([*found, *rows], [], "without any")


def l08_outside_of_a_transaction_it_is_of_one_state(subject: Subject) -> None:
    """Delete everything in a loop over everything, and behind one that has begun."""
    notes, users = noted(subject), peopled(subject)
    begun, rows = iter(notes.find(order_by="at")), iter(users)
    seen = [next(begun), next(rows)]
    for note in notes.find():
        notes.delete(note["id"])
    users.clear()
    seen += [*begun, *rows]
    expect_equal((len(seen), len(notes), len(users)), (24, 0, 0), "what was seen, and is left")


def l08_a_loop_in_a_transaction_may_change_what_it_goes_over(subject: Subject) -> None:
    """Delete, change and add in a loop, by each order, with and without indexes."""
    notes = noted(subject)
    for indexes in ([], [["level", "at"], ["at"]]):
        for paths in indexes:
            notes.create_index(*paths)
        for order in ORDERS:
            meant = ids(notes.find({"at": {"$lt": 5}}, order_by=order))
            before = list(notes.find())

            def loop(tx: Writer, order: Any = order, meant: list[str] = meant) -> list[str]:  # noqa: ANN401 - as find takes it
                inside, seen = notes.on(tx), list[str]()
                for note in inside.find({"at": {"$lt": 5}}, order_by=order):
                    seen.append(note["id"])
                    if len(seen) > len(before):  # noqa: B023 - called in this turn
                        break  # who is shown what it adds would never end
                    inside.update(note["id"], {"$inc": {"at": -100}, "$set": {"level": "z"}})
                    inside.insert({"level": "a", "at": 1})
                    if len(seen) == 1:
                        inside.delete(meant[1])
                        inside.update(meant[2], {"at": 50})
                        inside.update(meant[3], {"level": "changed"})
                inside.clear()
                inside.insert_many(before)  # noqa: B023 - called in this turn
                return seen

            seen = subject.store.transact(loop)
            expect_equal(seen, [meant[0], *meant[3:]], f"what the loop has seen by {order}")


def l08_pages_are_the_whole_in_parts(subject: Subject) -> None:
    """Read page by page, of several sizes, by each order, with and without indexes."""
    notes, users = noted(subject), peopled(subject)
    for indexes in ([], [["level", "at"], ["at"]]):
        for paths in indexes:
            notes.create_index(*paths)
        for order in ORDERS:
            for condition in ({}, {"level": {"$in": ["a", "b"]}}):
                for size in (1, 5):
                    whole = list(notes.find(condition, order_by=order))
                    found = _paged(
                        lambda after, c=condition, o=order, s=size: notes.find(
                            c, order_by=o, limit=s, after=after
                        ).page()
                    )
                    expect_exactly(found, whole, f"pages of {size} by {order}, {condition}")
    for columns in ((), ("age",), ("name", "age")):
        for reverse in (False, True):
            rows = users.where(lambda u: u.age >= 1).order_by(*columns, reverse=reverse)
            found = _paged(lambda after, rows=rows: rows.limit(3).after(after).page())
            expect_exactly(found, list(rows), f"pages of rows by {columns}, {reverse=}")


def _paged(page_after: Callable[[str | None], Any]) -> list[Any]:
    """Return the rows of all pages, of which there are not endlessly many."""
    found: list[Any] = []
    after: str | None = None
    for _ in range(50):
        page = page_after(after)
        found += page.rows
        after = page.next_cursor
        if after is None:
            break
    return found


def l08_a_cursor_goes_on_behind_its_place_whatever_was_written(subject: Subject) -> None:
    """Delete and add around a cursor, itself included, and make and drop an index meanwhile."""
    notes = noted(subject)
    orders: tuple[list[Any], ...] = (["level", "at"], ["-level", "-at"])
    for order in orders:
        whole = list(notes.find(order_by=order))
        page = notes.find(order_by=order, limit=3).page()
        rest = notes.find(order_by=order, after=page.next_cursor)
        place = page.rows[-1]
        low, high = ("a", "c") if order[0] == "level" else ("c", "a")
        notes.create_index("level", "at")
        notes.delete_many(ids(whole[1:5]))
        beyond = 99 if order[0] == "level" else -99
        notes.insert_many(
            [
                {"id": "behind", "level": high, "at": beyond},
                {"id": "before", "level": low, "at": -beyond},
                {
                    "id": place["id"] + ("x" if beyond > 0 else ""),
                    "level": place["level"],
                    "at": place["at"],
                },
            ]
        )
        same = [place["id"] + "x"] if beyond > 0 else []
        expected = [*same, *ids(whole[5:]), "behind"]
        expect_equal(ids(rest), expected, f"what is behind a cursor by {order}")
        notes.drop_index("level,at")
        expect_equal(ids(rest), expected, f"the same without an index by {order}")
        expect_equal((rest.count(), rest.first()), (len(expected), next(iter(rest))), "both ways")
        expect_raises(
            UsageValueError,
            lambda page=page: notes.find(order_by="at", after=page.next_cursor),
            "a cursor of another search",
        )
        notes.clear()
        notes.insert_many(whole)


def l08_a_cursor_of_rows_goes_on_behind_its_place(subject: Subject) -> None:
    """Delete the row of a cursor and those around it, change others, and add some."""
    users = peopled(subject)
    by_age = users.where(lambda u: u.age >= 0).order_by("age", "name")
    whole = list(by_age)
    page = by_age.limit(4).page()
    for row in whole[3:5]:
        users.delete(row.id)
    users.update(whole[6].id, age=-1)
    users.update(whole[0].id, age=50)
    users.insert_many([User("x", "", whole[3].age), User("y", "zz", whole[3].age)])
    rest = [row.id for row in by_age.after(page.next_cursor)]
    expected = ["y", whole[5].id, *(row.id for row in whole[7:]), whole[0].id]
    expect_equal(rest, expected, "the rows behind a cursor")
    users.clear()
    users.insert_many(whole)
    expect_equal(list(by_age.after(page.next_cursor)), whole[4:], "the rows as they were before")
