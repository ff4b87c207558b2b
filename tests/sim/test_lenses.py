"""After any crash lenses hold what their calls meant, whatever the trouble, and the judge can see.

Every profile draws its troubles; in some of its seeds, calls of lenses stand where it sets keys.
LIBREDB_SIM_SEEDS asks for more or fewer seeds.
"""

import os
from collections.abc import Callable, Iterator

import pytest

import libredb
from sim.judge.lens.calls import call
from sim.judge.lens.checks import check
from sim.judge.lens.meant import Meant, meant_by
from sim.judge.oracle import Violation
from sim.judge.recorder import Recorder, Written
from sim.judge.runner import run
from sim.plans.lenses import CALLS
from sim.plans.plan import Step
from sim.plans.profile import LENSES_EVERY
from sim.plans.profiles import PROFILES

SEEDS = max(1, int(os.environ.get("LIBREDB_SIM_SEEDS", "12000")) // 1500)
STORAGE = [name for name, one in PROFILES.items() if "lenses" not in one.clauses]
LENSES = next(one for one in PROFILES.values() if "lenses" in one.clauses)
REFUSED = {
    "mistake": "refused by NamespaceKindError",
    "mistake_table": "refused by NamespaceKindError",
    "misfit": "refused by InvalidValueError",
    "migrate_badly": "refused by InvalidValueError",
    "open_old": "refused by SchemaMismatchError",
}
"""What calls are there for that are not meant to be done."""


@pytest.mark.parametrize("name", STORAGE)
def test_lenses_hold_what_was_meant_under_the_troubles_of_a_profile(name: str) -> None:
    for number in range(max(1, SEEDS // PROFILES[name].weight)):
        seed = LENSES_EVERY * (number + 1) - 1
        violation = run(PROFILES[name].plan(seed)).violation
        assert violation is None, f"{name} seed {seed}, which has lenses: {violation}"


@pytest.mark.parametrize("name", STORAGE)
def test_some_seeds_of_every_profile_that_has_transactions_work_with_lenses(name: str) -> None:
    for seed in range(2 * LENSES_EVERY):
        steps = PROFILES[name].plan(seed).steps
        has_transactions = any(step[0] == "tx" for step in steps)
        is_one = has_transactions and seed % LENSES_EVERY == LENSES_EVERY - 1
        assert has_calls(steps) == is_one, f"{name} seed {seed}"


def has_calls(steps: list[Step]) -> bool:
    ops = [op for step in steps if step[0] == "tx" for op in step[1]]
    return any(op[0] == "lens" for op in ops)


def test_every_call_of_a_lens_is_done_and_what_is_to_be_refused_is_refused() -> None:
    counters: dict[str, int] = {}
    for seed in range(60):
        counters |= run(LENSES.plan(seed)).counters
    wanted = {f"{name}: {REFUSED.get(name, 'done')}" for name in CALLS}
    assert wanted - counters.keys() == set()


def test_every_call_can_be_done_by_lenses_and_as_it_is_meant() -> None:
    for name in CALLS:
        assert callable(getattr(Meant, name))


# What the judge sees: a database with one document, which every index leads to, one setting, and
# two tables, of which one has two migrations behind it.


@pytest.fixture
def db() -> Iterator[libredb.Database]:
    with libredb.open() as db:
        for name, *numbers in (
            *(("create_index", which) for which in range(3)),
            ("put", 1, 3 + 20 * 2 + 120 * 2),
            ("set", 0, 1, 50),
            ("begin_task", 0),
            ("keep", 0, 1),
            ("hire", 1, 32),
            ("declare", 0),
            ("declare", 1),
            ("migrate", 3),
            ("order", 1, 1, 21),
        ):
            do(db, str(name), *numbers)
        check(libredb, db)
        yield db


def do(db: libredb.Database, name: str, *numbers: int) -> str:
    """Do one call in a transaction of its own."""

    def work(tx: libredb.Transaction) -> str:
        return call(libredb, Recorder(tx, dict(tx.scan()), {}), name, numbers)

    return db.transact(work)


def lens_keys(db: libredb.Database) -> list[bytes]:
    return [key for key, _ in db.scan(b"\xfe", b"\xff")]


def is_told(db: libredb.Database) -> bool:
    try:
        check(libredb, db)
    except (Violation, libredb.LensError):
        return True
    return False


def test_whatever_key_of_a_lens_is_lost_the_check_tells(db: libredb.Database) -> None:
    keys = lens_keys(db)
    assert len(keys) > 20
    for key in keys:
        value = db.get(key)
        assert value is not None
        db.delete(key)
        assert is_told(db), f"nobody misses {key!r}"
        db.set(key, value)
    check(libredb, db)


def test_whatever_was_meant_and_is_not_there_the_check_tells(db: libredb.Database) -> None:
    for key, value in list(db.scan(b"lens/", b"lens0")):
        if key.startswith(b"lens/counts/"):
            continue  # of what is there, these tell only how old it is
        db.delete(key)
        assert is_told(db), f"nobody misses {key!r}"
        db.set(key, value)


def test_a_key_under_fe_that_no_lens_has_written_is_told(db: libredb.Database) -> None:
    db.set(b"\xfe\x15\x09stray", b"")
    with pytest.raises(Violation, match="is of no namespace"):
        check(libredb, db)


def test_a_call_that_does_not_return_what_it_meant_is_told(db: libredb.Database) -> None:
    db.delete(b"lens/notes/n1")  # now the document is there, and was not meant
    with pytest.raises(Violation, match=r"delete\(1,\): True, and meant was False"):
        do(db, "delete", 1)


def test_a_call_that_is_refused_counts_and_changes_nothing_else(db: libredb.Database) -> None:
    before = dict(db.scan())
    assert do(db, "insert", 1, 0) == "refused by DuplicateKeyError"
    after = dict(db.scan())
    assert {key for key in after if after[key] != before.get(key)} == {b"lens/counts/calls"}
    assert meant_by({b"lens/counts/calls": after[b"lens/counts/calls"]}).now == 13


def test_a_transaction_inside_that_raises_is_in_no_view_and_not_noted() -> None:
    def fail(tx: Recorder) -> None:
        tx.set(b"b", b"2")
        raise KeyError

    view: dict[bytes, bytes] = {}
    written: Written = {}
    with libredb.open() as db, db.transaction() as tx:
        recorder = Recorder(tx, view, written)
        recorder.transact(_set)
        with pytest.raises(KeyError):
            recorder.transact(fail)
    assert view == written == {b"a": b"1"}


LOOKS: dict[str, Callable[[Recorder], object]] = {
    "get": lambda tx: tx.get(b"a"),
    "get_many": lambda tx: tx.get_many([b"b", b"a"]),
    "scan": lambda tx: list(tx.scan()),
    "scan backwards": lambda tx: list(tx.scan(reverse=True, limit=1)),
    "delete": lambda tx: tx.delete(b"a"),
    "read": lambda tx: tx.read(_get),
}


def _get(tx: Recorder) -> bytes | None:
    return tx.get(b"a")


def _set(tx: Recorder) -> None:
    tx.set(b"a", b"1")


@pytest.mark.parametrize("name", LOOKS)
def test_an_answer_that_is_not_in_the_view_is_told(name: str) -> None:
    with libredb.open() as db, db.transaction() as tx:
        with pytest.raises(Violation, match="read: "):
            LOOKS[name](Recorder(tx, {b"a": b"1"}, {}))
        tx.set(b"a", b"1")
        LOOKS[name](Recorder(tx, {b"a": b"1"}, {}))
