"""Mistakes in what documents hold: what is JSON, what a filter says of it, and what a patch does.

Absent on purpose: which keys a filter reads; the profile of lenses looks at every document beside.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import LENSES

_EXPRESSION = "lens/values/expression.py"
_JSON = "lens/values/json_value.py"
_PATCH = "lens/values/patch.py"
_TESTS = "tests/unit/lens/values"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "true is equal to one",
        _EXPRESSION,
        "value == operand and type(value) is not bool",
        "value == operand",
        f"{_TESTS}/test_expression.py",
    ),
    one(
        "a condition on a range holds of every type",
        _EXPRESSION,
        "            return lambda value: type_of(value) in kinds and compare(value, operand)\n",
        "            return lambda value: type_of(value) in kinds or compare(value, operand)\n",
        f"{_TESTS}/test_expression.py",
    ),
    one(
        "what is missing is null",
        _EXPRESSION,
        "    return lambda value: (value is not MISSING) is operand\n",
        "    return lambda value: (value not in (MISSING, None)) is operand\n",
        LENSES,
    ),
    one(
        "NaN is JSON",
        _JSON,
        '    raise ValueError(f"{name} is no JSON")\n',
        "    return float(name)\n",
        f"{_TESTS}/test_json_value.py",
    ),
    one(
        "objects are ordered by which name was first",
        _JSON,
        "for name in sorted(value)]",
        "for name in value]",
        f"{_TESTS}/test_json_value.py",
    ),
    one(
        "adding to what is no number begins at zero",
        _PATCH,
        "    if type_of(number) not in _NUMBERS:\n"
        '        raise wrong_value(step.path, "a number to add to", old)\n',
        "    if type_of(number) not in _NUMBERS:\n        number = 0\n",
        f"{_TESTS}/test_patch.py",
    ),
    one(
        "pulling takes out the first equal element alone",
        _PATCH,
        "    return [element for element in old if not equal(element, step.operand)]\n",
        "    found = [number for number, each in enumerate(old) if equal(each, step.operand)]\n"
        "    return [each for number, each in enumerate(old) if number not in found[:1]]\n",
        f"{_TESTS}/test_patch.py",
    ),
    one(
        "a patch changes the document that it is applied to",
        _PATCH,
        "        holder[name] = copy = dict(child)\n        holder = copy\n",
        "        holder[name] = holder = child\n",
        f"{_TESTS}/test_patch.py",
    ),
)
