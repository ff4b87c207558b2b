"""Work with lenses: the lives and troubles of any profile, with documents, a kv, and tables.

`with_lenses` takes the steps that any profile has drawn, and lets calls of lenses stand where keys
were set. So every storage fault meets lenses, and no profile had to be drawn anew: one has lenses
in all of its plans, and each of the others in some, see `Profile.plan`. A call is an op,

    ("lens", name, number, ...)

and what the numbers mean is told where both sides of it are done, in `sim/judge/lens`. They are
small, so that calls meet the same documents and keys again, and often what is refused.
Absent on purpose: calls between transactions; each of these is a transaction with one of them.
"""

from sim.plans import troubles
from sim.plans.plan import Draw, Step
from sim.plans.workload import Op
from sim.world.generator import Generator

OTHER_CALLS: dict[str, tuple[int, ...]] = {
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
    "rename_onto": (5, 5),
    "mistake": (),
    "drop": (3,),
    "undo": (6, 600),
    "keep": (2, 40),
    "lose": (2,),
}
"""Each call of all lenses but tables, and below what its numbers are."""

TABLE_CALLS: dict[str, tuple[int, ...]] = {
    "hire": (5, 200),
    "hire_two": (5, 5, 200),
    "rehire": (5, 200),
    "change": (5, 5, 4),
    "change_all": (3,),
    "share_mail": (3,),
    "fire": (5,),
    "fire_where": (4,),
    "fire_all": (),
    "misfit": (5, 200),
    "order": (5, 3, 40),
    "reorder": (5, 3, 40),
    "remark": (5, 3, 4),
    "cancel": (5, 3),
    "cancel_where": (4,),
    "look": (14,),
    "migrate": (4,),
    "migrate_badly": (),
    "open_old": (),
    "declare": (2,),
    "undeclare": (2,),
    "drop_kept": (2,),
    "mistake_table": (),
    "undo_rows": (5, 200),
    "rename_table": (2,),
    "drop_table": (2,),
}
"""The same of tables."""
CALLS = {**OTHER_CALLS, **TABLE_CALLS}

_OFTEN = ("put", "put", "put", "add", "insert_two", "update", "update", "update", "create_index")
_OFTEN_OF_TABLES = (
    *("hire", "hire", "hire_two", "rehire", "change", "change", "order", "look"),
    *("migrate", "declare"),
)
_SELDOM = {"clear": "put", "drop": "put", "fire_all": "hire", "drop_table": "hire"}
"""What mostly stands for a call that leaves little to work with."""
_CALLS = (*OTHER_CALLS, *OTHER_CALLS, *_OFTEN, *_OFTEN, *_OFTEN)
_TABLE_CALLS = (*TABLE_CALLS, *_OFTEN_OF_TABLES, *_OFTEN_OF_TABLES)

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
TABLES_SET_UP: tuple[Op, ...] = (
    ("lens", "hire", 1, 32),
    ("lens", "hire", 2, 69),
    ("lens", "order", 1, 1, 21),
)
"""The same, where tables take part."""

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
    """Return the steps with calls of lenses where most keys were set.

    A plan is small, so some are about tables alone, or about everything else: their calls meet.
    """
    tables = generator.pick((0.0, 0.4, 1.0))
    changed = [_with_lenses(generator, step, tables) for step in steps]
    first = [*(SET_UP if tables < 1 else ()), *(TABLES_SET_UP if tables else ())]
    for index, step in enumerate(changed):
        if step[0] == "tx":
            changed[index] = ("tx", [*first, *step[1]], step[2])
            break
    return changed


def _with_lenses(generator: Generator, step: Step, tables: float) -> Step:
    if step[0] == "tx":
        return ("tx", _calls(generator, step[1], tables), step[2])
    if step[0] == "group":
        return ("group", [_calls(generator, ops, tables) for ops in step[1]], *step[2:])
    return step


def _calls(generator: Generator, ops: list[Op], tables: float) -> list[Op]:
    """Return the ops of a transaction, with one or two calls for most keys that are set."""
    calls: list[Op] = []
    for op in ops:
        if op[0] == "set" and generator.chance(0.85):
            calls += [_draw_call(generator, tables) for _ in range(generator.between(1, 2))]
        else:
            calls.append(op)
    return calls


def _draw_call(generator: Generator, tables: float) -> Op:
    """Return one call of a lens, of a table with the chance of `tables`."""
    name = generator.pick(_TABLE_CALLS if generator.chance(tables) else _CALLS)
    if name in _SELDOM and generator.chance(0.7):
        name = _SELDOM[name]
    return ("lens", name, *(generator.below(end) for end in CALLS[name]))
