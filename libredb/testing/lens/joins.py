"""L10: what several rows come to together: pairs of two tables, and groups of one."""

from typing import Any

from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Writer
from libredb.lens.table.opening import table
from libredb.testing.lens.subject import Subject
from libredb.testing.lens.world import ADA, BO, CY, DI, ORDERS, Order, filled
from libredb.testing.store.subject import expect_equal, expect_raises


def pairs_of(pairs: Any) -> list[tuple[str, int | None]]:  # noqa: ANN401 - of rows
    """Return the keys of pairs of a user and an order."""
    return [(user.id, order and order.id) for user, order in pairs]


def l10_a_join_pairs_a_row_with_each_of_its_others(subject: Subject) -> None:
    """Join both ways, in orders, with conditions on both sides, and with a limit."""
    world = filled(subject.store)
    joined = world.users.join(world.orders, lambda u: u.id, lambda o: o.user)
    expected = [("1", 0), ("1", 2), ("1", 5), ("3", 1)]
    expect_equal(pairs_of(joined), expected, "users and their orders")
    expect_equal(next(iter(joined)), (ADA, ORDERS[0]), "the first pair")
    expect_equal((joined.count(), pairs_of(joined.limit(2))), (4, expected[:2]), "a part")
    back = world.orders.join(world.users, "user", "id")
    expect_equal(
        [(order.id, user.id) for order, user in back],
        [(0, "1"), (1, "3"), (2, "1"), (5, "1")],
        "orders and their users",
    )
    late = world.orders.where(lambda o: o.total >= 20)
    old = world.users.where(lambda u: u.age == 36).order_by("name", reverse=True)
    expect_equal(pairs_of(old.join(late, "id", "user")), [("1", 2), ("1", 5)], "with conditions")


def l10_a_left_join_keeps_rows_without_another(subject: Subject) -> None:
    """Join rows of which some have no other, and some have None to be joined by."""
    world = filled(subject.store)
    joined = world.users.left_join(world.orders, "id", "user")
    expected = [("1", 0), ("1", 2), ("1", 5), ("2", None), ("3", 1), ("4", None)]
    expect_equal(pairs_of(joined), expected, "users and their orders, if any")
    back = world.orders.left_join(world.users, "user", "id")
    found = [(order.id, user and user.name) for order, user in back]
    expected = [(0, "Ada"), (1, "Cy"), (2, "Ada"), (3, None), (4, None), (5, "Ada")]
    expect_equal(found, expected, "orders and their users, if any")
    world.orders.clear()
    expect_equal([order for _, order in joined], [None] * 4, "users without any order")


def l10_a_join_looks_up_as_many_as_there_are(subject: Subject) -> None:
    """Join more rows than are looked up at a time, each with several others."""
    count = 230
    a = table(subject.store, "a", {"id": "int"})
    b = table(subject.store, "b", {"id": "int", "a": "int?"}, index=["a"])
    a.insert_many({"id": n} for n in range(count))
    b.insert_many({"id": n, "a": n % count if n % 5 else None} for n in range(2 * count))
    expected = [(n % count, n) for n in range(2 * count) if n % 5]
    found = [(one["id"], other["id"]) for one, other in a.join(b, "id", "a")]
    expect_equal(found, sorted(expected), "the pairs")
    expect_equal(b.join(b, "a", "a").count(), len(expected) + 2 * _twice(count), "rows with rows")


def _twice(count: int) -> int:
    """Return of how many values two rows have the same one."""
    return sum(1 for n in range(count) if n % 5 and (n + count) % 5)


def l10_a_join_without_an_index_is_refused(subject: Subject) -> None:
    """Join by columns that nothing leads to."""
    world = filled(subject.store)
    joined = world.users.join(world.orders, "age", "total")
    error = expect_raises(UsageValueError, lambda: list(joined), "a join without an index")
    expect_equal("open it with index=['total']" in str(error), True, "whether it says what to do")


def l10_a_join_in_a_transaction_goes_on_while_rows_change(subject: Subject) -> None:
    """Delete each order that a loop has seen, and add another one."""
    world = filled(subject.store)

    def loop(tx: Writer) -> list[tuple[str, int | None]]:
        inside, seen = world.on(tx), list[tuple[str, int | None]]()
        for user, order in inside.users.join(inside.orders, "id", "user"):
            seen.append((user.id, order.id))
            inside.orders.delete(order.id)
            inside.orders.insert(Order(order.id + 100, None, 0))
        return seen

    expected = [("1", 0), ("1", 2), ("1", 5), ("3", 1)]
    expect_equal(subject.store.transact(loop), expected, "what the loop has seen")
    found = [order.id for order in world.orders]
    expect_equal(found, [3, 4, 100, 101, 102, 105], "the orders that are there")


def l10_groups_come_to_what_python_makes_of_them(subject: Subject) -> None:
    """Count, add up and compare in groups by one column and by two."""
    world = filled(subject.store)
    by_age = world.users.group_by(lambda u: u.age)
    expect_equal(list(by_age.count().items()), [(9, 1), (20, 1), (36, 2)], "how many of each age")
    expect_equal(by_age.max("name"), {9: DI.name, 20: BO.name, 36: CY.name}, "the last names")
    totals = world.orders.group_by("user").sum(lambda o: o.total)
    expect_equal(totals, {None: 30, "1": 70, "3": 10, "9": 40}, "what each has paid")
    few = world.orders.where(lambda o: o.total < 30).group_by(lambda o: (o.user, o.total))
    expect_equal(few.count(), {("1", 0): 1, ("1", 20): 1, ("3", 10): 1}, "by two columns")
    world.orders.update_where(lambda o: o.total == 30, user="3")
    expect_equal(
        world.orders.group_by("user").avg("total"), {"1": 70 / 3, "3": 20, "9": 40}, "means"
    )
