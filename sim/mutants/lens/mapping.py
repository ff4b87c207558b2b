"""Mistakes in the mapping of raw keys, and in what all dictionaries share.

Absent on purpose: deadlines and versions, which raw keys have none of; see kv.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import LENSES

_DICTIONARY = "lens/dictionaries/dictionary.py"
_MAPPING = "lens/mapping.py"
_TESTS = "tests/unit/lens"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "a mapping reaches into lenses",
        _MAPPING,
        "        if wanted >= LENSES:\n",
        '        if wanted >= LENSES + b"\\xff":\n',
        f"{_TESTS}/test_mapping.py",
    ),
    one(
        "a mapping shows the keys of lenses",
        _MAPPING,
        "        return first, LENSES if last is None else last\n",
        '        return first, b"\\xff" if last is None else last\n',
        f"{_TESTS}/test_mapping.py",
    ),
    one(
        "what is taken out of a dictionary stays",
        _DICTIONARY,
        "            data = inside.get(wanted)\n            inside.delete(wanted)\n",
        "            data = inside.get(wanted)\n",
        LENSES,
    ),
)
