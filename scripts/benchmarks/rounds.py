"""Rounds that take turns, and the ratios that come of them.

In each round every contender does its work once, in an order that is shuffled anew. A ratio is the
figure of another by ours within one round, so that what slows the machine down slows both; above 1
means that ours is faster, or smaller. What counts is the median of the ratios.
"""

import os
import random
import shutil
import statistics
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.benchmarks.processes import ROOT, Contender, Process
from scripts.benchmarks.row import FailedError, Figures, Job, Kind, Refusal, Row, Size, Workload

OURS = "libredb"
BASELINE = "an older libredb"


@dataclass(frozen=True)
class Places:
    """Where files go: on the disk that is measured, and in memory."""

    disk: Path
    memory: Path

    def of(self, kind: Kind) -> Path:
        """Return the place for a row of this kind."""
        return self.disk if kind is Kind.WALL else self.memory


@dataclass(frozen=True)
class Plan:
    """How a run measures.

    Args:
        size: how much.
        seed: decides the order of contenders, and the entries of all rows but those of a browser.
        rounds: how many, or None for those of the size.
        baseline: another checkout of libredb that does each row too, or None.
        places: where files go.
    """

    size: Size
    seed: int
    rounds: int | None
    baseline: Path | None
    places: Places


@dataclass(frozen=True)
class Line:
    """One line of the table: one figure of one row against one other.

    `note` says why there are no ratios.
    """

    row: str
    title: str
    kind: str
    against: str
    note: str = ""
    failed: bool = False
    ours: list[float] = field(default_factory=list[float])
    theirs: list[float] = field(default_factory=list[float])

    @property
    def ratios(self) -> list[float]:
        """The figure of the other by ours, round by round."""
        return [their / our for our, their in zip(self.ours, self.theirs, strict=False)]

    @property
    def median(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)


@dataclass
class Outcome:
    """What became of one contender: figures for each round, or why there are none."""

    rounds: list[Figures] = field(default_factory=list[Figures])
    note: str = ""
    failed: bool = False


def measure(row: Row[Workload], plan: Plan) -> list[Line]:
    """Run one row in processes of this machine, and return its lines."""
    contenders: dict[str, Contender] = {}
    with ExitStack() as stack:
        for name, checkout in _contenders(row, plan):
            contender = Process(
                row.contenders[OURS if name == BASELINE else name],
                _job(row, plan, name),
                checkout,
            )
            stack.callback(contender.close)
            contenders[name] = contender
        outcomes = take_turns(contenders, row, plan)
    shutil.rmtree(_folder(row, plan), ignore_errors=True)
    return lines(row, outcomes)


def take_turns(
    contenders: Mapping[str, Contender], row: Row[Any], plan: Plan
) -> dict[str, Outcome]:
    """Prepare every contender, then run the rounds, in shuffled order."""
    outcomes = {name: Outcome() for name in contenders}
    for name, contender in contenders.items():
        _round(contender, outcomes[name])
        if outcomes[OURS].note:  # then there is nothing to compare with
            return outcomes
    order = random.Random(plan.seed)
    warm = int(row.warm)
    rounds = (plan.rounds or plan.size.rounds) * row.more_rounds
    for number in range(warm + rounds):
        for name in order.sample(sorted(contenders), len(contenders)):
            outcome = outcomes[name]
            figures = None if outcome.note else _round(contenders[name], outcome)
            if figures is not None and number >= warm:
                outcome.rounds.append(figures)
    return outcomes


def lines(row: Row[Any], outcomes: Mapping[str, Outcome]) -> list[Line]:
    """Return the lines of a row: one for each figure and each of the others that has it."""
    ours = outcomes[OURS]
    found: list[Line] = []
    for figure, title in row.titles.items():
        for name, other in outcomes.items():
            if name == OURS or (other.rounds and figure not in other.rounds[0]):
                continue
            missing = ours if ours.note else other
            found.append(
                Line(
                    row=row.name,
                    title=title,
                    kind=row.kind.name.lower(),
                    against=name,
                    note=missing.note,
                    failed=missing.failed,
                    ours=[figures[figure] for figures in ours.rounds],
                    theirs=[figures[figure] for figures in other.rounds],
                )
            )
    return found


def _round(contender: Contender, outcome: Outcome) -> Figures | None:
    """Run one round; note in the outcome why there is none."""
    try:
        return contender.round()
    except Refusal as refusal:
        outcome.note = str(refusal)
    except FailedError as error:
        outcome.note, outcome.failed = str(error), True
    return None


def _contenders(row: Row[Workload], plan: Plan) -> Iterable[tuple[str, Path]]:
    """Yield who does this row, and where the libredb of each comes from."""
    for name in row.contenders:
        yield name, ROOT
    if plan.baseline is not None:
        yield BASELINE, plan.baseline


def _folder(row: Row[Workload], plan: Plan) -> Path:
    return plan.places.of(row.kind) / "rows" / row.name


def _job(row: Row[Workload], plan: Plan, name: str) -> Job:
    """Return what one contender is told; only the baseline has kept files of its own."""
    number = [*row.contenders, BASELINE].index(name)
    files = plan.places.of(row.kind) / ("files of the baseline" if name == BASELINE else "files")
    return Job(_folder(row, plan) / str(number), files, plan.size, plan.seed, row.kind)


def load() -> float:
    """Return how many threads wanted a processor in the last minute."""
    return os.getloadavg()[0]
