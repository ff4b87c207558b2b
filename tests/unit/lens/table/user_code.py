"""Code of a user, right and wrong, with what mypy and pyright say of it as comments.

A line without a comment is right for both. What pyright says stands there as an ignore, and where
nothing needs an ignore it complains; what mypy says is compared by a test. Nobody runs this file.
"""

# What a wrong name does not tell is not known: one rule a line is enough.
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from libredb import Store
from libredb.lens.table.opening import table
from libredb.lens.table.recording import descending, missing, not_, one_of, some
from libredb.lens.table.table import Table


@dataclass
class User:
    """A user."""

    id: str
    name: str
    age: int
    at: datetime
    mail: str | None = None
    is_new: bool = True


@dataclass
class Order:
    """An order of a user."""

    id: int
    user: str
    total: Decimal


def right(store: Store) -> None:
    """Say nothing that is wrong."""
    users = table(store, "users", User, unique=["mail"], index=[("age", "name")])
    orders = table(store, "orders", Order, key="id", index=["user"])
    kind: Table[User] = users
    found: User | None = kind.get("1")
    rows: list[User] = list(users)
    users.insert(User("1", "Ada", 36, datetime.now(UTC)))
    users.where(lambda u: (u.age >= 18) & u.name.startswith("A"))
    users.where(lambda u: (u.age == 1) | not_(u.is_new))
    users.where(lambda u: u.is_new & missing(u.mail))
    users.where(lambda u: some(u.mail) > "a")
    users.where(lambda u: some(u.mail).startswith("a"))
    users.where(lambda u: one_of(u.age, [1, 2]))
    users.where(lambda u: u.at < datetime.now(UTC))
    for user in users.order_by(lambda u: u.age, reverse=True).limit(10):
        user.age += 1
    users.order_by(lambda u: (u.age, descending(u.name)))
    names: list[str] = list(users.select(lambda u: u.name))
    pairs: list[tuple[str, int]] = list(users.select(lambda u: (u.name, u.age)))
    users.update("1", age=37)
    users.update("1", {"age": 37})
    for user, order in users.join(orders, lambda u: u.id, lambda o: o.user):
        total: Decimal = order.total
        print(user.name, total, found, rows, names, pairs)
    counts: dict[int, int] = users.group_by(lambda u: u.age).count()
    sums: dict[str, Decimal] = orders.group_by(lambda o: o.user).sum(lambda o: o.total)
    means: dict[str, float | Decimal | None]
    means = orders.group_by(lambda o: o.user).avg(lambda o: o.total)
    tools: Table[dict[str, Any]] = table(store, "tools", {"id": "str", "age": "int?"})
    tools.where(lambda row: row["age"] > 3)
    print(counts, sums, means)


def wrong(store: Store) -> None:
    """Say one wrong thing a line."""
    users = table(store, "users", User)
    orders = table(store, "orders", Order)
    users.where(lambda u: u.agee > 3)  # mypy says attr-defined  # pyright: ignore[reportAttributeAccessIssue] - no such column
    users.where(lambda u: u.age > "x")  # mypy says operator  # pyright: ignore[reportOperatorIssue] - int and str
    users.where(lambda u: u.age + 1)  # mypy says arg-type, return-value  # pyright: ignore[reportArgumentType] - no condition
    users.where(lambda u: u.name)  # mypy says arg-type, return-value  # pyright: ignore[reportArgumentType] - no condition
    users.where(lambda u: u.mail > "a")  # mypy says operator  # pyright: ignore[reportOptionalOperand] - it may be None
    users.where(lambda u: u.mail.startswith("a"))  # mypy says union-attr  # pyright: ignore[reportOptionalMemberAccess] - it may be None
    users.where(lambda u: u.name.starts("A"))  # mypy says attr-defined  # pyright: ignore[reportAttributeAccessIssue] - no such method
    users.where(lambda u: u.at < 5)  # mypy says operator  # pyright: ignore[reportOperatorIssue] - datetime and int
    users.where(lambda u: u.age == "x")  # mypy says comparison-overlap  # pyright: ignore[reportUnnecessaryComparison] - int and str
    users.where(lambda u: ~u.is_new)  # mypy says arg-type, return-value  # pyright: ignore[reportArgumentType] - a number
    users.order_by(lambda u: u.agee)  # mypy says attr-defined  # pyright: ignore[reportAttributeAccessIssue] - no such column
    users.select(lambda u: u.agee)  # mypy says attr-defined  # pyright: ignore[reportAttributeAccessIssue] - no such column
    users.group_by(lambda u: u.agee)  # mypy says attr-defined  # pyright: ignore[reportAttributeAccessIssue] - no such column
    users.join(orders, lambda u: u.idd, lambda o: o.user)  # mypy says attr-defined  # pyright: ignore[reportAttributeAccessIssue] - no such column
    users.join(orders, lambda u: u.id, lambda o: o.userr)  # mypy says attr-defined  # pyright: ignore[reportAttributeAccessIssue] - no such column
    users.insert(Order(1, "1", Decimal(1)))  # mypy says arg-type  # pyright: ignore[reportArgumentType] - another class
    number: int | None = users.get("1")  # mypy says assignment  # pyright: ignore[reportAssignmentType] - a User
    names: list[int] = list(users.select(lambda u: u.name))  # mypy says arg-type, return-value  # pyright: ignore[reportAssignmentType] - no condition
    counts: dict[str, int] = users.group_by(lambda u: u.age).count()  # mypy says assignment  # pyright: ignore[reportAssignmentType] - by int
    for user, order in users.left_join(orders, lambda u: u.id, lambda o: o.user):
        print(user.name, order.total, number, names, counts)  # mypy says union-attr  # pyright: ignore[reportOptionalMemberAccess] - it may be None
    table(store, "users", User, kee="id")  # mypy says call-overload  # pyright: ignore[reportCallIssue] - no such option
    table(store, "users", 5)  # mypy says call-overload  # pyright: ignore[reportCallIssue, reportArgumentType] - no class


def differing(store: Store) -> None:
    """Say what is found at run time, and by no checker, because it is right for a real row."""
    users = table(store, "users", User)
    users.where(lambda u: u.mail is None)
    users.where(lambda u: u.age > 1 and u.is_new)
    users.where(lambda u: one_of(u.age, ["x"]))
    users.update("1", agee=1)
    users.get(1)
