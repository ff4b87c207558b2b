"""L3 and L4: kv and mapping, which are dicts in the order of their keys."""

import json
import shelve
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

from libredb.kernel.transaction import Store, Writer
from libredb.lens.dictionaries.dictionary import Dictionary
from libredb.lens.kv import KV, kv
from libredb.lens.mapping import mapping
from libredb.testing.lens.subject import Subject, expect_exactly
from libredb.testing.store.subject import expect, expect_equal

NAMES = ("", "\0", "a", "a\0", "a\0b", "aa", "b", "\x7f", "\x80", "\uffff", "\U0010ffff")
"""Keys in order; the UTF-8 of the last one begins with F4, and no key begins with more."""


class Kind(NamedTuple):
    """A kind of dictionary, and how it writes a text."""

    open: Callable[[Store], Dictionary[Any, Any]]
    of: Callable[[str], Any]


KINDS = (Kind(kv, str), Kind(mapping, str.encode))


def full(kind: Kind, store: Store) -> Dictionary[Any, Any]:
    """Return a dictionary of all names, each with itself as its value, set in another order."""
    found = kind.open(store)
    found.update({kind.of(name): kind.of(name) for name in reversed(NAMES)})
    return found


def l03_it_does_what_a_dict_does(subject: Subject) -> None:
    """Take the same 40 steps with a kv, a mapping and a dict."""
    for kind in KINDS:
        source, plain = Random(3), dict[Any, Any]()
        names = [kind.of(name) for name in NAMES[:6]]
        it = kind.open(subject.store)
        for number in range(40):
            key, value = source.choice(names), kind.of(str(number))
            step = source.choice(_steps(key, value, kind.of("\0")))
            expect_equal(step(it), step(plain), f"step {number} of {kind.open.__name__}")
            expect_equal(list(it.items()), sorted(plain.items()), f"what is there after {number}")
        expect_equal((len(it), bool(it)), (len(plain), bool(plain)), "how many there are")
        it.clear()
        expect_equal((len(it), bool(it)), (0, False), "how many there are after clear()")


def _steps(key: Any, value: Any, other: Any) -> list[Callable[[Any], object]]:  # noqa: ANN401 - text or bytes
    """Return what is done to a dictionary and to a dict; most often something is set."""
    set_: Callable[[Any], object] = lambda d: d.__setitem__(key, value)  # noqa: E731 - as the others are
    return [
        *(set_, set_, set_),
        lambda d: d.update({key: value, other: value}),
        lambda d: d.pop(key, None),
        lambda d: d.setdefault(key, value),
        lambda d: d.get(key),
        lambda d: key in d,
    ]


def l03_keys_are_in_order_and_a_range_has_its_start_and_not_its_end(subject: Subject) -> None:
    """Read all keys, ranges, prefixes and parts of them, in both directions."""
    for kind in KINDS:
        it, keys = full(kind, subject.store), [kind.of(name) for name in NAMES]
        expect_equal(list(it), keys, "the keys")
        expect_equal(list(reversed(it)), keys[::-1], "the keys in reverse")
        for start in keys[::2]:
            for end in (*keys[::3], None):
                inside = [key for key in keys if key >= start and (end is None or key < end)]
                for reverse in (False, True):
                    found = [key for key, _ in it.scan(start, end, reverse=reverse, limit=3)]
                    expected = (inside[::-1] if reverse else inside)[:3]
                    expect_equal(found, expected, f"scan({start!r}, {end!r}, {reverse=}, limit=3)")
        for prefix in keys:
            begins = [key for key in keys if key.startswith(prefix)]
            found = [key for key, _ in it.scan(prefix=prefix)]
            expect_equal(found, begins, f"scan(prefix={prefix!r})")


def l03_several_keys_are_answered_in_the_order_asked_for(subject: Subject) -> None:
    """Ask for keys that are there and others, out of order and twice."""
    for kind in KINDS:
        it = full(kind, subject.store)
        asked = [kind.of(name) for name in ("b", "no", "", "b", "a", "nor this")]
        expected = [asked[0], None, asked[2], asked[0], asked[4], None]
        expect_equal(it.get_many(asked), expected, "what get_many returns")
        expect_equal(it.get_many([]), [], "what get_many of nothing returns")


def l03_what_is_deleted_is_gone_and_told(subject: Subject) -> None:
    """Delete in every way, and look what each says and leaves."""
    for kind in KINDS:
        it, of = full(kind, subject.store), kind.of
        told = (it.delete(of("a")), it.delete(of("a")), it.pop(of("b")), it.pop(of("b"), None))
        expect_equal(told, (True, False, of("b"), None), "what delete and pop return")
        expect_equal(it.popitem(), (of(""), of("")), "the first entry")
        expect_equal(it.delete_range(prefix=of("a")), 3, "how many begin with a")
        expect_equal(it.delete_range(of("\x7f"), of("\uffff")), 2, "how many a range has")
        left = [of(name) for name in ("\0", "\uffff", "\U0010ffff")]
        expect_equal(list(it), left, "what is left")
        expect_equal(it.delete_range(prefix=left[-1]), 1, "how many begin with the last character")
        expect_equal(list(it), left[:-1], "what is left")


def l03_entries_are_deleted_while_they_are_read(subject: Subject) -> None:
    """Delete and set in a loop over all, in a transaction and outside of one; then look again."""
    for kind in KINDS:
        it = full(kind, subject.store)

        def loop(dictionary: Dictionary[Any, Any], of: Callable[[str], Any] = kind.of) -> list[Any]:
            seen: list[Any] = []
            for key, _ in dictionary.scan():
                seen.append(key)
                dictionary.delete(key)
                dictionary[of("z") + key] = key
            return seen

        keys = [kind.of(name) for name in NAMES]
        expect_equal(loop(it), keys, "what a loop has seen")
        moved = sorted(kind.of("z") + key for key in keys)
        expect_equal(list(it), moved, "what it has left")

        def inside(tx: Writer, kind: Kind = kind) -> list[Any]:
            return loop(kind.open(tx))

        expect_equal(subject.store.transact(inside), moved, "what a loop in a transaction has seen")
        expect_equal(len(it), len(NAMES), "how many it has left")


def l03_a_scan_is_of_its_call_and_the_next_one_is_new(subject: Subject) -> None:
    """Change everything behind a scan that has begun, and go over the same again."""
    for kind in KINDS:
        it = full(kind, subject.store)
        items, found = it.items(), it.scan()
        first = next(found)
        it.clear()
        it[kind.of("new")] = kind.of("new")
        expect_equal(len([first, *found]), len(NAMES), "how many entries the scan has shown")
        expect_equal(list(items), [(kind.of("new"),) * 2], "what the same view shows now")


def l03_what_the_caller_does_later_changes_nothing_stored(subject: Subject) -> None:
    """Use the memory of keys and values again, and change what was given and what was read."""
    raw, key, value = mapping(subject.store), bytearray(b"key"), bytearray(b"value")
    given: Any = (key, memoryview(value))
    raw[given[0]] = given[1]
    given = {memoryview(b"xmany")[1:]: value}
    raw.update(given)
    key[:], value[:] = b"...", b"....."
    expect_exactly(list(raw.scan()), [(b"key", b"value"), (b"many", b"value")], "raw entries")
    settings = kv(subject.store, "settings", values="json")
    data: Any = json.loads('{"list": [1, {"a": []}]}')
    settings["x"] = data
    found = settings.setdefault("y", data)
    data["list"][1]["a"].append(2)
    found["list"].clear()
    settings["x"]["list"].append(3)
    kept = json.loads('{"list": [1, {"a": []}]}')
    expected = [("x", kept), ("y", kept)]
    expect_exactly(list(settings.scan()), expected, "entries of JSON")


def l03_values_come_back_as_they_were(subject: Subject) -> None:
    """Store what is empty, long, huge and tiny, in each form of values."""
    forms: list[tuple[KV[Any], list[Any]]] = [
        (kv(subject.store, "text"), ["", "\0", "\U0010ffff", "x" * 70_000]),
        (kv(subject.store, "bytes", values="bytes"), [b"", b"\0", b"\xff\xfe", b"x" * 70_000]),
        (
            kv(subject.store, "json", values="json"),
            [
                *(
                    None,
                    True,
                    False,
                    0,
                    1,
                    1.0,
                    -0.0,
                    1e308,
                    5e-324,
                    2**53 + 1,
                    2**2039,
                    -(2**2039),
                ),
                *("", "\0\U0010ffff", [], {}, [[], {"": None}], {"b": 1, "a": [1, 1.0, True]}),
            ],
        ),
    ]
    for it, values in forms:
        it.set_many((f"{number:02}", value) for number, value in enumerate(values))
        expect_exactly(list(it.values()), values, f"the values of {it.name}")
        expect_exactly(it.get_many(list(it)), values, f"several values of {it.name}")


def l03_a_shelf_keeps_its_objects_in_it(subject: Subject) -> None:
    """Put a mapping under Python's own shelf."""
    given: Any = mapping(subject.store)
    with shelve.Shelf[Any](given) as shelf:
        shelf["point"] = (1, {"x": {2.5}})
        shelf["gone"] = None
        del shelf["gone"]
    found = dict(shelve.Shelf[Any](given))
    expect_equal(found, {"point": (1, {"x": {2.5}})}, "what is on the shelf")


def l04_of_two_writers_with_one_version_one_wins(subject: Subject) -> None:
    """Create, replace and delete by version; a version is never that of another write."""
    it = kv(subject.store, "settings")
    expect_equal(it.get_versioned("k"), (None, 0), "what is not there")
    seen: set[int] = {0}
    for number in range(4):
        value, version = it.get_versioned("k")
        told = (it.put_if("k", str(number), version), it.put_if("k", "late", version))
        expect_equal(told, (True, False), f"what two writers with the version {version} are told")
        value, version = it.get_versioned("k")
        expect_equal(value, str(number), "what the first one wrote")
        expect(version not in seen, f"the version {version} comes twice")
        seen.add(version)
        if number == 1:
            it.delete("k")
            expect_equal(it.get_versioned("k"), (None, 0), "what was deleted")
    expect(not it.put_if("other", "x", max(seen)), "what is not there has a version")


def l04_what_is_expired_is_not_there(subject: Subject) -> None:
    """Let the clock go on past a deadline."""
    now = [1000.0]
    it = kv(subject.store, "settings", clock=lambda: now[0])
    second = timedelta(seconds=1)
    it.set_many({"a": "1", "b": "2"}, ttl=second)
    it.set("c", "3", ttl=2 * second)
    it["d"] = "4"
    it["b"] = "for ever"
    now[0] = 1000.999
    expect_equal(list(it), ["a", "b", "c", "d"], "what is there just before")
    now[0] = 1001.0
    expect_equal((list(it), it.get("a"), "a" in it), (["b", "c", "d"], None, False), "then")
    expect_equal(it.put_if("a", "new", 0), True, "whether it can be created again")
    now[0] = 1002.0
    expect_equal((it.purge_expired(), it.purge_expired()), (1, 0), "how many were purged")
    expect_equal(list(it.values()), ["new", "for ever", "4"], "what is left")


def l04_it_counts_as_far_as_integers_go(subject: Subject) -> None:
    """Count by little and by much, in each form of values."""
    much = 2**2039
    for it in (
        kv(subject.store, "text"),
        kv(subject.store, "bytes", values="bytes"),
        kv(subject.store, "json", values="json"),
    ):
        found = [it.incr("n"), it.incr("n", 5), it.incr("n", much), it.incr("n", -2 * much)]
        expect_equal(found, [1, 6, much + 6, 6 - much], f"what {it.name} counts")
        expect_equal(it.incr("n", 0), found[-1], "what it came to")
