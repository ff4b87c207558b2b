"""Work in shares: which seeds and which enumerations to run, here or in several processes.

A job is a tuple of plain values, so that it can be handed to another process; what comes back is a
`Tally`. The sum does not depend on how many processes there are.
Absent on purpose: threads (Pyodide has none) and processes at import (it has none of these either).
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator

from sim.campaigns import tally
from sim.campaigns.parts import PARTS, run_share
from sim.campaigns.tally import Tally
from sim.plans.profiles import PROFILES

Job = tuple[str, str, int, int]
CHUNK = 500
"""How many seeds of a profile with ordinary runs make one job."""


def all_jobs(first: int, seeds: int) -> list[Job]:
    """Return jobs for `seeds` of the mixed profile, and of each other one the share it has."""
    return [
        job
        for name, profile in PROFILES.items()
        for job in seed_jobs(name, first, max(1, int(seeds * profile.share)))
    ]


def seed_jobs(profile: str, first: int, count: int) -> list[Job]:
    """Return jobs that run the seeds `[first, first + count)` of a profile."""
    chunk = CHUNK // PROFILES[profile].weight
    return [
        ("seeds", profile, start, min(chunk, first + count - start))
        for start in range(first, first + count, chunk)
    ]


def part_jobs(parts: Iterable[str]) -> list[Job]:
    """Return jobs that run these enumerations whole."""
    return [
        ("part", part, share, PARTS[part].shares)
        for part in parts
        for share in range(PARTS[part].shares)
    ]


def run_job(job: Job) -> Tally:
    """Run one job."""
    kind, name, first, second = job
    started = seconds()
    if kind == "seeds":
        result = tally.run_seeds(name, range(first, first + second))
    else:
        result = run_share(name, first, second)
    result.seconds = seconds() - started
    return result


def seconds() -> float:
    """Return processor time, to be subtracted; Pyodide's ends in an error after 36 minutes."""
    return time.perf_counter() if sys.platform == "emscripten" else time.process_time()


def run_jobs(jobs: list[Job], workers: int | None = None) -> Iterator[Tally]:
    """Yield the tally of each job as it ends; `workers` None is one for each processor."""
    count = workers if workers is not None else processors()
    if count <= 1 or len(jobs) == 1:
        yield from map(run_job, jobs)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed  # noqa: PLC0415 - Pyodide has none
    from multiprocessing import get_context  # noqa: PLC0415 - Pyodide has none

    # Spawned, not forked: pytest has a thread that watches the time.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run_job, job) for job in jobs]):
            yield future.result()


def processors() -> int:
    """Return how many processes are worth having; in a browser there is one."""
    return 1 if sys.platform == "emscripten" else os.cpu_count() or 1


def sum_up(tallies: Iterable[Tally]) -> dict[str, Tally]:
    """Return one tally for each name: the profiles in their order, then the enumerations."""
    sums: dict[str, Tally] = {}
    for one in tallies:
        if one.name in sums:
            sums[one.name].merge(one)
        else:
            sums[one.name] = one
    names = [*PROFILES, *PARTS]
    return {name: sums[name] for name in names if name in sums}
