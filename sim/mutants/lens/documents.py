"""Mistakes in documents: entries that do not follow what they lead to, and what is not refused.

Absent on purpose: what an entry is made of; see keys.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import LENSES

_COLLECTION = "lens/rows/collection.py"
_INDEX = "lens/rows/index.py"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "an index keeps the entry of an old value",
        _INDEX,
        "                    tx.delete(prefix + head + row.packed)\n",
        "                    pass\n",
        LENSES,
    ),
    one(
        "an index gets no entry for a new value",
        _INDEX,
        '            tx.set(index.prefix + head + packed, b"")\n',
        "            del head, packed\n",
        LENSES,
    ),
    one(
        "a unique index lets two documents have one value",
        _INDEX,
        "            if taken is not None:\n",
        "            if taken is not None and taken[1] == taken[2]:\n",
        LENSES,
    ),
    one(
        "a unique index lets only one document have null",
        _INDEX,
        "_NULL_OR_MISSING = {order_key(None)[0], order_key(MISSING)[0]}",
        "_NULL_OR_MISSING = {order_key(MISSING)[0]}",
        LENSES,
    ),
    Mutant(
        "a document conflicts with itself",
        _INDEX,
        (
            ("            if old == new:\n                continue\n", ""),
            ("            new = [head for head in new if head not in kept]\n", ""),
        ),
        LENSES.name,
    ),
    one(
        "an index of elements has no place for text",
        _INDEX,
        "        return [order_key(MISSING)]\n",
        "        return []\n",
        LENSES,
    ),
    one(
        "an index is not built over what is there",
        _COLLECTION,
        "        self._replace_entries(rows, self.indexes[-1:])\n",
        "        del rows\n",
        LENSES,
    ),
    one(
        "an index that is dropped leaves its entries",
        _COLLECTION,
        "        delete_range(self.writer, dropped[0].keys.range())\n",
        "",
        LENSES,
    ),
    one(
        "deleting leaves the entries",
        _COLLECTION,
        "                rows.append(Replaced(packed, self._indexed(packed, value), None))\n",
        "                rows.append(Replaced(packed, None, None))\n",
        LENSES,
    ),
    one(
        "clearing leaves the entries",
        _COLLECTION,
        "            delete_range(self.writer, index.keys.range())\n",
        "            pass\n",
        LENSES,
    ),
    one(
        "updating leaves the indexes alone",
        _COLLECTION,
        "[Replaced(new.packed, old, new.row) for old, new in made]",
        "[]",
        LENSES,
    ),
    one(
        "replacing takes the old document for none",
        _COLLECTION,
        "return Replaced(each.packed, self._indexed(each.packed, value), each.row)",
        "return Replaced(each.packed, None, each.row)",
        LENSES,
    ),
    one(
        "inserting replaces what is there",
        _COLLECTION,
        "        self._refuse_duplicates(given, self.tx.get_many(keys))\n",
        "        self._refuse_duplicates(given, [None for _ in keys])\n",
        LENSES,
    ),
    one(
        "a document that has changed is no conflict",
        "lens/rows/row.py",
        "    if expected is not None and actual != expected:\n",
        "    if expected is not None and actual > expected:\n",
        LENSES,
    ),
    one(
        "a counter gives a number twice",
        "lens/rows/ids.py",
        '    tx.set(namespace.keys.prefix + COUNTER, b"%d" % number)\n',
        '    tx.set(namespace.keys.prefix + COUNTER, b"%d" % (number - 1))\n',
        LENSES,
    ),
    one(
        "a check passes over the counter",
        "lens/documents.py",
        "problems_of_counted if self._is_counting else problems",
        "problems",
        "tests/unit/lens/rows/test_counted_check.py",
    ),
    one(
        "bounds beside a prefix are taken for answered",
        "lens/rows/way.py",
        '    if "$prefix" not in following:\n',
        "    if following:\n",
        "tests/unit/lens/rows/test_plan.py",
    ),
    one(
        "a text among elements is taken for the element",
        "lens/rows/way.py",
        "for path in fields[: fixed - way.index.is_multiple]}",
        "for path in fields[:fixed]}",
        "tests/unit/lens/rows/test_plan.py",
    ),
    one(
        "the same said twice of one path is said once",
        "lens/rows/plan.py",
        "    if way is None or len(set(shape)) < len(shape):\n",
        "    if way is None:\n",
        "tests/unit/lens/rows/test_plan.py",
    ),
    one(
        "a row that changed meanwhile is not tested again",
        "lens/rows/result.py",
        "    test = search.test(search.expression)  # rows may",
        "    test = search.test(chosen.left)  # rows may",
        "tests/unit/lens/rows/test_result.py",
    ),
    one(
        "how many values there are to be weighed is found out once",
        "lens/rows/way.py",
        'WEIGHED = frozenset({"$in", "$words"})',
        "WEIGHED: frozenset[str] = frozenset()",
        "tests/unit/lens/rows/test_plan.py",
    ),
)
