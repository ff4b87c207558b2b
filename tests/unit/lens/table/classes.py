"""Classes of rows that tests of several files use; annotations want them at the top of a module."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

from libredb.lens.table.columns import Naive


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
