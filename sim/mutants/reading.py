"""Mistakes with levels, and in reading them: order, what lies on top, views, prefixes, defaults."""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import INSIDE

_LEVEL = "tests/unit/kernel/test_level.py"
_STORE = "tests/unit/kernel/test_store.py"
_TRANSACTION = "tests/unit/kernel/test_transaction.py"
_ARGUMENTS = "tests/unit/kernel/test_arguments.py"
_FORMS = "tests/contract/test_everyday_forms.py"
_ANSWERS = f"{_LEVEL}::test_it_answers_like_a_dict_after_any_ops"
_NEWEST = f"{_LEVEL}::test_the_newest_level_counts"
_KEPT = f"{_LEVEL}::test_an_order_keeps_what_was_there_whatever_follows"
_PREFIX = f"{_ARGUMENTS}::test_the_range_of_a_prefix_holds_exactly_the_keys_that_begin_with_it"
_DEFAULT = f"{_FORMS}::test_a_default_stands_for_a_missing_value_and_for_no_other"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "what was placed is unplaced still, and what was not is placed",
        "level.py",
        "        elif self._unplaced:\n",
        "        elif not self._unplaced:\n",
        _ANSWERS,
    ),
    one(
        "a key is unplaced after its op is noted",
        "level.py",
        "                self._unplaced.add(key)\n            old = ops.get(key)\n",
        "                pass\n            old = ops.get(key)\n            ops[key] = value\n"
        "            if self._order is not None:\n                self._unplaced.add(key)\n",
        f"{_LEVEL}::test_an_interrupt_between_the_steps_of_a_write_loses_no_key",
    ),
    one(
        "a written key keeps its old value in scans",
        "level.py",
        "        elif found:\n            values[index] = value\n",
        "        elif found:\n            pass\n",
        INSIDE,
    ),
    one(
        "a deleted key stays in scans",
        "level.py",
        "                del keys[index], values[index]\n",
        "                pass\n",
        _ANSWERS,
    ),
    one(
        "an order changes after it was made",
        "level.py",
        "    keys, values = list(older[0]), list(older[1])\n",
        "    keys, values = older[0] or [], older[1] or []\n",
        _KEPT,
    ),
    one(
        "the list of blocks changes after it was made",
        "level.py",
        "cast(list[Ops], self._blocks)[:], self._bounds[:]",
        "cast(list[Ops], self._blocks), self._bounds",
        _KEPT,
    ),
    one(
        "an emptied block takes the first bound with it",
        "level.py",
        "del bounds[max(block - 1, 0)]",
        "del bounds[0]",
        f"{_LEVEL}::test_it_empties_and_fills_again",
    ),
    one(
        "blocks grow without end",
        "level.py",
        "    if 0 < len(keys) <= BLOCK_LENGTH:\n",
        "    if 0 < len(keys):\n",
        _ANSWERS,
    ),
    one(
        "a range holds its end",
        "level.py",
        "high = len(keys) if end is None or block != last else bisect_left(keys, end)",
        "high = len(keys) if end is None or block != last else bisect_right(keys, end)",
        _ANSWERS,
    ),
    one(
        "pieces of a descending scan ascend",
        "level.py",
        "(cuts[::-1] if reverse else cuts)",
        "cuts",
        _ANSWERS,
    ),
    one(
        "a scan shows what its transaction deleted",
        "level.py",
        "    kept = [(key, value) for key, value in zip(*ops, strict=True) if value is not gone]\n",
        '    kept = [(key, value or b"") for key, value in zip(*ops, strict=True)]\n',
        f"{_TRANSACTION}::test_reads_see_the_store_overlaid_with_the_writes_of_each_level",
    ),
    one(
        "the newest level ends with the piece below it",
        "overlay.py",
        "    for ops in newer.chunks(start, end, reverse=reverse):\n        yield",
        "    for ops in ():\n        yield",
        _NEWEST,
    ),
    one(
        "what is written behind a piece comes twice",
        "overlay.py",
        '            start = keys[-1] + b"\\0"\n',
        "            start = keys[-1]\n",
        _NEWEST,
    ),
    one(
        "a whole level is put into one piece of the one below",
        "overlay.py",
        "            yield from _entries(overlaid(near, ops))\n",
        "            rest = overlaid(overlaid(near, ops), rest)\n",
        f"{_LEVEL}::test_no_piece_of_a_scan_is_long_because_of_what_lies_on_top",
    ),
    one(
        "a level hides what is below it",
        "overlay.py",
        "return self._below.get(key) if value is ABSENT else value",
        "return None if value is ABSENT else value",
        _NEWEST,
    ),
    one(
        "a view is made without the state",
        "store.py",
        "        with self._state:\n            self._gaps.learn",
        "        if self._state:\n            self._gaps.learn",
        f"{_STORE}::test_the_state_is_held_while_a_view_is_made_and_not_while_it_is_read",
    ),
    one(
        "a view looks keys up in what is there now",
        "store.py",
        "        if self._level.changes != self._changes:\n",
        "        if self._level.changes < self._changes:\n",
        f"{_STORE}::test_a_view_holds_what_was_there_whatever_is_committed",
    ),
    one(
        "a change is counted when it is done",
        "store.py",
        "        value = self._level.get(key, ABSENT)\n"
        "        if self._level.changes != self._changes:\n            value",
        "        changed = self._level.changes != self._changes\n"
        "        value = self._level.get(key, ABSENT)\n        if changed:\n            value",
        f"{_STORE}::test_a_get_of_a_view_that_meets_a_commit_answers_from_what_was_there",
    ),
    one(
        "a scan outlives its transaction",
        "transaction.py",
        "            self._check_readable()\n            yield chunk\n"
        "        self._check_readable()\n",
        "            yield chunk\n",
        f"{_TRANSACTION}::test_an_ended_transaction_refuses_everything",
    ),
    one(
        "the successor of a prefix counts beyond 0xff",
        "arguments.py",
        'shortest = prefix.rstrip(b"\\xff")',
        "shortest = prefix",
        _PREFIX,
    ),
    one(
        "a prefix ends where longer keys begin",
        "arguments.py",
        "return prefix, successor(prefix)",
        'return prefix, prefix + b"\\xff"',
        _PREFIX,
    ),
    one(
        "an end beside a prefix is passed over",
        "arguments.py",
        "    if start or end is not None:\n",
        "    if start:\n",
        f"{_ARGUMENTS}::test_a_prefix_beside_a_start_or_an_end_is_refused",
    ),
    one(
        "a key with an empty value is not in a database",
        "convenience.py",
        "return self.get(key) is not None",
        "return bool(self.get(key))",
        f"{_FORMS}::test_in_tells_whether_a_key_is_there_whatever_its_value",
    ),
    one(
        "a default stands for an empty value in a database",
        "database.py",
        "return default if value is None else value",
        "return value or default",
        _DEFAULT,
    ),
    one(
        "a default stands for an empty value in a transaction",
        "transaction.py",
        "return default if value is None else value",
        "return value or default",
        _DEFAULT,
    ),
)
