"""Hunts the mutants: runs every profile and enumeration against each, and prints who noticed.

Whose killer is a test meets that one alone, in a process of its own.

The unchanged kernel goes first, through the same seeds: it has to pass, and every floor has to be
reached, for a profile that is blind at so few seeds proves nothing by finding nothing. Then the
table has a row for each mutant, and the profiles that kill it with the first seed that does. A
mutant that survives everything is a fault that the simulator does not model yet; that its traces
have other digests saves nobody, for a digest that is pinned again forgets what it has told.
Absent on purpose: scores. One survivor is a failure.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sim.campaigns.floors import shortfalls
from sim.campaigns.jobs import part_jobs, processors, run_jobs, seed_jobs, sum_up
from sim.campaigns.parts import PARTS
from sim.campaigns.trace import digests
from sim.hunts.loading import find, killed_by, load
from sim.hunts.testing import UNCHANGED, failure_of
from sim.mutants.catalogue import MUTANTS
from sim.mutants.mutant import is_test
from sim.plans.profiles import PROFILES

EVERYTHING = (*PROFILES, *PARTS)


class Finding(NamedTuple):
    """Who noticed one mutant.

    Attributes:
        name: The mutant.
        killers: The profiles that kill it, each with its first seed, and the enumerations; or the
            tests that its entry names.
        digests: Whether nobody kills it, and its traces differ.
    """

    name: str
    killers: list[str]
    digests: bool = False

    @property
    def lacks(self) -> str:
        """What is wrong with it, "" if nothing is."""
        if not self.killers:
            return "ONLY DIGESTS DIFFER" if self.digests else "NOTHING"
        killer = find(self.name).killer
        if any(killer in (found, found.split("/")[0]) for found in self.killers):
            return ""
        return f"NOT {killer}, which its entry names"


def try_mutant(name: str, seeds: int, profiles: tuple[str, ...]) -> Finding:
    """Return who of `profiles` notices a mutant, or whether the tests that it names do."""
    mutant = find(name)
    if is_test(mutant.killer):
        return Finding(name, [mutant.killer] if failure_of(name, mutant.killer) else [])
    kernel = load(mutant)
    killers: list[str] = []
    for profile in profiles:
        violation = killed_by(kernel, profile, _seeds_of(profile, seeds))
        if violation is not None:
            seed = violation.split(":")[0].removeprefix("seed ")
            killers.append(f"{profile}/{seed}" if seed.isdigit() else profile)
    return Finding(name, killers, not killers and digests(kernel=kernel) != digests())


def _seeds_of(profile: str, seeds: int) -> int:
    return max(1, seeds // PROFILES[profile].weight) if profile in PROFILES else 1


def blind_spots(seeds: int, workers: int | None) -> list[str]:
    """Return what the unchanged kernel violates, or fails to reach, in the seeds of a hunt."""
    jobs = [job for name in PROFILES for job in seed_jobs(name, 0, _seeds_of(name, seeds))]
    told: list[str] = []
    for tally in sum_up(run_jobs([*jobs, *part_jobs(PARTS)], workers)).values():
        told += [f"{what}: {violation}" for what, violation, _ in tally.failures[:3]]
        told += shortfalls(tally)
    for test in sorted({mutant.killer for mutant in MUTANTS if is_test(mutant.killer)}):
        failure = failure_of(UNCHANGED, test)
        told += [failure] if failure else []
    return told


def findings(seeds: int, workers: int | None, *, fast: bool) -> Iterator[Finding]:
    """Yield what kills each mutant; `fast` tries only the killer that the catalogue names."""
    tasks = [(m.name, seeds, (m.killer,) if fast else EVERYTHING) for m in MUTANTS]
    count = workers if workers is not None else processors()
    if count <= 1:
        yield from (try_mutant(*task) for task in tasks)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - Pyodide has none
    from multiprocessing import get_context  # noqa: PLC0415 - Pyodide has none

    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(try_mutant, *zip(*tasks, strict=True))


def hunt(*, seeds: int, workers: int | None, fast: bool) -> tuple[str, list[str]]:
    """Print the table as Markdown, row by row; return it, and what is wrong."""
    wrong = [] if fast else blind_spots(seeds, workers)
    for text in wrong:
        print("the unchanged kernel, in these seeds: " + text)
    lines = ["| mutant | killed by (profile/first seed, or test) |", "| --- | --- |"]
    print("\n".join(lines))
    for finding in findings(seeds, workers, fast=fast):
        cell = ", ".join(word for word in (*finding.killers, finding.lacks) if word)
        lines.append(f"| {finding.name} | {cell} |")
        print(lines[-1], flush=True)
        if finding.lacks:
            wrong.append(finding.name)
    survivors = sum("| NOTHING" in line or "| ONLY DIGESTS" in line for line in lines)
    lines.append(f"\n{len(MUTANTS)} mutants, {survivors} survived.")
    print(lines[-1], *wrong)
    return "\n".join(lines) + "\n", wrong
