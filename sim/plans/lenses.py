"""Work with lenses: the lives and troubles of any profile, with documents, a kv and a catalog.

`with_lenses` takes the steps that any profile has drawn, and lets calls of lenses stand where keys
were set. So every storage fault meets lenses, and no profile had to be drawn anew. A call is an op,

    ("lens", name, number, ...)

and what the numbers mean is told where both sides of it are done, in `sim/judge/lens`. They are
small, so that calls meet the same documents and keys again, and often what is refused.
Absent on purpose: calls between transactions; each of these is a transaction with one of them.
"""

from sim.plans import troubles
from sim.plans.plan import Step
from sim.plans.profile import Draw
from sim.plans.workload import Op
from sim.world.generator import Generator

CALLS: dict[str, tuple[int, ...]] = {
    "put": (6, 600),
    "put_if": (6, 600, 3),
    "insert": (6, 600),
    "insert_two": (6, 6, 600),
    "add": (600,),
    "update": (6, 7, 3),
    "update_all": (6,),
    "give_mail": (3,),
    "upsert": (3,),
    "delete": (6,),
    "delete_tagged": (3,),
    "clear": (),
    "create_index": (3,),
    "drop_index": (3,),
    "set": (3, 40, 6),
    "set_two": (3, 3, 40),
    "set_if": (3, 40, 3),
    "set_old": (3, 40),
    "incr": (3, 9),
    "forget": (3,),
    "forget_range": (3, 4),
    "purge": (),
    "begin_task": (600,),
    "end_task": (8,),
    "rename": (3,),
    "rename_onto": (3, 3),
    "mistake": (),
    "drop": (3,),
    "undo": (6, 600),
    "keep": (2, 40),
    "lose": (2,),
}
"""Each call, and below what its numbers are."""

_OFTEN = ("put", "put", "put", "add", "insert_two", "update", "update", "update", "create_index")
_SELDOM = ("clear", "drop")
_CALLS = (*CALLS, *CALLS, *_OFTEN, *_OFTEN, *_OFTEN)

SET_UP: tuple[Op, ...] = (
    ("lens", "create_index", 0),
    ("lens", "create_index", 1),
    ("lens", "create_index", 2),
    ("lens", "set", 0, 1, 12),
    ("lens", "set", 1, 1, 1),
    ("lens", "purge"),
)
"""What the first transaction begins with: there is little to break without indexes and deadlines.

The second setting expires just when it is purged, a call later.
"""

DRAWS: tuple[Draw, ...] = (
    *(troubles.mixed, troubles.mixed, troubles.tear, troubles.tear, troubles.sectors),
    *(troubles.sectors, troubles.groups, troubles.groups),
    *(troubles.sync_errors, troubles.write_errors, troubles.same_boot, troubles.lies),
    *(troubles.recovery, troubles.compaction, troubles.adapter_lies, troubles.inside),
    *(troubles.no_sync, troubles.readers, troubles.short_reads, troubles.cold_blocks),
)


def lenses(generator: Generator) -> list[Step]:
    """Work with lenses, and any of the storage faults."""
    return with_lenses(generator, generator.pick(DRAWS)(generator))


def with_lenses(generator: Generator, steps: list[Step]) -> list[Step]:
    """Return the steps with calls of lenses where most keys were set."""
    changed = [_with_lenses(generator, step) for step in steps]
    for index, step in enumerate(changed):
        if step[0] == "tx":
            changed[index] = ("tx", [*SET_UP, *step[1]], step[2])
            break
    return changed


def _with_lenses(generator: Generator, step: Step) -> Step:
    if step[0] == "tx":
        return ("tx", _calls(generator, step[1]), step[2])
    if step[0] == "group":
        return ("group", [_calls(generator, ops) for ops in step[1]], *step[2:])
    return step


def _calls(generator: Generator, ops: list[Op]) -> list[Op]:
    """Return the ops of a transaction, with one or two calls for most keys that are set."""
    calls: list[Op] = []
    for op in ops:
        if op[0] == "set" and generator.chance(0.85):
            calls += [draw_call(generator) for _ in range(generator.between(1, 2))]
        else:
            calls.append(op)
    return calls


def draw_call(generator: Generator) -> Op:
    """Return one call of a lens."""
    name = generator.pick(_CALLS)
    if name in _SELDOM and generator.chance(0.7):
        name = "put"
    return ("lens", name, *(generator.below(end) for end in CALLS[name]))
