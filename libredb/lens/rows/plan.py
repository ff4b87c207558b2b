"""Which keys a search reads: rows by their ids, a range of rows, or ranges of one index.

    an id given      those rows, whatever indexes there are
    an index         equality on its leading fields; on the next one `$in` of up to 100 values; on
                     the one after that bounds, or `$prefix`
    each, words      equality on all fields but the last, and there `$contains` or `$words`
    all rows         what is left, in the order of their ids

Of several the longest equality wins, then `$in`, then bounds, then the order asked for, then the
oldest. Alternatives, an `$or`, are each planned by the same index, and read as one. A plan only
says where the answer must be, and what is left to be tested of each row that is read there: all of
the condition, but for equality and bounds that one range answers. Absent on purpose: statistics;
two indexes for one search.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from libredb.lens.keys.encoding import Part, Range, pack, prefix_range
from libredb.lens.keys.order_key import order_key
from libredb.lens.keys.subspace import Subspace
from libredb.lens.rows.facts import NO_FACTS, NOTHING, Asked, Facts, Operands, asked_of, facts_of
from libredb.lens.rows.index import Index
from libredb.lens.rows.order import Order
from libredb.lens.rows.row import ROWS, Form
from libredb.lens.rows.way import (
    BOUNDING,
    BOUNDS,
    WEIGHED,
    Score,
    Way,
    answers,
    reason_against,
    tails_of,
    way_of,
)
from libredb.lens.values.expression import EVERYTHING, And, Condition, Expression, all_of
from libredb.lens.values.json_value import Json, Path

Shape = tuple[tuple[Path, str], ...]
"""Conditions without their operands."""


@dataclass(slots=True)
class Plan:
    """What is read.

    Attributes:
        left: What has to be tested of each row; all of the condition, or what ranges leave open.
        index: The index whose ranges they are; without one they are ranges of rows.
        ids: The packed ids of the rows to get instead, ascending; None if there are ranges.
        ranges: What is scanned.
        bases: For each range what its keys begin with before what orders them. Where they differ,
            the ranges are merged.
        pieces: What stands in a key between its base and its packed id, for a place in the order:
            the number of a column, or an order key that all have.
        known: How many bytes at the start of all keys of an index are the same, and how many fields
            begin behind them.
        is_ordered: Whether this reads rows in the order asked for; if not, they are to be sorted.
        is_whole: Whether all rows are read.
        reverse: Whether it reads backwards.
    """

    left: Expression
    index: Index | None = None
    ids: tuple[bytes, ...] | None = None
    ranges: tuple[Range, ...] = ()
    bases: tuple[bytes, ...] = ()
    pieces: tuple[int | bytes, ...] = ()
    known: tuple[int, int] = (0, 0)
    is_ordered: bool = True
    is_whole: bool = False
    reverse: bool = False

    def after(self, keys: Sequence[bytes], packed: bytes) -> "Plan":
        """Return what is left of an ordered plan strictly behind a place."""
        if self.ids is not None:
            left = [each for each in self.ids if (each < packed if self.reverse else each > packed)]
            return replace(self, ids=tuple(left))
        place = [piece if type(piece) is bytes else keys[int(piece)] for piece in self.pieces]
        tail = b"".join(place) + packed
        ranges = [
            _cut(each, base + tail, self.reverse)
            for each, base in zip(self.ranges, self.bases, strict=True)
        ]
        return replace(self, ranges=tuple(ranges))


class Usual(NamedTuple):
    """How searches of one shape read an index, and the numbers of the conditions to be tested."""

    way: Way
    left: tuple[int, ...]


def plan(
    expression: Expression,
    order: Order | None,
    indexes: tuple[Index, ...],
    keys: Subspace,
    form: Form,
) -> Plan:
    """Return which keys to read for the rows of which a condition is true.

    Args:
        expression: The condition.
        order: The order they are wanted in; None if it does not matter.
        indexes: The indexes there are.
        keys: The keys of the namespace.
        form: What the lens says of its ids.
    """
    conditions = _shaped(expression, form)
    shape = tuple([(condition.path, condition.operator) for condition in conditions])
    usual = _usual(shape, order, indexes, form) if shape else None
    if usual is not None:
        left = [conditions[number] for number in usual.left]
        facts = [facts_of(conditions)]
        return _entries(usual.way, facts, order, all_of(left) if left else EVERYTHING)
    asked = asked_of(expression, order)
    ids = _ids(asked.alternatives, form)
    if ids is not None:
        is_ordered = order is None or not asked.columns
        reverse = order is not None and order.descending
        return Plan(expression, ids=ids, is_ordered=is_ordered, reverse=reverse)
    way = _best_way(asked, indexes, form)
    if way is None:
        return _rows(asked, keys.sub(ROWS), form, expression)
    return _entries(way, asked.alternatives, order, expression)


def rejected(
    expression: Expression, order: Order | None, indexes: Iterable[Index], chosen: Plan
) -> tuple[tuple[str, str], ...]:
    """Return the indexes by name that a plan for the same search does not read, and why not."""
    asked = asked_of(expression, order)
    others = [index for index in indexes if index is not chosen.index]
    if chosen.ids is not None:
        return tuple((index.name, "the ids are given") for index in others)
    better = f"{chosen.index.name if chosen.index else 'a range of ids'} fits better"
    return tuple((index.name, reason_against(index, asked) or better) for index in others)


def _shaped(expression: Expression, form: Form) -> Sequence[Condition]:
    """Return the conditions that all have to be true, if their shape tells which index is read.

    None of them if it does not: there are alternatives, or something is said of the id, or an
    operand has to be weighed.
    """
    parts = expression.parts if type(expression) is And else (expression,)
    conditions: list[Condition] = []
    for part in parts:
        if type(part) is not Condition or part.operator in WEIGHED or part.path in form.key:
            return ()
        conditions.append(part)
    return conditions


@lru_cache(maxsize=256)
def _usual(
    shape: Shape, order: Order | None, indexes: tuple[Index, ...], form: Form
) -> Usual | None:
    """Return how all searches of this shape read an index, worked out at the first of them.

    None if a range of rows fits better, or the same is said twice of one path. An index is another
    object when the record of its namespace has changed, so that nothing is found here that was
    worked out for another record.
    """
    facts = facts_of([Condition(path, operator, None) for path, operator in shape])
    way = _best_way(Asked([facts], facts, order), indexes, form)
    if way is None or len(set(shape)) < len(shape):
        return None
    answered = answers(way, facts)
    left = [number for number, each in enumerate(shape) if each not in answered]
    return Usual(way, tuple(left))


def _best_way(asked: Asked, indexes: Iterable[Index], form: Form) -> Way | None:
    """Return how to read the index that fits best, None if a range of rows fits better."""
    best, best_score = None, _score_of_rows(asked, form)
    for index in indexes:
        way = way_of(index, asked)
        if way is not None and way.score > best_score:
            best, best_score = way, way.score
    return best


def _ids(alternatives: list[Facts], form: Form) -> tuple[bytes, ...] | None:
    """Return the ids that a condition gives, none of them twice; None if it leaves them open."""
    found: set[bytes] = set()
    for facts in alternatives:
        given: list[list[Json]] = []
        for path in form.key:
            values = _given(facts[path], len(form.key)) if path in facts else None
            if values is None:
                return None
            given.append(values)
        for values in zip(*given, strict=True):
            parts = [form.part_of(field, value) for field, value in enumerate(values)]
            if None not in parts:
                found.add(pack(tuple(parts)))
    return tuple(sorted(found))


def _given(operands: Operands, width: int) -> list[Json] | None:
    """Return the only values that a field of the id can have; of a longer id, one value."""
    if "$eq" in operands:
        return [operands["$eq"]]
    return operands["$in"] if width == 1 and "$in" in operands else None


# Ranges of rows


def _score_of_rows(asked: Asked, form: Form) -> Score:
    """Return how well a range of rows, in the order of their ids, fits."""
    parts = _leading_parts(asked, form)
    is_bounded = bool(_bounding_parts(asked, form, len(parts)))
    is_served = asked.order is not None and _follows_ids(asked, form)
    return len(parts), False, is_bounded, is_served, 0


def _rows(asked: Asked, rows: Subspace, form: Form, left: Expression) -> Plan:
    """Return how to read rows in the order of their ids."""
    parts = _leading_parts(asked, form)
    bounds = _bounding_parts(asked, form, len(parts))
    if "$prefix" in bounds:
        where = prefix_range(rows.key(*parts, bounds["$prefix"])[:-1])  # the last byte ends a text
    elif bounds:
        where = rows.range(*parts, **{BOUNDS[name]: bounds[name] for name in bounds})
    else:
        where = prefix_range(rows.key(*parts))
    is_served = asked.order is None or _follows_ids(asked, form)
    return Plan(
        left,
        ranges=(where,),
        bases=(rows.prefix,),
        is_ordered=is_served,
        is_whole=not parts and not bounds,
        reverse=asked.order is not None and is_served and asked.order.descending,
    )


def _leading_parts(asked: Asked, form: Form) -> list[Part]:
    """Return the leading parts of the id that are given. One is not: else no range is read."""
    given = takewhile(lambda each: "$eq" in asked.fact(each[1]), enumerate(form.key))
    return [form.part_of(field, asked.fact(path)["$eq"]) for field, path in given]


def _bounding_parts(asked: Asked, form: Form, field: int) -> dict[str, Part]:
    """Return the bounds of a part of the id by operator, those that are of use."""
    operands = asked.fact(form.key[field])
    if not operands:
        return {}
    found = {name: form.part_of(field, operands[name]) for name in BOUNDING if name in operands}
    return {
        name: part
        for name, part in found.items()
        if part is not None and (name != "$prefix" or type(part) is str)
    }


def _follows_ids(asked: Asked, form: Form) -> bool:
    """Whether rows in the order of their ids are in the order asked for."""
    paths = [path for path, _ in asked.columns]
    free = [path for path in form.key if "$eq" not in asked.fact(path)]
    return asked.has_one_direction and paths == free[: len(paths)]


# Ranges of an index


def _entries(
    way: Way, alternatives: Sequence[Facts], order: Order | None, left: Expression
) -> Plan:
    """Return how to read an index."""
    index, start, fixed = way.index, way.start, way.fixed
    pieces = [
        piece if isinstance(piece, int) else order_key(alternatives[0][piece]["$eq"])
        for piece in way.pieces
    ]
    if len(fixed) < len(alternatives):
        alternatives = [NO_FACTS]
    heads = [_heads(index, *each) for each in zip(alternatives, fixed, strict=True)]
    ranges = [
        _range(index, head, facts, count)
        for facts, count, some in zip(alternatives, fixed, heads, strict=True)
        for head in some
    ]
    known = len(index.prefix), len(index.record.fields)
    if len(alternatives) > 1:
        ranges = _union(ranges)
    elif len(ranges) == 1:
        known = known[0] + len(heads[0][0]), known[1] - fixed[0]
    is_merged = start is not None and start > 0
    return Plan(
        left,
        index=index,
        ranges=tuple(ranges),
        bases=tuple([index.prefix + head for head in heads[0]])
        if is_merged
        else (index.prefix,) * len(ranges),
        pieces=tuple(pieces),
        known=known,
        is_ordered=order is None or start is not None,
        reverse=start is not None and order is not None and order.descending,
    )


def _heads(index: Index, facts: Facts, fixed: int) -> list[bytes]:
    """Return the keys of the first `fixed` fields, in all combinations."""
    fields, heads = index.record.fields, [b""]
    for path in fields[:fixed]:
        operands = facts.get(path, NOTHING)
        if index.is_multiple and path is fields[-1]:
            keys = tails_of(index, operands)
        elif "$eq" in operands:
            keys = [order_key(operands["$eq"])]
        else:
            keys = sorted({order_key(value) for value in operands["$in"]})
        heads = [head + key for head in heads for key in keys]
    return heads


def _range(index: Index, head: bytes, facts: Facts, fixed: int) -> Range:
    """Return the range of the entries with these leading keys whose next field fits."""
    fields = index.record.fields
    operands = facts.get(fields[fixed]) if fixed < len(fields) else None
    if not operands:
        return index.keys.equal(head)
    if "$prefix" in operands:
        return index.keys.beginning(head, operands["$prefix"])
    bounds = {BOUNDS[name]: order_key(operands[name]) for name in BOUNDS if name in operands}
    return index.keys.between(head, **bounds)


def _union(ranges: list[Range]) -> list[Range]:
    """Return the same keys as ranges that ascend and do not overlap."""
    result: list[Range] = []
    for start, end in sorted(ranges, key=lambda where: where[0]):
        last = result[-1] if result else None
        if last is not None and (last[1] is None or start <= last[1]):
            ends = (last[1], end)
            result[-1] = (last[0], None if None in ends else max(filter(None, ends)))
        else:
            result.append((start, end))
    return result


def _cut(where: Range, key: bytes, reverse: bool) -> Range:  # noqa: FBT001 - it is the plan's
    """Return what is left of a range strictly behind a key."""
    start, end = where
    if reverse:
        return start, max(start, key if end is None else min(end, key))
    start = max(start, key + b"\0")
    return start, end if end is None else max(start, end)
