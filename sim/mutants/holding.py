"""Mistakes with locks, blocks and transactions: who may do what now, and what is left of it.

Absent on purpose: mistakes that end in a wait for ever. A test that hangs is no proof.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import INSIDE

_GUARD = "tests/unit/kernel/test_guard.py"
_BLOCKS = "tests/contract/test_blocks.py"
_TRANSACTIONS = "tests/contract/test_transactions.py"
_UNIT = "tests/unit/kernel/test_transaction.py"
_INSIDE = "tests/unit/kernel/test_transaction_inside.py"
_ARGUMENTS = "tests/unit/kernel/test_transaction_arguments.py"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "anything may begin inside a group",
        "guard.py",
        "if not inside_group:",
        "if inside_group is None:",
        "tests/contract/test_group_block.py",
    ),
    one(
        "a transaction begins inside another of the same thread",
        "guard.py",
        "if self._has_step() or not self._has_turn():",
        "if not self._has_turn():",
        _TRANSACTIONS,
    ),
    one(
        "a transaction begins inside a read of the same thread",
        "guard.py",
        "if not self._has_turn() and not self._has_state():",
        "if not self._has_turn():",
        _GUARD,
    ),
    one(
        "a block is left by another thread",
        "guard.py",
        "        if not owned(self._locks[0])():\n            lost",
        "        if not self._locks:\n            lost",
        _BLOCKS,
    ),
    one(
        "a block whose exit cannot begin stays entered",
        "guard.py",
        "ref(leave, lambda _: block.end(InterruptedWork()))",
        "ref(leave)",
        _GUARD,
    ),
    one(
        "a block that is dropped stays entered",
        "guard.py",
        '        """End a block that was entered by hand and dropped."""\n'
        "        self.end(InterruptedWork())\n",
        '        """Do nothing."""\n',
        _GUARD,
    ),
    one(
        "a block that is interrupted while it finishes is not finished",
        "guard.py",
        "                self._finish_with(failure)  # it may have been interrupted before it did "
        "anything\n",
        "",
        _GUARD,
    ),
    one(
        "a block can be entered twice",
        "guard.py",
        "        if self._entered:\n            raise",
        "        if self._entered and not self._started:\n            raise",
        _GUARD,
    ),
    one(
        "transactions of two threads run at once",
        "database.py",
        "        with guard.turn, guard.step:\n            tx = self._commits.begin()",
        "        if True:\n            tx = self._commits.begin()",
        _TRANSACTIONS,
    ),
    one(
        "a read block holds nothing",
        "database.py",
        "Block(guard, A_READ, (guard.state,), begin, _end)",
        "Block(guard, A_READ, (guard.step,), begin, _end)",
        _BLOCKS,
    ),
    one(
        "a block that an exception left commits",
        "database.py",
        "            if error is None:\n                self._commits.commit(",
        "            if tx:\n                self._commits.commit(",
        _TRANSACTIONS,
    ),
    one(
        "a scan begins without the state",
        "transaction.py",
        "        with self._state:\n            entries",
        "        if self._state:\n            entries",
        _UNIT,
    ),
    one(
        "a scan outlives its transaction",
        "transaction.py",
        "            self._check_readable()  # before the store is read: since the end it may have "
        "changed\n",
        "",
        _UNIT,
    ),
    one(
        "a transaction inside that raises leaves its writes",
        "transaction.py",
        "            ops = inner.end()\n",
        "            ops = inner.end()\n            self._writes.update(ops or {})\n",
        _INSIDE,
    ),
    one(
        "an interrupt lets half of the writes of a transaction inside pass",
        "transaction.py",
        "        self._read_refusal = self._write_refusal = INTERRUPTED\n",
        "",
        _INSIDE,
    ),
    one(
        "the outer transaction works while another runs inside",
        "transaction.py",
        "        self._read_refusal = self._write_refusal = INNER_RUNS\n",
        "",
        _INSIDE,
    ),
    one(
        "a transaction that aborted itself commits",
        "transaction.py",
        "return self._writes if whole else None",
        "return self._writes",
        _TRANSACTIONS,
    ),
    one(
        "a transaction writes while a reader runs inside",
        "transaction.py",
        "refusal, self._write_refusal = self._write_refusal, READ_RUNS",
        "refusal = self._write_refusal",
        _UNIT,
    ),
    one(
        "a transaction can be used after its end",
        "transaction.py",
        "        self._read_refusal = self._write_refusal = ENDED\n",
        "",
        _UNIT,
    ),
    one(
        "deleting an absent key is an op",
        "transaction.py",
        "        if self.get(key) is None:\n            return False\n",
        "        if self.get(key) is None:\n            self._writes[key] = None\n"
        "            return False\n",
        _TRANSACTIONS,
    ),
    one(
        "a generator function is accepted",
        "transaction.py",
        "isinstance(result, (GeneratorType, Awaitable, AsyncIterator))",
        "isinstance(result, (Awaitable, AsyncIterator))",
        _ARGUMENTS,
    ),
    one(
        "an async function is accepted",
        "transaction.py",
        "isinstance(result, (GeneratorType, Awaitable, AsyncIterator))",
        "isinstance(result, GeneratorType)",
        _ARGUMENTS,
    ),
    one(
        "a refused generator is not closed",
        "transaction.py",
        "            result.close()\n",
        "            pass\n",
        _ARGUMENTS,
    ),
    one(
        "a scan shows what its transaction deleted",
        "store.py",
        "if entry is not None and entry[0] == key:",
        "if entry is not None and entry[0] == key and value is not None:",
        _UNIT,
    ),
    one(
        "an interrupted placing keeps half an order",
        "store.py",
        "len(self._values)\n        self._ordered = False\n",
        "len(self._values)\n",
        "tests/unit/kernel/test_store.py",
    ),
    one(
        "what was placed is unplaced still",
        "store.py",
        "        self._unplaced = set()\n        self._ordered = True\n",
        "        self._ordered = True\n",
        "tests/unit/kernel/test_store.py",
    ),
    one(
        "a placed key keeps its old value in scans",
        "store.py",
        "            self._value_blocks[block][index] = value\n",
        "            assert self._value_blocks[block]\n",
        INSIDE,
    ),
)
