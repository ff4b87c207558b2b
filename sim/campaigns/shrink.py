"""Makes a failing plan small: the same clause must still break, with less to read.

Steps are dropped, in large pieces first; then ops inside transactions, and faults; then values
become short and the file system plain. A candidate is kept if and only if it breaks the same
clause. Absent on purpose: cleverness about which step matters; running is cheap.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import libredb
from sim.judge.runner import run
from sim.plans.plan import Plan, Step


def shrink(
    plan: Plan, *, kernel: Any = libredb, progress: Callable[[Plan], None] | None = None
) -> Plan:
    """Return the smallest plan found that breaks the clause that `plan` breaks.

    Raises:
        ValueError: `plan` breaks nothing.
    """
    clause = broken_clause(plan, kernel)
    if clause is None:
        raise ValueError("this plan breaks no clause")
    smaller: Plan | None = plan
    while smaller is not None:
        plan = smaller
        if progress is not None:
            progress(plan)
        smaller = next((c for c in _candidates(plan) if broken_clause(c, kernel) == clause), None)
    return plan


def broken_clause(plan: Plan, kernel: Any = libredb) -> str | None:
    """Return the clause that a run of `plan` breaks, or None."""
    violation = run(plan, kernel=kernel).violation
    return violation.clause if violation is not None else None


def _candidates(plan: Plan) -> Iterator[Plan]:
    steps = plan.steps
    size = len(steps)
    while size:
        for start in range(0, len(steps), size):
            if size < len(steps):
                yield _with(plan, steps[:start] + steps[start + size :])
        size //= 2
    for index, step in enumerate(steps):
        for smaller in _smaller_steps(step):
            yield _with(plan, [*steps[:index], smaller, *steps[index + 1 :]])
    yield from _plainer(plan)


def _plainer(plan: Plan) -> Iterator[Plan]:
    """Yield the plan in a plainer world."""
    if plan.reserve:
        yield replace(plan, reserve=0)
    if plan.cache_bytes != 0:
        yield replace(plan, cache_bytes=0)
    if plan.block_bytes:
        yield replace(plan, block_bytes=0)


def _with(plan: Plan, steps: list[Step]) -> Plan:
    return replace(plan, steps=steps, about="")


def _smaller_steps(step: Step) -> Iterator[Step]:
    if step[0] == "tx":
        for ops in _smaller_ops(list(step[1])):
            yield ("tx", ops, step[2])
    elif step[0] == "group":
        transactions = list(step[1])
        for index in range(len(transactions)):
            yield ("group", transactions[:index] + transactions[index + 1 :], *step[2:])
            for ops in _smaller_ops(list(transactions[index])):
                yield ("group", [*transactions[:index], ops, *transactions[index + 1 :]], *step[2:])
    elif step[0] == "open" and step[2] is not None:
        yield ("open", step[1], None)
    elif step[0] == "fault" and step[4] not in (0, 1000):
        yield (*step[:4], 0)
        yield (*step[:4], 1000)


def _smaller_ops(ops: list[Any]) -> Iterator[list[Any]]:
    for index, op in enumerate(ops):
        if len(ops) > 1:
            yield ops[:index] + ops[index + 1 :]
        if op[0] == "set" and (type(op[2]) is not bytes or len(op[2]) > 2):
            value = op[2][: len(op[2]) // 2] if type(op[2]) is bytes else b"log"
            yield [*ops[:index], ("set", op[1], value), *ops[index + 1 :]]
        if op[0] == "set" and len(op[1]) > 1:
            yield [*ops[:index], ("set", op[1][:1], op[2]), *ops[index + 1 :]]
