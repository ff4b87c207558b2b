"""Every damage of a kind to one file: what it may lead to follows from what the file held.

    flips       every bit of a file of 100 commits flipped, one at a time; closed and not
    cuts        the same files cut at every length
    slots       every bit of the pages, and some of each record, flipped with two slots: one empty,
                and both filled as a crash in a compaction leaves them
    survivors   every subset of the records of a group that may survive a power loss, up to 12
    splices     every run of records replaced by that of another file, of another timeline, or of a
                twin that was compacted as well
    proofs      every record damaged, and every record behind it that proves it had been synced
                alone, near and far, whatever number of zeros follows

A case is a plan: the steps that make the file, and the damage as the last one. The file is made
once, and all cases judge copies of it; a violation has the whole plan.
Absent on purpose: damage in two places; the profiles draw it.
"""

from collections.abc import Iterator
from typing import Any

from sim.campaigns.tally import Tally
from sim.judge.oracle import Violation
from sim.judge.run import PATH
from sim.judge.runner import Runner
from sim.plans.plan import Plan, Step
from sim.world.filesystem import Style
from sim.world.generator import POOL

BIG = 1 << 40
ENOUGH = 10
"""After so many violations the rest of a share is not looked at."""


class Case:
    """A file, made by the steps of a plan, and the damage that is done to copies of it."""

    def __init__(self, kernel: Any, part: str, style: Style, steps: list[Step]) -> None:
        """Make the file."""
        self.plan = Plan(part, 0, style, 0, steps)
        self.runner = Runner(Plan(part, 0, style, 0, [*steps, ("damage", "", 0, 0)]), kernel)
        for step in steps:
            self.runner.step(step)
        trials = self.runner.run.trials
        assert trials is not None, "its plan has damage"
        self.trials = trials
        self.images = self.runner.run.fs.images(PATH)
        self.length = max(map(len, self.images))
        self.last = len(trials.history) - 1

    def judge(self, tally: Tally, name: str, *damage: Any) -> None:
        """Judge one damaged copy, and count its outcome under `name`."""
        try:
            tally.count(f"{name}: {self.trials.judge(self.images, *damage)}")
        except Violation as violation:
            tally.runs += 1
            plan = self.plan
            steps = [*plan.steps, ("damage", *damage)]
            about = f"{name}, {damage[0]} {damage[1]} {damage[2]}, {plan.style}"
            whole = Plan(plan.profile, damage[1], plan.style, 0, steps, about)
            tally.fail(whole, violation)
            if len(tally.failures) >= ENOUGH:
                raise


def a_file(*, closed: bool, commits: int = 100, shift: int = 0) -> list[Step]:
    """Return the steps that make a file of many small commits, some of them in groups.

    Files that differ in `shift` alone have records of the same lengths and versions.
    """
    return [
        ("open", "rwc", None),
        *commits_of(range(commits), shift),
        ("close",) if closed else ("kill", 0),
    ]


def commits_of(numbers: range, shift: int = 0) -> Iterator[Step]:
    """Yield commits; keys repeat, values differ, so that each state is unlike every other."""
    for number in numbers:
        key, value = b"%c" % (97 + number % 7), POOL[shift + number :][: number % 5 + 2]
        if number % 10 == 8:
            yield ("group", [[("set", key, value)], [("delete", b"a")]], "leave")
        elif number % 10 != 9:
            yield ("tx", [("set", key, value)], "commit")


def _states(closed: tuple[bool, ...] = (True, False)) -> Iterator[tuple[str, bool]]:
    for one in closed:
        yield "closed" if one else "not closed", one


def flips(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Flip every bit of a closed file, and of one that was not closed."""
    for name, closed in _states():
        case = Case(kernel, "flips", "rename", a_file(closed=closed))
        for bit in range(share, case.length * 8, shares):
            case.judge(tally, name, "flip", bit, 0)


def cuts(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Cut a closed file, and one that was not closed, at every length but 0.

    An empty file is a new database, and says so.
    """
    for name, closed in _states():
        case = Case(kernel, "cuts", "rename", a_file(closed=closed))
        for length in range(1 + share, case.length, shares):
            case.judge(tally, name, "cut", length - 1, 0)


def slots(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Flip bits, and cut, with two slots: the other one empty, or with the older generation."""
    crash: list[Step] = [("fault", "replace", 1, "nolose", 0), ("compact",)]
    for name, end in (("closed", [("close",)]), ("not closed", [("kill", 0)]), ("both", crash)):
        steps = [*a_file(closed=False, commits=20)[:-1], *end]
        case = Case(kernel, "slots", "slots", steps)
        for bit in range(share, case.length * 8, shares):
            in_header_or_mark = bit < 48 * 8 or 4096 * 8 <= bit < 4112 * 8
            if in_header_or_mark or bit % 7 == 0:
                for slot in range(2 if name == "both" else 1):
                    case.judge(tally, name, "flip", bit, slot)
        for length in range(1 + share, case.length, shares):
            if name == "both" or length % 5 == 0:
                case.judge(tally, name, "cut", length - 1, length)


def survivors(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Let every subset of the records of a group survive; the rest is zeros, or garbage."""
    for size in range(1, 13):
        case = Case(kernel, "survivors", "rename", _a_group(size))
        for mask in range(share, 1 << size, shares):
            for garbage in (0, 1):
                case.judge(tally, f"group of {size}", "survivors", mask, size * 2 + garbage)


def _a_group(size: int) -> list[Step]:
    def commit(number: int) -> Step:
        value = POOL[number : number + 3 + number % 4 * (8 if number % 2 else 1)]
        return ("tx", [("set", b"k", value)], "commit")

    pending = [commit(number) for number in range(2, size + 2)]
    return [("open", "rwc", (99, BIG)), commit(0), commit(1), ("sync",), *pending, ("kill", 0)]


def splices(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Put records of another file, or of another timeline of this one, in the place of ours."""
    first_part = [("seed", 0), ("open", "rwc", None), *commits_of(range(5))]
    ours = a_file(closed=True, commits=30)
    others: dict[str, list[Step]] = {
        "another file": [("seed", 1), *a_file(closed=True, commits=30, shift=500)],
        "another timeline": [("seed", 0), *a_file(closed=True, commits=30, shift=500)],
        "a twin": [*first_part, ("compact",), *commits_of(range(5, 30), 500), ("close",)],
    }
    twin = [*first_part, ("seed", 7), ("compact",), *commits_of(range(5, 30)), ("close",)]
    for name, other in others.items():
        mine = twin if name == "a twin" else [("seed", 0), *ours]
        case = Case(kernel, "splices", "rename", [*other, ("shelve",), *mine])
        for first in range(case.last):
            if not first and name == "another timeline":
                continue  # from the first record on, another timeline is a database in order
            for end in range(first + 1, case.last + 1):
                if (first + end) % shares == share:
                    for mark in (1, 0):
                        case.judge(tally, name, "splice", first * 1000 + end, mark)


def proofs(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Damage each record of a file, and leave of the others one that proves it had been synced."""
    for base in (0, 250, 65_530):
        case = Case(kernel, "proofs", "rename", far_apart(base))
        history = case.trials.history
        for damaged in range(case.last - 1):
            for proof in range(damaged + 1, case.last):
                if (damaged + proof) % shares != share:
                    continue
                if history[damaged + 1].unit == history[proof + 1].unit:
                    continue  # synced together: the later one proves nothing about the earlier
                for room in (0, 1, 4096):
                    name = f"from version {base}"
                    case.judge(tally, name, "proof", damaged * 1000 + proof, room)


def far_apart(base: int) -> list[Step]:
    """Return the steps of a file whose records are of very different lengths."""
    steps: list[Step] = [("born", base)] if base else []
    steps += [("open", "rwc", None)]
    for number in range(12):
        value = POOL[number : number + (70_000 if number % 5 == 2 else 30 + number)]
        steps += [("tx", [("set", b"%d" % number, value)], "commit")]
        if number % 3 == 0:  # its header check ends in a zero byte, as what follows it may
            steps += [("tx", [("set", b"z", ("zero", number, 1))], "commit")]
    pairs = [[("set", b"%d" % number, b"in a group")] for number in range(3)]
    return [*steps, ("group", pairs, "leave"), *commits_of(range(4)), ("kill", 0)]
