"""Claim: kv and mapping are dicts in the order of their keys, each call one read or transaction.

Every test runs on both, with keys and values that `Kind` makes of the same text.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import pytest

import libredb
from libredb import Reader, Store, UsageError, UsageTypeError, UsageValueError, Writer
from libredb.lens.dictionaries.dictionary import Dictionary
from libredb.lens.errors import MissingKeyError
from libredb.lens.kv import kv
from libredb.lens.mapping import mapping
from tests.support.case import case

T = TypeVar("T")
NAMES = ["", "a", "a\0", "b", "c", "\uffff", "\U0001f600"]


class Kind(NamedTuple):
    """One of the two, and how it writes a text."""

    open: Callable[[Store], Dictionary[Any, Any]]
    of: Callable[[str], Any]


KINDS = {"kv": Kind(kv, str), "mapping": Kind(mapping, str.encode)}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return one of the two."""
    return KINDS[request.param]


@pytest.fixture
def full(store: Store, kind: Kind) -> Dictionary[Any, Any]:
    """Return a dictionary of all names, each with itself as its value, set in another order."""
    dictionary = kind.open(store)
    for name in reversed(NAMES):
        dictionary[kind.of(name)] = kind.of(name)
    return dictionary


class Counting:
    """A store that counts what is asked of it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: list[str] = []

    def read(self, fn: Callable[[Reader], T], /) -> T:
        self.calls.append("read")
        return self.store.read(fn)

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        self.calls.append("transact")
        return self.store.transact(fn)


def test_an_empty_one_has_nothing(store: Store, kind: Kind) -> None:
    empty, a = kind.open(store), kind.of("a")
    assert not empty
    assert (len(empty), list(empty), list(empty.items())) == (0, [], [])
    assert (empty.get(a), a in empty, empty.pop(a, 3), empty.delete(a)) == (None, False, 3, False)
    assert empty.get_many([a]) == [None]
    assert empty.delete_range(prefix=kind.of("")) == 0
    empty.clear()
    assert empty == {}
    assert list(store.read(lambda tx: list(tx.scan()))) == [], "nothing was written"


def test_what_was_set_is_there(full: Dictionary[Any, Any], kind: Kind) -> None:
    assert full
    assert len(full) == len(NAMES)
    for name in NAMES:
        with case(name=name):
            key = kind.of(name)
            assert (full[key], full.get(key), key in full) == (key, key, True)
    assert full.get(kind.of("d"), 5) == 5
    a, d = kind.of("a"), kind.of("d")
    assert full.get_many([d, a, a]) == [None, a, a]
    assert full == {kind.of(name): kind.of(name) for name in NAMES}


def test_keys_are_in_the_order_of_their_bytes(full: Dictionary[Any, Any], kind: Kind) -> None:
    keys = sorted(map(kind.of, NAMES))
    entries = [(key, key) for key in keys]
    assert list(full) == list(full.keys()) == list(full.values()) == keys
    assert list(full.items()) == list(full.scan()) == entries
    for turned in (reversed(full), reversed(full.keys()), reversed(full.values())):
        assert list(turned) == keys[::-1]
    assert list(reversed(full.items())) == list(full.scan(reverse=True)) == entries[::-1]


def test_a_view_is_of_what_is_there_when_it_is_asked(
    full: Dictionary[Any, Any], kind: Kind
) -> None:
    keys, items, values, a = full.keys(), full.items(), full.values(), kind.of("a")
    assert (a in keys, (a, a) in items, a in values) == (True, True, True)
    del full[a]
    assert (a in keys, (a, a) in items, a in values) == (False, False, False)
    assert len(keys) == len(items) == len(values) == len(NAMES) - 1


def test_a_range_has_its_start_and_not_its_end(full: Dictionary[Any, Any], kind: Kind) -> None:
    def found(start: str | None = None, end: str | None = None, **options: Any) -> list[Any]:
        bounds = {"start": start, "end": end}
        given = {name: kind.of(text) for name, text in bounds.items() if text is not None}
        return [key for key, _ in full.scan(**given, **options)]

    def named(*names: str) -> list[Any]:
        return [kind.of(name) for name in names]

    assert found("a", "c") == named("a", "a\0", "b")
    assert found(end="b") == named("", "a", "a\0")
    assert found("c") == named("c", "\uffff", "\U0001f600")
    assert found("b", "b") == found("c", "a") == []
    assert found("a", limit=2) == named("a", "a\0")
    assert found("a", reverse=True, limit=1) == named("\U0001f600")
    assert found(limit=0) == []
    assert found(prefix=kind.of("a")) == named("a", "a\0")
    assert found(prefix=kind.of("")) == named(*NAMES)


def test_a_range_is_asked_for_in_one_way(full: Dictionary[Any, Any], kind: Kind) -> None:
    a: Any = kind.of("a")
    for wrong in ({"start": a, "prefix": a}, {"end": a, "prefix": a}):
        with case(wrong=wrong), pytest.raises(UsageError, match="a prefix is a range"):
            full.scan(**wrong)
    for limit in ("1", True, 1.0):
        with case(limit=limit), pytest.raises(UsageTypeError, match="limit must be an int"):
            full.scan(limit=limit)  # pyright: ignore[reportArgumentType] - refused
    with pytest.raises(UsageValueError, match="limit must be 0"):
        full.scan(limit=-1)
    for wrong in ({}, {"start": a}, {"end": a}):
        with case(wrong=wrong), pytest.raises(UsageError, match="needs both start and end"):
            full.delete_range(**wrong)
    assert len(full) == len(NAMES)


def test_what_is_deleted_is_gone(full: Dictionary[Any, Any], kind: Kind) -> None:
    a, b, c = map(kind.of, "abc")
    del full[a]
    assert full.delete(b)
    assert not full.delete(b)
    assert full.pop(c) == c
    assert full.pop(c, None) is None
    assert full.popitem() == (kind.of(""), kind.of(""))
    assert list(full) == [kind.of(name) for name in ("a\0", "\uffff", "\U0001f600")]
    assert full.delete_range(kind.of("a"), kind.of("\uffff")) == 1
    assert full.delete_range(prefix=kind.of("\uffff")) == 1
    full.clear()
    assert not full


def test_what_is_not_there_is_named(store: Store, kind: Kind) -> None:
    empty, a = kind.open(store), kind.of("a")
    for call in (empty.__getitem__, empty.__delitem__, empty.pop):
        with case(call=call), pytest.raises(MissingKeyError, match="'a'") as caught:
            call(a)
        assert isinstance(caught.value, KeyError)
        assert caught.value.id == a
    with pytest.raises(KeyError, match="no entry left"):
        empty.popitem()


def test_setdefault_sets_what_is_not_there(full: Dictionary[Any, Any], kind: Kind) -> None:
    a, d, x = map(kind.of, "adx")
    assert full.setdefault(a, x) == a
    assert full.setdefault(a) == a
    assert full.setdefault(d, x) == full[d] == x


def test_update_takes_what_a_dict_takes(store: Store, kind: Kind) -> None:
    target, a, b, x, y = kind.open(store), *map(kind.of, "abxy")
    target.update({a: x})
    target.update([(b, x), (b, y)])
    target.update()
    assert target == {a: x, b: y}
    target.update(target)
    assert target == {a: x, b: y}


def test_update_writes_all_or_nothing(full: Dictionary[Any, Any], kind: Kind) -> None:
    a, x = kind.of("a"), kind.of("x")
    with pytest.raises((ValueError, TypeError)):
        full.update({a: x, kind.of("b"): 5})
    assert full[a] == a


def test_each_call_is_one_read_or_one_transaction(kind: Kind) -> None:
    with libredb.open() as db:
        counting = Counting(db)
        full, a, x = kind.open(counting), kind.of("a"), kind.of("x")
        full.update({kind.of(name): kind.of(name) for name in NAMES})
        reads: list[Callable[[], object]] = [
            *(lambda: full.get(a), lambda: full[a], lambda: a in full, lambda: bool(full)),
            *(lambda: len(full), lambda: full.get_many([a, x]), lambda: set(full)),
            *(lambda: list(reversed(full)), lambda: list(full.scan()), lambda: dict(full.items())),
            *(lambda: set(full.keys()), lambda: set(full.values()), lambda: x in full.values()),
            *(lambda: (a, a) in full.items(), lambda: list(reversed(full.items()))),
            *(lambda: a in full.keys(), lambda: full == {}, lambda: len(full.items())),  # noqa: SIM118 - the view is meant
        ]
        changes: list[Callable[[], object]] = [
            *(lambda: full.__setitem__(a, x), lambda: full.__delitem__(a)),
            *(lambda: full.setdefault(a, x), lambda: full.setdefault(a, x)),
            *(lambda: full.pop(a), lambda: full.pop(a, x), full.popitem),
            *(lambda: full.update({a: x, x: x}), lambda: full.delete_range(prefix=a)),
            *(lambda: full.delete(a), full.clear),
        ]
        for number, call in enumerate(reads + changes):
            counting.calls.clear()
            call()
            with case(number=number):
                assert counting.calls == ["read" if number < len(reads) else "transact"]


def test_python_counts_what_it_makes_a_list_of(kind: Kind) -> None:
    with libredb.open() as db:
        counting = Counting(db)
        full, a = kind.open(counting), kind.of("a")
        full.update({a: a})
        counting.calls.clear()
        assert list(full) == [a]
        assert counting.calls == ["read", "read"], "which the docstring tells"


def test_a_scan_is_of_the_moment_of_its_call(full: Dictionary[Any, Any], kind: Kind) -> None:
    found = full.scan()
    assert next(found) == (kind.of(""), kind.of(""))
    full.clear()
    assert len(list(found)) == len(NAMES) - 1


def test_entries_may_be_deleted_while_they_are_read(full: Dictionary[Any, Any], kind: Kind) -> None:
    for key in full:
        del full[key]
    assert not full


def test_inside_a_transaction_entries_are_read_as_they_are_asked_for(kind: Kind) -> None:
    with libredb.open() as db:
        whole: Any = kind.open(db)
        whole.update({kind.of(f"{number:04}"): kind.of("x") for number in range(1000)})
        with db.transaction() as tx:
            found = whole.on(tx).scan()
            assert next(found) == (kind.of("0000"), kind.of("x"))
        with pytest.raises(UsageError, match="has ended"):
            list(found)


def test_on_a_transaction_it_is_a_part_of_that_one(kind: Kind) -> None:
    with libredb.open() as db:
        outside: Any = kind.open(db)
        a, x = kind.of("a"), kind.of("x")
        with pytest.raises(ZeroDivisionError), db.transaction() as tx:  # noqa: PT012 - all of it is undone
            outside.on(tx)[a] = x
            assert outside.on(tx)[a] == x
            raise ZeroDivisionError
        assert a not in outside
        with db.transaction() as tx:
            outside.on(tx)[a] = x
        assert outside[a] == x
        with db.read() as reading:
            assert outside.on(reading)[a] == x
            with pytest.raises(UsageError, match="only read"):
                outside.on(reading)[a] = x


def test_a_call_that_raises_leaves_no_trace_in_its_transaction(kind: Kind) -> None:
    with libredb.open() as db, db.transaction() as tx:
        inside = kind.open(tx)
        inside[kind.of("a")] = kind.of("x")
        with pytest.raises((ValueError, TypeError)):
            inside.setdefault(kind.of("b"))
        assert inside == {kind.of("a"): kind.of("x")}


def test_it_has_no_hash_as_a_dict_has_none(store: Store, kind: Kind) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(kind.open(store))
