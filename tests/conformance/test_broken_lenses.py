"""The kit for lenses notices each broken promise, of a store and of a lens.

Every check refuses a store that somebody could have written, and some refuse a lens that is wrong
itself, on a store that keeps its promises.
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import libredb
from libredb import Documents, Result
from libredb.kernel.transaction import Transaction
from libredb.lens.dictionaries.dictionary import Dictionary
from libredb.lens.keys.namespace import Lens, find
from libredb.lens.kv import KV
from libredb.lens.rows.collection import Collection
from libredb.testing import lens as kit
from tests.conformance.broken_lens_stores import BROKEN, STORES
from tests.support.stores import NaiveStore

THREADS = sys.platform != "emscripten"

# Stores that are wrong


def test_every_check_has_a_store_that_it_must_refuse() -> None:
    assert [promise.__name__ for promise in kit.PROMISES] == list(BROKEN)
    assert all(BROKEN.values())


def test_every_broken_store_is_refused_by_some_check() -> None:
    assert {broken for stores in BROKEN.values() for broken in stores} == set(STORES.values())


CASES = [
    pytest.param(promise, broken, id=f"{promise.__name__}-{broken.__name__}")
    for promise in kit.PROMISES
    for broken in BROKEN[promise.__name__]
]


@pytest.mark.parametrize(("promise", "broken"), CASES)
def test_the_kit_notices_a_broken_store(promise: kit.Promise, broken: type[NaiveStore]) -> None:
    if kit.number_of(promise) == "L15" and not THREADS:
        pytest.skip("there are no threads here")
    with pytest.raises(AssertionError, match=f"^{kit.number_of(promise)}, "):
        kit.check(promise, kit.Subject(broken(), threads=THREADS))


# Lenses that are wrong

REPLACED: tuple[tuple[type, str], ...] = (
    *((Lens, "_edit"), (Documents, "_written"), (Collection, "insert"), (Result, "_read")),
    *((KV, "_in_transaction"), (Dictionary, "scan")),
)
ORIGINALS: dict[str, Any] = {
    f"{owner.__name__}.{name}": getattr(owner, name) for owner, name in REPLACED
}


def reads_with_the_turn(self: Any, work: Any, absent: Any) -> Any:
    def read(tx: Any) -> Any:
        namespace = find(tx, self._name, self.kind)
        return absent() if namespace is None else work(tx, namespace)

    return self._store.transact(read)


def nothing(*_: object) -> None:
    """Do nothing."""


def looks_before_it_edits(self: Any, work: Any, absent: Any) -> Any:
    self._read(nothing, nothing)
    return ORIGINALS["Lens._edit"](self, work, absent)


def edits_in_place(self: Any, work: Any, absent: Any) -> Any:
    if isinstance(self._store, Transaction):
        namespace = find(self._store, self._name, self.kind)
        return absent() if namespace is None else work(self._store, namespace)
    return ORIGINALS["Lens._edit"](self, work, absent)


def draws_ids_in_its_transaction(self: Any, given: Any, write: Any) -> Any:
    def written(tx: Any) -> Any:
        return ORIGINALS["Documents._written"](self.on(tx), given, write)

    return self._store.transact(written)


def forgets_its_last_index(self: Any, given: Any) -> Any:
    self.indexes = self.indexes[:-1]
    return ORIGINALS["Collection.insert"](self, given)


def reads_once(self: Any, search: Any) -> Any:
    kept = self.__dict__.setdefault("_kept", {})
    if search not in kept:
        kept[search] = ORIGINALS["Result._read"](self, search)
    return kept[search]


def looks_at_the_clock_inside(self: Any, work: Any) -> Any:
    def change(tx: Any) -> Any:
        return ORIGINALS["KV._in_transaction"](self.on(tx), work)

    return self._store.transact(change)


def ends_with_its_end(self: Any, start: Any = None, end: Any = None, **options: Any) -> Any:
    if end is not None:
        end += "\0" if isinstance(end, str) else b"\0"
    return ORIGINALS["Dictionary.scan"](self, start, end, **options)


class Wrong(NamedTuple):
    """What is put in whose place, and the check that has to notice."""

    owner: type
    name: str
    replacement: Callable[..., Any]
    check: str


WRONG = [
    Wrong(Lens, "_read", reads_with_the_turn, "l13_what_only_reads_is_one_read_and_takes_no_turn"),
    Wrong(Lens, "_edit", looks_before_it_edits, "l13_what_changes_something_is_one_transaction"),
    Wrong(Lens, "_edit", edits_in_place, "l11_an_error_that_is_caught_leaves_no_trace_of_its_call"),
    Wrong(
        Documents,
        "_written",
        draws_ids_in_its_transaction,
        "l14_what_runs_again_keeps_its_id_and_its_time",
    ),
    Wrong(
        KV,
        "_in_transaction",
        looks_at_the_clock_inside,
        "l14_what_runs_again_keeps_its_id_and_its_time",
    ),
    Wrong(Collection, "insert", forgets_its_last_index, "l06_where_and_order_by_share_one_index"),
    Wrong(Result, "_read", reads_once, "l08_a_result_reads_anew_each_time"),
    Wrong(
        Dictionary,
        "scan",
        ends_with_its_end,
        "l03_keys_are_in_order_and_a_range_has_its_start_and_not_its_end",
    ),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.replacement.__name__)
def test_the_kit_notices_a_wrong_lens(wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    (promise,) = (each for each in kit.PROMISES if each.__name__ == wrong.check)
    with libredb.open() as db:
        assert kit.check(promise, kit.Subject(db)) is None
    monkeypatch.setattr(wrong.owner, wrong.name, wrong.replacement)
    with (
        libredb.open() as db,
        pytest.raises(AssertionError, match=f"^{kit.number_of(promise)}, "),
    ):
        kit.check(promise, kit.Subject(db))


def test_what_only_check_finds_breaks_a_promise_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def problems(_: object) -> list[str]:
        return ["an entry of no document"]

    (promise,) = (each for each in kit.PROMISES if each.__name__.startswith("l05_an_upsert"))
    monkeypatch.setattr(Documents, "check", problems)
    told = r"^L5, .* what check\(\) finds: .*'notes': an entry of no document"
    with libredb.open() as db, pytest.raises(AssertionError, match=told):
        kit.check(promise, kit.Subject(db))
