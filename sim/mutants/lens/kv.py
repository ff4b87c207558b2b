"""Mistakes in a kv: deadlines that stand alone, and versions that mean nothing.

Absent on purpose: what a value is written as; the tests of kv see to that.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import LENSES

_ENTRIES = "lens/dictionaries/kv_entries.py"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "a key that is set again keeps its old deadline",
        _ENTRIES,
        "            self._writer.delete(self._deadline_key(self.prefix, old.deadline, key))\n",
        "            pass\n",
        LENSES,
    ),
    one(
        "a deadline is not noted",
        _ENTRIES,
        '            self._writer.set(self._deadline_key(self.prefix, deadline, key), b"")\n',
        "            pass\n",
        LENSES,
    ),
    one(
        "a key that is deleted leaves its deadline",
        _ENTRIES,
        "            self._writer.delete(self._deadline_key(prefix, stored.deadline, key))\n",
        "            pass\n",
        LENSES,
    ),
    one(
        "a key is there at its deadline",
        _ENTRIES,
        "self._now >= stored.deadline",
        "self._now > stored.deadline",
        LENSES,
    ),
    one(
        "purging takes deadlines for entries",
        _ENTRIES,
        "                self.delete(key)\n                count += 1\n",
        "                count += 1\n",
        LENSES,
    ),
    one(
        "purging leaves what expires now",
        _ENTRIES,
        "first + ordered(self._now + 1)",
        "first + ordered(self._now)",
        LENSES,
    ),
    one(
        "what was deleted is not remembered by its version",
        _ENTRIES,
        "        self._mark(self.prefix, stored.version)\n",
        "",
        LENSES,
    ),
    one(
        "counting up forgets the deadline",
        "lens/kv.py",
        '            inside.set(wanted, b"%d" % total, deadline_of(old))\n',
        '            inside.set(wanted, b"%d" % total)\n',
        LENSES,
    ),
    one(
        "what was written meanwhile is written over",
        "lens/kv.py",
        "            if version != (0 if old is None else old.version):\n",
        "            if version < (0 if old is None else old.version):\n",
        LENSES,
    ),
)
