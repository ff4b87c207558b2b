"""Which keys a search reads: rows by their ids, a range of rows, or ranges of one index.

    an id given      those rows, whatever indexes there are
    an index         equality on its leading fields; on the next one `$in` of up to 100 values; on
                     the one after that bounds, or `$prefix`
    each, words      equality on all fields but the last, and there `$contains` or `$words`
    all rows         what is left, in the order of their ids

Of several the longest equality wins, then `$in`, then bounds, then the order asked for, then the
oldest. Alternatives, an `$or`, are each planned by the same index, and read as one. A plan only
says where the answer must be: the whole condition is checked on each row that was read, so that a
plan can be slow and never wrong. Absent on purpose: statistics; two indexes for one search.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, NamedTuple

from libredb.lens.keys.encoding import Part, Range, pack, prefix_range
from libredb.lens.keys.order_key import MISSING, order_key
from libredb.lens.keys.subspace import Subspace
from libredb.lens.rows.facts import MAX_POINTS, NOTHING, Asked, Facts, asked_of
from libredb.lens.rows.index import Index
from libredb.lens.rows.order import Order
from libredb.lens.rows.row import ROWS, Form
from libredb.lens.values.expression import Expression, words_of
from libredb.lens.values.json_value import Json, dotted

_BOUNDS = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
_BOUNDING = ("$prefix", *_BOUNDS)


@dataclass(slots=True)
class Plan:
    """What is read.

    Attributes:
        index: The index whose ranges they are; without one they are ranges of rows.
        ids: The packed ids of the rows to get instead, ascending; None if there are ranges.
        ranges: What is scanned.
        bases: For each range what its keys begin with before what orders them. Where they differ,
            the ranges are merged.
        pieces: What stands in a key between its base and its packed id, for a place in the order:
            the number of a column, or an order key that all have.
        is_ordered: Whether this reads rows in the order asked for; if not, they are to be sorted.
        is_whole: Whether all rows are read.
        reverse: Whether it reads backwards.
        rejected: Other indexes by name, and why they are not read.
    """

    index: Index | None = None
    ids: tuple[bytes, ...] | None = None
    ranges: tuple[Range, ...] = ()
    bases: tuple[bytes, ...] = ()
    pieces: tuple[int | bytes, ...] = ()
    is_ordered: bool = True
    is_whole: bool = False
    reverse: bool = False
    rejected: tuple[tuple[str, str], ...] = ()

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


class Reading(NamedTuple):
    """What an index can do for one alternative: the first `fixed` fields have the keys in `heads`.

    `score` is how many fields are equal, whether one is in a list, and whether one has bounds.
    """

    score: tuple[int, bool, bool]
    fixed: int
    heads: list[bytes]
    ranges: list[Range]


def plan(
    expression: Expression,
    order: Order | None,
    indexes: Iterable[Index],
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
    asked = asked_of(expression, order)
    ids = _ids(asked.alternatives, form)
    reverse = order is not None and order.descending
    if ids is not None:
        is_ordered = order is None or not asked.columns
        rejected = tuple((index.name, "the ids are given") for index in indexes)
        return Plan(ids=ids, is_ordered=is_ordered, reverse=reverse, rejected=rejected)
    best, best_score = _rows(asked, keys.sub(ROWS), form)
    ways: list[tuple[str, tuple[Any, ...] | str]] = []
    for index in indexes:
        found = _way(index, asked)
        ways.append((index.name, found if isinstance(found, str) else found[1]))
        if not isinstance(found, str) and found[1] > best_score:
            best, best_score = found
    winner = best.index.name if best.index else "a range of ids"
    best.rejected = tuple(
        (name, found if isinstance(found, str) else f"{winner} fits better")
        for name, found in ways
        if best.index is None or name != best.index.name
    )
    return best


def _ids(alternatives: list[Facts], form: Form) -> tuple[bytes, ...] | None:
    """Return the ids that a condition gives, none of them twice; None if it leaves them open."""
    found: set[bytes] = set()
    for facts in alternatives:
        given = [_given(facts.get(path, {}), len(form.key)) for path in form.key]
        if not all(values is not None for values in given):
            return None
        width = max(len(values or ()) for values in given)
        for number in range(width):
            parts = [
                form.part_of(field, values[number])
                for field, values in enumerate(given)
                if values is not None
            ]
            if None not in parts:
                found.add(pack(tuple(parts)))
    return tuple(sorted(found))


def _given(operands: dict[str, list[Json]], width: int) -> list[Json] | None:
    """Return the only values that a field of the id can have; of a longer id, one value."""
    if "$eq" in operands:
        return operands["$eq"][:1]
    return operands["$in"][0] if width == 1 and "$in" in operands else None


# Ranges of rows


def _rows(asked: Asked, rows: Subspace, form: Form) -> tuple[Plan, tuple[Any, ...]]:
    """Return how to read rows in the order of their ids, and the score of that."""
    leading = takewhile(lambda each: "$eq" in asked.fact(each[1]), enumerate(form.key))
    parts = [_part(form, field, asked.fact(path), "$eq") for field, path in leading]
    where, is_bounded = _part_range(rows, parts, asked, form)
    is_served = asked.order is None or _follows_ids(asked, form)
    best = Plan(
        ranges=(where,),
        bases=(rows.prefix,),
        is_ordered=is_served,
        is_whole=not parts and not is_bounded,
        reverse=asked.order is not None and is_served and asked.order.descending,
    )
    return best, (len(parts), False, is_bounded, is_served and bool(asked.order), 0)


def _part_range(
    rows: Subspace, parts: Sequence[Part], asked: Asked, form: Form
) -> tuple[Range, bool]:
    """Return the range of ids that begin with these parts, and whether the next one has bounds.

    There is a next one, for an id of which all parts are given is not looked for in a range.
    """
    field = len(parts)
    operands = asked.fact(form.key[field])
    if not operands:
        return prefix_range(rows.key(*parts)) if parts else prefix_range(rows.prefix), False
    prefix = _part(form, field, operands, "$prefix")
    if type(prefix) is str:
        return prefix_range(rows.key(*parts, prefix)[:-1]), True  # the last byte ends a text
    bounds = {_BOUNDS[name]: _part(form, field, operands, name) for name in _BOUNDS}
    return rows.range(*parts, **bounds), any(part is not None for part in bounds.values())


def _part(form: Form, field: int, operands: dict[str, list[Json]], name: str) -> "Part | None":
    return form.part_of(field, operands[name][0]) if name in operands else None


def _follows_ids(asked: Asked, form: Form) -> bool:
    """Whether rows in the order of their ids are in the order asked for."""
    paths = [path for path, _ in asked.columns]
    free = [path for path in form.key if "$eq" not in asked.fact(path)]
    return asked.has_one_direction and paths == free[: len(paths)]


# Ranges of an index


def _way(index: Index, asked: Asked) -> tuple[Plan, tuple[Any, ...]] | str:
    """Return how to read an index, and the score of that, or why it is of no use."""
    first = index.record.fields[0]
    if not asked.is_about(index):
        return f"nothing asked for begins with {dotted(first)}"
    readings = [_reading(index, facts) for facts in asked.alternatives]
    found = [reading for reading in readings if reading is not None]
    if len(found) < len(readings):
        name = "$words" if index.record.words else "$contains"
        return f"it takes a {name} on its last field, and equality on all others"
    worst = min(reading.score for reading in found)
    if not any(worst):
        found = [Reading(worst, 0, [b""], [index.keys.equal(b"")])]
    served = None if asked.order is None else _served(index, asked, found)
    if not any(worst) and served is None:
        return f"no condition on {dotted(first)}, and not the order asked for"
    ranges = [(where, head) for each in found for where, head in _heads(each)]
    if len(found) > 1:
        ranges = [(where, b"") for where in _union([where for where, _ in ranges])]
    is_merged = served is not None and served[0] > 0
    best = Plan(
        index=index,
        ranges=tuple(where for where, _ in ranges),
        bases=tuple(index.prefix + (head if is_merged else b"") for _, head in ranges),
        pieces=served[1] if served else (),
        is_ordered=asked.order is None or served is not None,
        reverse=served is not None and asked.order is not None and asked.order.descending,
    )
    return best, (*worst, served is not None, -index.record.number)


def _reading(index: Index, facts: Facts) -> Reading | None:
    """Return what an index can do for an alternative; None if it must not be read for it."""
    fields = index.record.fields
    heads, equal, fixed, is_in = [b""], 0, 0, False
    for path in fields[: len(fields) - index.is_multiple]:
        operands = facts.get(path, {})
        if "$eq" in operands:
            keys = [order_key(operands["$eq"][0])]
            equal += 1
        elif not is_in and "$in" in operands and len(operands["$in"][0]) <= MAX_POINTS:
            keys = sorted({order_key(value) for value in operands["$in"][0]})
            is_in = True
        else:
            break
        heads = [head + key for head in heads for key in keys]
        fixed += 1
    if index.is_multiple:
        tails = _tails(index, facts.get(fields[-1], {})) if fixed == len(fields) - 1 else []
        heads = [head + tail for head in heads for tail in tails]
        equal, fixed = equal + 1, fixed + 1
        if not tails:
            return None
    operands = facts.get(fields[fixed], NOTHING) if fixed < len(fields) else NOTHING
    ranges = [_bounded(index, head, operands) for head in heads]
    is_bounded = any(name in operands for name in _BOUNDING)
    return Reading((equal, is_in, is_bounded), fixed, heads, ranges)


def _tails(index: Index, operands: dict[str, list[Json]]) -> list[bytes]:
    """Return the keys under which an index has what `$contains` or `$words` asks for."""
    if index.record.words:
        words = words_of(" ".join(operands.get("$words", ())))
        # Of several words, the longest is likely to be in the fewest texts.
        return [order_key(max(words, key=lambda word: (len(word), word)))] if words else []
    if "$contains" not in operands:
        return []
    wanted = operands["$contains"][0]
    # A text can be a part of a text as well, and texts have the key of missing.
    return [order_key(MISSING), order_key(wanted)] if type(wanted) is str else [order_key(wanted)]


def _bounded(index: Index, head: bytes, operands: dict[str, list[Json]]) -> Range:
    """Return the range of the entries with these leading keys whose next field fits."""
    if "$prefix" in operands:
        return index.keys.beginning(head, operands["$prefix"][0])
    if not operands:
        return index.keys.equal(head)
    bounds = {_BOUNDS[name]: order_key(operands[name][0]) for name in _BOUNDS if name in operands}
    return index.keys.between(head, **bounds)


def _served(
    index: Index, asked: Asked, readings: list[Reading]
) -> tuple[int, tuple[int | bytes, ...]] | None:
    """Return how ranges of an index are in the order asked for, None if they are not.

    That is how many leading fields do not matter, because the ranges are merged by what follows,
    and the pieces that follow them.
    """
    if not asked.has_one_direction:
        return None
    fields, columns = index.record.fields, asked.columns
    starts = [readings[0].fixed] if len(readings) == 1 else []
    for start in [*starts, *([] if index.is_multiple else [0])]:
        free = [path for path in fields[start:] if "$eq" not in asked.fact(path)]
        if free == [path for path, _ in columns]:
            numbers = dict(columns)
            pieces = [
                numbers[path] if path in numbers else order_key(asked.fact(path)["$eq"][0])
                for path in fields[start:]
            ]
            return start, tuple(pieces)
    return None


def _heads(reading: Reading) -> list[tuple[Range, bytes]]:
    return list(zip(reading.ranges, reading.heads, strict=True))


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
