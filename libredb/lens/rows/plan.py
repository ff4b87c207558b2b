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
from functools import lru_cache
from typing import NamedTuple

from libredb.lens.keys.encoding import Part, Range, pack, prefix_range
from libredb.lens.keys.order_key import MISSING, order_key
from libredb.lens.keys.subspace import Subspace
from libredb.lens.rows.facts import MAX_POINTS, NO_FACTS, NOTHING, Asked, Facts, Operands, asked_of
from libredb.lens.rows.index import Index
from libredb.lens.rows.order import Order
from libredb.lens.rows.row import ROWS, Form
from libredb.lens.values.expression import And, Condition, Expression, words_of
from libredb.lens.values.json_value import Json, Path, dotted

_BOUNDS = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
_BOUNDING = frozenset({"$prefix", *_BOUNDS})

_UNRELATED = "nothing asked for begins with {first}"
_OPEN = "it takes a {operator} on its last field, and equality on all others"
_POINTLESS = "no condition on {first}, and not the order asked for"

_WEIGHED = frozenset({"$in", "$words"})
"""Of these the operand decides whether an index is of use; of others it is enough to be there."""

Shape = tuple[tuple[Path, str], ...]
"""Conditions that all have to be true, without their operands."""

Score = tuple[int, bool, bool, bool, int]
"""How many fields are equal; whether one is in a list; bounds; the order asked for; the age."""


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
        known: How many bytes at the start of all keys of an index are the same, and how many fields
            begin behind them.
        is_ordered: Whether this reads rows in the order asked for; if not, they are to be sorted.
        is_whole: Whether all rows are read.
        reverse: Whether it reads backwards.
    """

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


class Reading(NamedTuple):
    """What an index can do for one alternative: the first `fixed` fields have keys that are given.

    `score` is the beginning of a `Score`.
    """

    score: tuple[int, bool, bool]
    fixed: int


@dataclass(slots=True)
class Way:
    """What an index can do for a search: the `fixed` of each alternative, or one for them all.

    `start` is how many leading fields do not matter for the order; None if it has another one.
    """

    index: Index
    score: Score
    fixed: list[int]
    start: int | None


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
    asked = asked_of(expression, order)
    ids = _ids(asked.alternatives, form)
    if ids is not None:
        reverse = order is not None and order.descending
        return Plan(ids=ids, is_ordered=order is None or not asked.columns, reverse=reverse)
    shape = _shape_of(expression, form)
    is_usual = shape is not None
    best = _best_for(shape, order, indexes, form) if is_usual else _best(asked, indexes, form)
    return _rows(asked, keys.sub(ROWS), form) if best is None else _entries(best, asked)


def rejected(
    expression: Expression, order: Order | None, indexes: Iterable[Index], chosen: Plan
) -> tuple[tuple[str, str], ...]:
    """Return the indexes by name that a plan for the same search does not read, and why not."""
    asked = asked_of(expression, order)
    others = [index for index in indexes if index is not chosen.index]
    if chosen.ids is not None:
        return tuple((index.name, "the ids are given") for index in others)
    winner = chosen.index.name if chosen.index else "a range of ids"
    ways = [(index, _way(index, asked)) for index in others]
    return tuple(
        (index.name, f"{winner} fits better" if type(way) is Way else _reason(index, str(way)))
        for index, way in ways
    )


def _shape_of(expression: Expression, form: Form) -> Shape | None:
    """Return the shape of a condition; None if the best index depends on more than that."""
    parts = expression.parts if type(expression) is And else (expression,)
    shape: list[tuple[Path, str]] = []
    for part in parts:
        if type(part) is not Condition or part.operator in _WEIGHED or part.path in form.key:
            return None
        shape.append((part.path, part.operator))
    return tuple(shape)


@lru_cache(maxsize=256)
def _best_for(
    shape: Shape, order: Order | None, indexes: tuple[Index, ...], form: Form
) -> Way | None:
    """Return what `_best` returns for any search of this shape: it does not look at operands.

    An index is another object when the record of its namespace has changed, so that nothing is
    found here that was worked out for another record.
    """
    facts: Facts = {}
    for path, operator in shape:
        facts.setdefault(path, {})[operator] = None
    return _best(Asked([facts], facts, order), indexes, form)


def _best(asked: Asked, indexes: Iterable[Index], form: Form) -> Way | None:
    """Return the index that fits best, None if that is a range of rows."""
    best, best_score = None, _score_of_rows(asked, form)
    for index in indexes:
        way = _way(index, asked)
        if type(way) is Way and way.score > best_score:
            best, best_score = way, way.score
    return best


def _reason(index: Index, why: str) -> str:
    operator = "$words" if index.record.words else "$contains"
    return why.format(first=dotted(index.record.fields[0]), operator=operator)


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


def _rows(asked: Asked, rows: Subspace, form: Form) -> Plan:
    """Return how to read rows in the order of their ids."""
    parts = _leading_parts(asked, form)
    bounds = _bounding_parts(asked, form, len(parts))
    if "$prefix" in bounds:
        where = prefix_range(rows.key(*parts, bounds["$prefix"])[:-1])  # the last byte ends a text
    elif bounds:
        where = rows.range(*parts, **{_BOUNDS[name]: bounds[name] for name in bounds})
    else:
        where = prefix_range(rows.key(*parts))
    is_served = asked.order is None or _follows_ids(asked, form)
    return Plan(
        ranges=(where,),
        bases=(rows.prefix,),
        is_ordered=is_served,
        is_whole=not parts and not bounds,
        reverse=asked.order is not None and is_served and asked.order.descending,
    )


def _leading_parts(asked: Asked, form: Form) -> list[Part]:
    """Return the leading parts of the id that are given. One is not: else no range is read."""
    parts: list[Part] = []
    for field, path in enumerate(form.key):
        operands = asked.fact(path)
        if "$eq" not in operands:
            break
        parts.append(form.part_of(field, operands["$eq"]))
    return parts


def _bounding_parts(asked: Asked, form: Form, field: int) -> dict[str, Part]:
    """Return the bounds of a part of the id by operator, those that are of use."""
    operands = asked.fact(form.key[field])
    if not operands:
        return {}
    found = {name: form.part_of(field, operands[name]) for name in _BOUNDING if name in operands}
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


def _way(index: Index, asked: Asked) -> Way | str:
    """Return what an index can do, or why it is of no use."""
    if not asked.is_about(index):
        return _UNRELATED
    readings: list[Reading] = []
    for facts in asked.alternatives:
        reading = _reading(index, facts)
        if reading is None:
            return _OPEN
        readings.append(reading)
    equal, is_in, is_bounded = worst = min(readings).score
    fixed = [reading.fixed for reading in readings] if any(worst) else [0]
    start = None if asked.order is None else _served(index, asked, fixed)
    if not any(worst) and start is None:
        return _POINTLESS
    score = (equal, is_in, is_bounded, start is not None, -index.record.number)
    return Way(index, score, fixed, start)


def _reading(index: Index, facts: Facts) -> Reading | None:
    """Return what an index can do for an alternative; None if it must not be read for it."""
    fields = index.record.fields
    equal, fixed, is_in = 0, 0, False
    for path in fields[: len(fields) - index.is_multiple]:
        operands = facts.get(path, NOTHING)
        if "$eq" in operands:
            equal += 1
        elif not is_in and "$in" in operands and len(operands["$in"]) <= MAX_POINTS:
            is_in = True
        else:
            break
        fixed += 1
    if index.is_multiple:
        if fixed < len(fields) - 1 or not _tails(index, facts.get(fields[-1], NOTHING)):
            return None
        equal, fixed = equal + 1, fixed + 1
    is_bounded = fixed < len(fields) and not _BOUNDING.isdisjoint(facts.get(fields[fixed], NOTHING))
    return Reading((equal, is_in, is_bounded), fixed)


def _served(index: Index, asked: Asked, fixed: list[int]) -> int | None:
    """Return how many leading fields do not matter where an index has the order asked for.

    It has none if that is None. Up to there ranges are merged by what follows.
    """
    if not asked.has_one_direction:
        return None
    fields, wanted = index.record.fields, [path for path, _ in asked.columns]
    constants = asked.constants
    for start in (*(fixed if len(fixed) == 1 else ()), *(() if index.is_multiple else (0,))):
        free = [path for path in fields[start:] if "$eq" not in constants.get(path, NOTHING)]
        if free == wanted:
            return start
    return None


def _entries(way: Way, asked: Asked) -> Plan:
    """Return how to read an index."""
    index, start, fixed = way.index, way.start, way.fixed
    prefix, count = index.prefix, len(index.record.fields)
    order = asked.order
    alternatives = asked.alternatives if any(way.score[:3]) else [NO_FACTS]
    heads = _heads(index, alternatives[0], fixed[0])
    ranges = [_range(index, head, alternatives[0], fixed[0]) for head in heads]
    known = len(prefix), count
    bases = [prefix] * len(ranges) if not start else [prefix + head for head in heads]
    if len(alternatives) > 1:
        ranges += [
            _range(index, head, facts, given)
            for facts, given in zip(alternatives[1:], fixed[1:], strict=True)
            for head in _heads(index, facts, given)
        ]
        ranges = _union(ranges)
        bases = [prefix] * len(ranges)
    elif len(heads) == 1:
        known = len(prefix) + len(heads[0]), count - fixed[0]
    return Plan(
        index=index,
        ranges=tuple(ranges),
        bases=tuple(bases),
        pieces=() if start is None or start == count else _pieces(index, asked, start),
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
            keys = _tails(index, operands)
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
    bounds = {_BOUNDS[name]: order_key(operands[name]) for name in _BOUNDS if name in operands}
    return index.keys.between(head, **bounds)


def _tails(index: Index, operands: Operands) -> list[bytes]:
    """Return the keys under which an index has what `$contains` or `$words` asks for."""
    if index.record.words:
        words = words_of(operands.get("$words", ""))
        # Of several words, the longest is likely to be in the fewest texts.
        return [order_key(max(words, key=lambda word: (len(word), word)))] if words else []
    if "$contains" not in operands:
        return []
    wanted = operands["$contains"]
    # A text can be a part of a text as well, and texts have the key of missing.
    return [order_key(MISSING), order_key(wanted)] if type(wanted) is str else [order_key(wanted)]


def _pieces(index: Index, asked: Asked, start: int) -> tuple[int | bytes, ...]:
    """Return what the keys behind the first `start` fields have for a place in the order."""
    numbers = dict(asked.columns)
    return tuple(
        [
            numbers[path] if path in numbers else order_key(asked.fact(path)["$eq"])
            for path in index.record.fields[start:]
        ]
    )


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
