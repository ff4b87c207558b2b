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
    one(
        "clearing a mapping clears the lenses",
        _MAPPING,
        "        return delete_range(self._tx, (start, end))\n",
        "        return delete_range(self._tx, (start, None))\n",
        f"{_TESTS}/test_mapping.py",
    ),
    one(
        "syncing a mapping does nothing",
        _MAPPING,
        "        if sync is not None:\n            sync()\n",
        "        del sync\n",
        f"{_TESTS}/test_mapping.py::test_it_syncs_what_can_sync_and_closes_nothing",
    ),
    one(
        "what holds bytes is kept as it is",
        _MAPPING,
        "        return bytes(cast(bytes, data))\n",
        "        return cast(bytes, data)\n",
        f"{_TESTS}/test_mapping.py",
    ),
    one(
        "a default is set in place of what is there",
        _DICTIONARY,
        "            if data is None:\n                _, data",
        "            if data is not None:\n                _, data",
        f"{_TESTS}/test_dictionary.py::test_setdefault_sets_what_is_not_there",
    ),
    one(
        "the entry that is popped stays",
        _DICTIONARY,
        "                inside.delete(key)\n                return self._key_of(key)",
        "                return self._key_of(key)",
        f"{_TESTS}/test_dictionary.py::test_what_is_deleted_is_gone",
    ),
)
