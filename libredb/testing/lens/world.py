"""One lens of each kind with something in it, for the checks that are about all of them."""

from dataclasses import dataclass
from typing import Any

from libredb.kernel.transaction import Store
from libredb.lens.catalog import Catalog, catalog
from libredb.lens.documents import Document, Documents, documents
from libredb.lens.kv import KV, kv
from libredb.lens.mapping import RawMapping, mapping
from libredb.lens.table.opening import table
from libredb.lens.table.table import Table


@dataclass
class User:
    """A row that others point to."""

    id: str
    name: str
    age: int
    mail: str | None = None


@dataclass
class Order:
    """A row that points to a user, who may have several, or may not be there."""

    id: int
    user: str | None
    total: int


ADA, BO, CY, DI = (
    User("1", "Ada", 36, "ada@x"),
    User("2", "Bo", 20),
    User("3", "Cy", 36),
    User("4", "Di", 9, "di@x"),
)
USERS = [ADA, BO, CY, DI]
ORDERS = [
    Order(number, user, 10 * number) for number, user in enumerate(["1", "3", "1", None, "9", "1"])
]
NOTES: list[Document] = [
    {"id": "a", "level": "warn", "at": 7, "tags": ["io", "disk", "io"], "mail": "a@x"},
    {"id": "b", "level": "info", "at": 7.5, "tags": [], "mail": None},
    {"id": "c", "level": "warn", "at": 3},
    {"id": "d", "level": "warn", "at": 9, "tags": ["io"]},
]
SETTINGS: dict[str, Any] = {"": [], "a": 1, "a\0": None, "b": {"deep": [1.5, "x"]}}
RAW = {b"": b"", b"a": b"1", b"\xfd\xff": b"\0"}


@dataclass(frozen=True)
class World:
    """A lens of each kind on one store."""

    catalog: Catalog
    settings: KV[Any]
    raw: RawMapping
    notes: Documents[str]
    users: Table[User]
    orders: Table[Order]

    def on(self, tx: Store) -> "World":
        """Return the same lenses inside a transaction."""
        return World(
            self.catalog.on(tx),
            self.settings.on(tx),
            self.raw.on(tx),
            self.notes.on(tx),
            self.users.on(tx),
            self.orders.on(tx),
        )


def world_of(store: Store) -> World:
    """Open a lens of each kind; nothing is written where nothing is declared anew."""
    return World(
        catalog(store),
        kv(store, "settings", values="json", clock=lambda: 1000.0),
        mapping(store),
        documents(store, "notes"),
        table(store, "users", User, unique=["mail"], index=[("age", "name")]),
        table(store, "orders", Order, index=["user"]),
    )


def filled(store: Store) -> World:
    """Return the lenses with what stands above in them."""
    world = world_of(store)
    world.settings.update(SETTINGS)
    world.raw.update(RAW)
    world.notes.create_index("level", "at")
    world.notes.create_index("tags", each=True)
    world.notes.create_index("mail", unique=True)
    world.notes.insert_many(NOTES)
    world.users.insert_many(USERS)
    world.orders.insert_many(ORDERS)
    return world
