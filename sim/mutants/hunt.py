"""Hunts the mutants: runs every profile and enumeration against each, and prints who noticed.

The table has a row for each mutant, and the profiles that kill it with the first seed that does. A
mutant that survives everything is a fault that the simulator does not model yet.
Absent on purpose: scores. One survivor is a failure.
"""

from collections.abc import Iterator

from sim.campaigns.jobs import processors
from sim.campaigns.parts import PARTS
from sim.mutants.catalogue import MUTANTS
from sim.mutants.loading import find, killed_by, load
from sim.plans.profiles import PROFILES

Finding = tuple[str, list[str]]


def try_mutant(name: str, seeds: int, profiles: tuple[str, ...]) -> Finding:
    """Return the name of a mutant, and the profiles that kill it, each with its first seed."""
    kernel = load(find(name))
    killers: list[str] = []
    for profile in profiles:
        weight = PROFILES[profile].weight if profile in PROFILES else 1
        violation = killed_by(kernel, profile, max(1, seeds // weight))
        if violation is not None:
            seed = violation.split(":")[0].removeprefix("seed ")
            killers.append(f"{profile}/{seed}" if seed.isdigit() else profile)
    return name, killers


def findings(seeds: int, workers: int | None, *, fast: bool) -> Iterator[Finding]:
    """Yield what kills each mutant; `fast` tries only the killer that the catalogue names."""
    everything = (*PROFILES, *PARTS)
    tasks = [(m.name, seeds, (m.killer,) if fast else everything) for m in MUTANTS]
    count = workers if workers is not None else processors()
    if count <= 1:
        yield from (try_mutant(*task) for task in tasks)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - Pyodide has none
    from multiprocessing import get_context  # noqa: PLC0415 - Pyodide has none

    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(try_mutant, *zip(*tasks, strict=True))


def hunt(*, seeds: int, workers: int | None, fast: bool) -> tuple[str, list[str]]:
    """Print the table as Markdown, row by row; return it, and the mutants that survived."""
    lines = ["| mutant | killed by (profile/first seed) |", "| --- | --- |"]
    survivors: list[str] = []
    print("\n".join(lines))
    for name, killers in findings(seeds, workers, fast=fast):
        lines.append(f"| {name} | {', '.join(killers) or 'NOTHING'} |")
        print(lines[-1], flush=True)
        if not killers:
            survivors.append(name)
    lines.append(f"\n{len(MUTANTS)} mutants, {len(survivors)} survived.")
    print(lines[-1], *survivors)
    return "\n".join(lines) + "\n", survivors
