"""The harness is tested too: it kills every mutant of the kernel that the catalogue lists.

Here each meets the one profile or enumeration that finds it quickly. `python -m sim mutants` runs
all profiles against all mutants; the table is in docs/simulation.md.
"""

import pytest

import libredb
from sim.campaigns.parts import PARTS
from sim.mutants.catalogue import MUTANTS
from sim.mutants.loading import MovedError, changed_source, find, killed_by, load
from sim.mutants.mutant import Mutant
from sim.plans.profiles import PROFILES

SEEDS = 1500


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(mutant: Mutant) -> None:
    assert killed_by(load(mutant), mutant.killer, SEEDS) is not None


def test_a_mutant_that_breaks_while_the_calls_of_an_operation_are_counted_is_killed() -> None:
    kernel = load(find("leaving a group does not sync"))
    assert killed_by(kernel, "calls", 1) == "window: commits are pending after a sync"


def test_there_are_at_least_thirty_mutants_with_different_names_and_effects() -> None:
    assert len(MUTANTS) >= 30
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.file, changed_source(mutant)) for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.killer in {*PROFILES, *PARTS} for mutant in MUTANTS)


def test_a_mutant_whose_text_has_moved_fails_loudly() -> None:
    with pytest.raises(MovedError, match=r"0 times in log\.py"):
        load(Mutant("gone", "log.py", (("this text is nowhere", ""),), "P1"))


def test_loading_a_mutant_leaves_the_kernel_alone() -> None:
    mutant = load(MUTANTS[0])
    assert mutant is not libredb
    assert mutant.LibreDBError is not libredb.LibreDBError
    assert killed_by(libredb, MUTANTS[0].killer, 50) is None
