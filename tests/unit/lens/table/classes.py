"""Classes of rows that tests of several files use; annotations want them at the top of a module."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

from libredb import Store
from libredb.lens.table.columns import Naive
from libredb.lens.table.opening import table
from libredb.lens.table.table import Table


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class User:
    id: str
    name: str
    age: int
    mail: str | None = None


@dataclass
class Order:
    id: int
    user: str
    total: Decimal
    paid: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """Found by two columns."""

    country: str
    number: int
    name: str = ""


@dataclass
class Everything:
    """A column of every type."""

    id: UUID
    text: str
    count: int
    ratio: float
    is_good: bool
    data: bytes
    at: datetime
    clock: Annotated[datetime, Naive]
    day: date
    price: Decimal
    color: Color
    facts: dict[str, Any]
    parts: list[int]
    extra: Any = None
    parent: UUID | None = None
    since: Annotated[datetime, Naive] | None = None
    tags: list[str] = field(default_factory=lambda: ["new"])


ADA, BO, CY = User("1", "Ada", 36), User("2", "Bo", 20, "bo@x"), User("3", "Cy", 36, "cy@x")


def users_of(store: Store) -> Table[User]:
    """Open the table that most tests are about."""
    return table(store, "users", User, unique=["mail"], index=[("age", "name")])
