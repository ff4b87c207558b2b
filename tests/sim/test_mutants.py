"""The harness is tested too: it kills every mutant of the kernel that the catalogue lists.

Here each meets the one profile, enumeration or test that finds it quickly. `python -m sim mutants`
runs all profiles against all mutants; the table is in docs/simulation.md.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import libredb
from sim.campaigns.parts import PARTS
from sim.hunts.loading import MovedError, changed_source, find, killed_by, load
from sim.hunts.testing import UNCHANGED, failure_of
from sim.mutants.catalogue import MUTANTS
from sim.mutants.mutant import Mutant, is_test
from sim.plans.profiles import PROFILES

SEEDS = 1500
EMSCRIPTEN_STEP = 8
ROOT = Path(__file__).parents[2]


def what_kills(name: str) -> str | None:
    """Return what the killer of a mutant says, or None if it says nothing."""
    mutant = find(name)
    if is_test(mutant.killer):
        return failure_of(name, mutant.killer)
    return killed_by(load(mutant), mutant.killer, SEEDS)


@pytest.fixture(scope="module")
def killing(request: pytest.FixtureRequest) -> Iterator[Callable[[str], str | None]]:
    """Return `what_kills`, which several processes answer ahead where there are any."""
    if sys.platform == "emscripten":
        yield what_kills
        return
    from concurrent.futures import ProcessPoolExecutor  # a browser has none
    from multiprocessing import get_context

    prefix = "test_a_mutant_is_killed["
    asked = [item.name[len(prefix) : -1] for item in request.session.items if prefix in item.name]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        answers = {name: pool.submit(what_kills, name) for name in asked}
        yield lambda name: answers[name].result()
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(mutant: Mutant, killing: Callable[[str], str | None]) -> None:
    if sys.platform == "emscripten" and is_test(mutant.killer):
        pytest.skip("its killer is a test, which needs a process of its own")
    if sys.platform == "emscripten" and MUTANTS.index(mutant) % EMSCRIPTEN_STEP:
        pytest.skip(f"one in {EMSCRIPTEN_STEP} is killed here, and all of them in CPython")
    assert killing(mutant.name) is not None, f"{mutant.name!r} survives {mutant.killer}"


def test_a_mutant_that_breaks_while_the_calls_of_an_operation_are_counted_is_killed() -> None:
    kernel = load(find("leaving a group does not sync"))
    assert killed_by(kernel, "calls", 1) == "window: commits are pending after a sync"


def test_there_are_at_least_eighty_mutants_with_different_names_and_effects() -> None:
    assert len(MUTANTS) >= 80
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.file, changed_source(mutant)) for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_killer_is_no_pinned_digest_and_no_test_of_documents(mutant: Mutant) -> None:
    if not is_test(mutant.killer):
        assert mutant.killer in {*PROFILES, *PARTS}
        return
    file, *_ = mutant.killer.split("::")
    assert file.startswith(("tests/contract/", "tests/unit/")), mutant.killer
    assert (ROOT / file).is_file(), mutant.killer


def test_a_mutant_whose_text_has_moved_fails_loudly() -> None:
    with pytest.raises(MovedError, match=r"0 times in log\.py"):
        load(Mutant("gone", "log.py", (("this text is nowhere", ""),), "P1"))


def test_loading_a_mutant_leaves_the_kernel_alone() -> None:
    mutant = load(MUTANTS[0])
    assert mutant is not libredb
    assert mutant.LibreDBError is not libredb.LibreDBError
    assert killed_by(libredb, MUTANTS[0].killer, 50) is None


def test_a_copy_without_a_mistake_is_not_killed() -> None:
    """A part of tables was loaded later, from the real package, and so each mutant was killed."""
    line = 'KIND = "table"\n'
    copy = load(Mutant("none", "lens/table/migration.py", ((line, line),), "P23"))
    assert killed_by(copy, "P23", 12) is None


@pytest.mark.cpython
def test_a_test_meets_the_mutant_and_otherwise_the_kernel() -> None:
    test = "tests/unit/kernel/test_latch.py"
    assert failure_of(UNCHANGED, test) is None
    failure = failure_of("a write that died is not noticed", test)
    assert failure is not None
    assert "test_a_latch_that_never_gets_to_its_end_is_closed" in failure


@pytest.mark.cpython
def test_tests_that_cannot_be_run_kill_nothing() -> None:
    with pytest.raises(RuntimeError, match="cannot be run"):
        failure_of(UNCHANGED, "tests/unit/kernel/test_guard.py::test_that_is_not_there")
