"""What an application does with a database: keys, values, transactions, groups, windows.

Keys come from a small pool, so that writes meet each other; it holds the empty key, zero bytes,
0xff bytes, and long shared prefixes. Values are mostly small and almost always different from each
other, so that no two states of the database look alike; some have the length of a sector or a
page, some are larger than everything that is written between two syncs, and some contain the log's
own bytes. Absent on purpose: values of real applications; the kernel cannot tell.
"""

from typing import Any

from sim.plans.plan import Step
from sim.world.generator import POOL, Generator

Op = tuple[Any, ...]

_PREFIX = b"shared/" * 20
KEYS: tuple[bytes, ...] = (
    b"",
    b"\0",
    b"\0\0",
    b"\1\0\0\0\0",
    b"\xff",
    b"\xff\xff\xff",
    b"a",
    b"aa",
    b"ab",
    b"b",
    b"key-17",
    b"key-18",
    _PREFIX,
    _PREFIX + b"0",
    _PREFIX + b"\xff",
    POOL[:510],
)
_BOUNDARIES = (0, 1, 29, 475, 476, 486, 487, 488, 511, 512, 513, 1000, 4060, 4072, 4095, 4096, 4097)


def draw_value(generator: Generator) -> Any:
    """Return one value."""
    chance = generator.random()
    start = int(generator.random() * 100_000)
    if chance < 0.86:
        return POOL[start : start + 4 + start % 40]
    if chance < 0.95:
        return POOL[start : start + generator.pick(_BOUNDARIES)]
    if chance < 0.975:
        return bytes(start % 700)
    if chance < 0.998:
        if start % 4 < 2:
            return ("future" if start % 4 else "near", 2 + start % 9, 5)
        return ("log", 8192 + start % 600 * 4, 24 + start % 700)
    return POOL[: 20_000 + start // 2]


def draw_op(generator: Generator) -> Op:
    """Return one op of a transaction."""
    chance = generator.random()
    key = KEYS[int(generator.random() * 16)]
    if chance < 0.62:
        return ("set", key, draw_value(generator))
    if chance < 0.78:
        return ("delete", key)
    if chance < 0.93:
        return ("get", key)
    return ("scan", *draw_range(generator))


def draw_range(generator: Generator) -> tuple[bytes, bytes | None, int, int | None]:
    """Return start, end, whether to go backwards, and a limit."""
    end = None if generator.chance(0.5) else generator.pick(KEYS)
    limit = None if generator.chance(0.7) else generator.below(4)
    return generator.pick(KEYS), end, generator.below(2), limit


def draw_transaction(generator: Generator) -> Step:
    """Return one transaction, most often a small one that commits."""
    chance = generator.random()
    count = 1 if chance < 0.45 else 2 if chance < 0.75 else 3 if chance < 0.9 else 5
    ops = [draw_op(generator) for _ in range(count)]
    chance = generator.random()
    return ("tx", ops, "abort" if chance < 0.05 else "interrupt" if chance < 0.08 else "commit")


def draw_group(generator: Generator, most: int = 5) -> Step:
    """Return a group of small transactions."""
    count = generator.between(1, most)
    return (
        "group",
        [[draw_op(generator) for _ in range(generator.between(1, 2))] for _ in range(count)],
        draw_ending(generator),
    )


def draw_ending(generator: Generator) -> str:
    """Return how a group is left."""
    chance = generator.random()
    return "raise" if chance < 0.08 else "interrupt" if chance < 0.14 else "leave"


def draw_window(generator: Generator) -> tuple[int, int] | None:
    """Return the bounds of a window, or None for a sync at each commit."""
    if generator.chance(0.6):
        return None
    return (generator.pick((2, 3, 5, 9)), generator.pick((1, 200, 1 << 20, 1 << 20)))


def draw_work(generator: Generator, count: int) -> list[Step]:
    """Return the steps of one life between its open and its end."""
    return [_draw_step(generator) for _ in range(count)]


def _draw_step(generator: Generator) -> Step:
    chance = generator.random()
    if chance < 0.7:
        return draw_transaction(generator)
    if chance < 0.79:
        return draw_group(generator)
    if chance < 0.88:
        return ("get", generator.pick(KEYS))
    if chance < 0.92:
        return ("scan", *draw_range(generator))
    rest = ((0.955, "sync"), (0.98, "compact"), (0.99, "read-only"), (0.996, "verify"))
    return (next((name for limit, name in rest if chance < limit), "backup"),)
