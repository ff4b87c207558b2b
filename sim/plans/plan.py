"""A plan: everything that a run will do, operations and faults, before any of it is done.

A seed draws a plan; the plan is what is run, saved, replayed and shrunk, so a failure that was
found once outlives every change of the generator. A step is a tuple whose first element says what
it is:

    ("born", version)            a database without entries is there, closed at this version
    ("open", mode, window)       window: None, or (commits, bytes)
    ("tx", ops, ending)          ending: "commit"; or "abort" or "interrupt", by an exception or a
                                 KeyboardInterrupt of the user
    ("group", [ops, ...], ending)    commits inside one `group()`, and how it is left: "leave";
                                 "raise" or "interrupt", by an exception of the user
    ("get", key) ("scan", start, end, reverse, limit) ("sync",) ("compact",) ("close",)
    ("read-only",) ("verify",) ("backup",)
    ("power", fate) ("kill", thousandths of pages lost) ("drop",)
    ("damage", kind, a, b)       what happens to a copy of a file at rest, see damage.py
    ("foreign", kind, seed)      a file that is not ours
    ("deaf",)                    no sync does anything any more
    ("rot", position, last)      a bit of the snapshot flips while the database is open; `last` says
                                 how it ends: "sync" and "close", or only one of them
    ("overtaken", who, count)    a compaction puts another file in place after so many entries of a
                                 scan of the "owner" or of a "reader"
    ("shelve",) ("seed", n)      the file is put aside as another one; storage draws from this seed
    ("fault", call, nth, kind, share)      armed before the next step; several may wait
    ("fault-in", position, kind, share)    at a call of the next step: which one of those where the
                                           kind means something, in thousandths of their count

An op is ("set", key, value), ("delete", key), ("get", key), ("scan", start, end, reverse, limit),
or ("lens", call, number, ...), see lenses.py. A value may be ("log", offset, length): the bytes of
the database's own file at that moment.
JSON keeps bytes as {"hex": ...}. Absent on purpose: loops and conditions.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from sim.world.filesystem import Style
from sim.world.generator import Generator

Step = tuple[Any, ...]
Draw = Callable[[Generator], list[Step]]
"""Returns the steps of a plan."""
SMALL_BLOCK = 128
"""Room for a handful of the entries that a run has."""


@dataclass(slots=True)
class Plan:
    """A run that has not happened yet."""

    profile: str
    seed: int
    style: Style = "rename"
    reserve: int = 0
    steps: list[Step] = field(default_factory=list[Step])
    about: str = ""
    """What the case is, where the plan belongs to an enumeration."""
    cache_bytes: int | None = 0
    """How much of a snapshot its databases keep in memory; None is all of it."""
    block_bytes: int = SMALL_BLOCK
    """How large a block of a snapshot may get; 0 leaves it to the kernel."""

    def count(self) -> int:
        """Return how many operations there are: each step but a fault, and each op inside one."""
        total = 0
        for step in self.steps:
            if step[0] == "tx":
                total += 1 + len(step[1])
            elif step[0] == "group":
                total += 1 + sum(1 + len(ops) for ops in step[1])
            elif step[0] not in ("fault", "fault-in"):
                total += 1
        return total

    def to_json(self) -> str:
        """Return the plan as text that `from_json` reads."""
        return json.dumps(
            {
                "profile": self.profile,
                "seed": self.seed,
                "style": self.style,
                "reserve": self.reserve,
                "cache_bytes": self.cache_bytes,
                "block_bytes": self.block_bytes,
                "about": self.about,
                "steps": [_to_plain(step) for step in self.steps],
            },
            indent=1,
        )


def from_json(text: str) -> Plan:
    """Return the plan that `to_json` wrote."""
    plain = json.loads(text)
    steps = [cast("Step", _from_plain(step)) for step in plain["steps"]]
    fields: dict[str, Any] = {**plain, "steps": steps}
    return Plan(**fields)


def _to_plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple | list):
        return [_to_plain(part) for part in cast("list[Any]", value)]
    return value


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(cast("dict[str, str]", value)["hex"])
    if isinstance(value, list):
        return tuple(_from_plain(part) for part in cast("list[Any]", value))
    return value
