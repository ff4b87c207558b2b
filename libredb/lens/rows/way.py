"""What an index can do for a search, and how well it fits.

    equality on leading fields       which of them have keys that are given
    bounds, `$prefix`                what is next has a range
    the order asked for              from which field on it is that of the index

All that counts is which operators there are, of `$in` also how many values, and of `$words` whether
there is one: an operand only becomes a key when it is settled which index is read, see `plan`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from libredb.lens.keys.order_key import MISSING, order_key
from libredb.lens.rows.facts import MAX_POINTS, NOTHING, Asked, Facts, Operands
from libredb.lens.rows.index import Index
from libredb.lens.values.expression import words_of
from libredb.lens.values.json_value import Path, dotted

BOUNDS = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
BOUNDING = frozenset({"$prefix", *BOUNDS})
WEIGHED = frozenset({"$in", "$words"})
"""Operators of which the operand decides whether an index is of use."""

Score = tuple[int, bool, bool, bool, int]
"""How many fields are equal; whether one is in a list; bounds; the order asked for; the age."""

_UNRELATED = "nothing asked for begins with {first}"
_OPEN = "it takes a {operator} on its last field, and equality on all others"
_POINTLESS = "no condition on {first}, and not the order asked for"


@dataclass(frozen=True, slots=True)
class Way:
    """What an index can do for a search.

    Attributes:
        index: Which one it is.
        score: How well it fits.
        fixed: How many leading fields have keys that are given, for each alternative; a single 0
            where that says nothing.
        start: How many leading fields do not matter for the order; None if it has another one.
        pieces: What stands behind those in a key, for a place in the order: the number of a column,
            or the path of a field that has the same value in all rows.
    """

    index: Index
    score: Score
    fixed: tuple[int, ...]
    start: int | None
    pieces: tuple[int | Path, ...]


class Reading(NamedTuple):
    """What an index can do for one alternative: the first `fixed` fields have keys that are given.

    `score` is the beginning of a `Score`.
    """

    score: tuple[int, bool, bool]
    fixed: int


def way_of(index: Index, asked: Asked) -> Way | None:
    """Return what an index can do for a search; None if it is of no use."""
    found = _way_of(index, asked)
    return None if isinstance(found, str) else found


def answers(way: Way, facts: Facts) -> set[tuple[Path, str]]:
    """Return the conditions, as path and operator, that are true of all that this way leads to.

    For order keys are equal if and only if filters say so, and in the order of filters. What an
    index of elements or words, or `$prefix`, is for is left to be tested.
    """
    fields, (fixed,) = way.index.record.fields, way.fixed
    found = {(path, "$eq") for path in fields[: fixed - way.index.is_multiple]}
    following = facts.get(fields[fixed], NOTHING) if fixed < len(fields) else NOTHING
    if "$prefix" not in following:
        found.update((fields[fixed], operator) for operator in BOUNDS if operator in following)
    return found


def reason_against(index: Index, asked: Asked) -> str | None:
    """Return why an index is of no use; None if it could be read."""
    found = _way_of(index, asked)
    if not isinstance(found, str):
        return None
    operator = "$words" if index.record.words else "$contains"
    return found.format(first=dotted(index.record.fields[0]), operator=operator)


def tails_of(index: Index, operands: Operands) -> list[bytes]:
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


def _way_of(index: Index, asked: Asked) -> Way | str:
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
    fixed = tuple([reading.fixed for reading in readings]) if any(worst) else (0,)
    start = None if asked.order is None else _served(index, asked, fixed)
    if not any(worst) and start is None:
        return _POINTLESS
    score = (equal, is_in, is_bounded, start is not None, -index.record.number)
    pieces = () if start is None else _pieces(index, asked, start)
    return Way(index, score, fixed, start, pieces)


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
        if fixed < len(fields) - 1 or not tails_of(index, facts.get(fields[-1], NOTHING)):
            return None
        equal, fixed = equal + 1, fixed + 1
    is_bounded = fixed < len(fields) and not BOUNDING.isdisjoint(facts.get(fields[fixed], NOTHING))
    return Reading((equal, is_in, is_bounded), fixed)


def _served(index: Index, asked: Asked, fixed: tuple[int, ...]) -> int | None:
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


def _pieces(index: Index, asked: Asked, start: int) -> tuple[int | Path, ...]:
    numbers = dict(asked.columns)
    return tuple([numbers.get(path, path) for path in index.record.fields[start:]])
