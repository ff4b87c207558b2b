"""L1 and L2: the keys of lenses, and the namespaces that they lie in."""

import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

from libredb.kernel.transaction import Writer
from libredb.lens.catalog import catalog
from libredb.lens.documents import documents
from libredb.lens.errors import NamespaceKindError, SchemaMismatchError
from libredb.lens.keys.encoding import Part, prefix_range
from libredb.lens.keys.subspace import Subspace
from libredb.lens.kv import kv
from libredb.lens.mapping import mapping
from libredb.lens.table.opening import table
from libredb.testing.lens.calls import READS
from libredb.testing.lens.subject import Subject, everything, expect_exactly
from libredb.testing.lens.world import RAW, SETTINGS, filled, world_of
from libredb.testing.store.subject import expect, expect_equal, expect_raises, fill

PARTS: tuple[Part, ...] = (
    None,
    *(b"", b"\0", b"\0\xff", b"a", b"\xff", b"\xff\0", b"\xff\xff"),
    *("", "\0", "a", "a\0", "aa", "\x7f", "\x80", "\uffff", "\U0010ffff"),
    *((), (None,), ("a",), ("a", (b"\xff",)), ("a", 0)),
    *(1 - 2**2040, -(2**64), 1 - 2**64, -256, -255, -1, 0, 1, 255, 256),
    *(2**64 - 2, 2**64 - 1, 2**64, 2**2039, 2**2040 - 1),
    *(-math.inf, -1e308, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1e308, math.inf),
    *(False, True, UUID(int=0), UUID(int=2**128 - 1)),
)
"""Parts of keys in the order that their type codes and values have."""

NAMES = ("a", "a\0", "a\0b", "a.b", "a:", "aa", "b", "\x7f", "\uffff", "\U0010ffff")

PREFIXES = (b"", b"a", b"a\xff", b"a\xff\xff", b"b", b"\xfd\xff\xff", b"\xff", b"\xff\xff")


def l01_tuples_come_back_as_they_were_in_their_order(subject: Subject) -> None:
    """Write tuples of one part and of two in another order, and read them in both directions."""
    keys = Subspace(b"t\xff")
    tuples = [(first, second) for first in PARTS for second in ("", b"\xff")]
    expected = [tup for first in PARTS for tup in ((first,), (first, b"\xff"), (first, ""))]
    written = [(first,) for first in PARTS] + tuples
    fill(subject.store, *((keys.key(*parts), b"") for parts in reversed(written)))
    for reverse in (False, True):
        found = subject.store.read(
            lambda tx, reverse=reverse: [
                keys.unpack(key) for key, _ in tx.scan(*keys.range(), reverse=reverse)
            ]
        )
        expect_exactly(found, expected[::-1] if reverse else expected, "the tuples in order")


def l01_a_prefix_holds_what_begins_with_it_up_to_the_byte_ff(subject: Subject) -> None:
    """Read and delete prefixes that end in FF, and those that follow them."""
    keys = sorted({prefix + tail for prefix in PREFIXES for tail in (b"", b"\0", b"\xff")})
    fill(subject.store, *((key, b"") for key in keys))
    raw = mapping(subject.store)
    for prefix in PREFIXES:
        expected = [key for key in keys if key.startswith(prefix)]
        found = subject.store.read(
            lambda tx, prefix=prefix: [key for key, _ in tx.scan(*prefix_range(prefix))]
        )
        expect_equal(found, expected, f"the keys of the prefix {prefix!r}")
    for prefix in (b"a\xff", b"\xfd\xff\xff"):
        expected = [key for key in keys if key.startswith(prefix)]
        found = [key for key, _ in raw.scan(prefix=prefix)]
        expect_equal(found, expected, f"what a mapping has of the prefix {prefix!r}")
        expect_equal(raw.delete_range(prefix=prefix), len(expected), "how many were deleted")
        keys = [key for key in keys if not key.startswith(prefix)]
        expect_equal([key for key, _ in everything(subject.store)], keys, "what is left")


def l02_namespaces_whose_names_begin_alike_are_apart(subject: Subject) -> None:
    """Fill some with the same keys; then clear one, drop one and rename one."""
    store = subject.store
    for name in NAMES:
        kv(store, name).update({"": name, "x": name, "\U0010ffff": name})
    kv(store, "a").clear()
    catalog(store).drop("a\0")
    catalog(store).rename("aa", "a\0a")
    expect_equal(len(kv(store, "a")), 0, "what the cleared one has")
    expect_equal(list(kv(store, "a\0").scan()), [], "what the dropped one has")
    left = [name for name in NAMES if name not in {"a", "a\0", "aa"}]
    for name, value in [*((name, name) for name in left), ("a\0a", "aa")]:
        expected = [("", value), ("x", value), ("\U0010ffff", value)]
        expect_equal(list(kv(store, name).scan()), expected, f"what {name!r} has")
    expect_equal(catalog(store).names(), sorted([*left, "a", "a\0a"]), "the names in order")


def l02_namespaces_are_apart_however_many_there_are(subject: Subject) -> None:
    """Make more than one byte can count, and clear those around the border."""
    count = 260

    def make(tx: Writer) -> None:
        for number in range(1, count + 1):
            kv(tx, f"n{number:03}")["x"] = str(number)

    subject.store.transact(make)
    for number in (1, 255, 256):
        kv(subject.store, f"n{number:03}").clear()
    found = {
        name: kv(subject.store, name).get("x")
        for name in ("n001", "n002", "n254", "n255", "n256", "n257", "n260")
    }
    expected = [None, "2", "254", None, None, "257", "260"]
    expect_equal(list(found.values()), expected, f"what is in {list(found)}")
    expect_equal(len(catalog(subject.store).names()), count, "how many namespaces there are")


def l02_raw_keys_and_lenses_leave_one_another_alone(subject: Subject) -> None:
    """Fill everything and raw keys behind it, delete all raw keys, then all of the lenses."""
    store = subject.store
    behind = [(b"\xff", b"1"), (b"\xff\xff", b"2")]
    before = everything(store)
    fill(store, *behind)
    world = filled(store)
    expect_equal(list(world.raw.scan()), sorted(RAW.items()), "what a mapping has")
    world.raw.clear()
    expect_equal(dict(world.settings.items()), SETTINGS, "what a kv has")
    expect_equal(world.notes.count() + world.users.count(), 8, "what documents and rows there are")
    for name in world.catalog.names():
        world.catalog.drop(name)
    kept = [(key, value) for key, value in everything(store) if key[:1] != b"\xfe"]
    expect_equal(kept, sorted([*before, *behind]), "the raw keys behind those of a mapping")


def l02_what_only_reads_creates_nothing(subject: Subject) -> None:
    """Ask everything of lenses that are not there."""
    before = everything(subject.store)
    world = world_of(subject.store)
    for call in READS.values():
        call(world)
    expect_equal(world.catalog.names(), [], "the namespaces")
    expect_equal(everything(subject.store), before, "what is there")


def l02_a_namespace_keeps_its_kind_and_its_number(subject: Subject) -> None:
    """Open namespaces as what they are not; drop one, and make it again."""
    store = subject.store
    world = filled(store)
    before = everything(store)
    wrong: list[tuple[type[Exception], Callable[[], Any]]] = [
        (NamespaceKindError, lambda: documents(store, "settings").get("a")),
        (NamespaceKindError, lambda: documents(store, "users").insert({})),
        (NamespaceKindError, lambda: table(store, "notes", {"id": "str"})),
        (NamespaceKindError, lambda: kv(store, "notes").clear()),
        (SchemaMismatchError, lambda: kv(store, "settings").get("a")),
        (SchemaMismatchError, lambda: table(store, "users", {"id": "str"})),
    ]
    for error, call in wrong:
        expect_raises(error, call, "a namespace that is opened as something else")
    expect_equal(everything(store), before, "what is there")
    number = world.catalog.describe("settings")["prefix"]
    world.catalog.drop("settings")
    world.settings["new"] = 1
    expect(
        world.catalog.describe("settings")["prefix"] > number,
        "a namespace has the number of one that was dropped",
    )
    expect_equal(dict(world.settings.items()), {"new": 1}, "what is in the new one")
