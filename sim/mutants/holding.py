"""Mistakes with locks, blocks and transactions: who may do what now, and what is left of it.

Absent on purpose: mistakes that end in a wait for ever. A test that hangs is no proof.
"""

from sim.mutants.mutant import Mutant, one

_GUARD = "tests/unit/kernel/test_guard.py"
_BLOCKS = "tests/contract/test_blocks.py"
_TRANSACTIONS = "tests/contract/test_transactions.py"
_UNIT = "tests/unit/kernel/test_transaction.py"
_INSIDE = "tests/unit/kernel/test_transaction_inside.py"
_ASYNC = "tests/contract/test_transact_async.py"
_ENDS = "tests/contract/test_transact_async_ends.py"
_ARGUMENTS = "tests/unit/kernel/test_transaction_arguments.py"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "anything may begin inside a group",
        "guard.py",
        "if not inside_group:",
        "if inside_group is None:",
        "tests/contract/test_group_block.py::"
        "test_what_cannot_be_in_a_group_is_refused_and_the_group_goes_on",
    ),
    one(
        "a transaction begins inside another of the same thread",
        "guard.py",
        "if self._has_step() or not (self._has_turn() and self._has_state()):",
        "if not self._has_turn():",
        f"{_TRANSACTIONS}::test_the_same_thread_cannot_nest",
    ),
    one(
        "a transaction begins inside a read of the same thread",
        "guard.py",
        "        if not self.holds_any():\n",
        "        if not (self._has_turn() or self._has_step()):\n",
        f"{_GUARD}::test_a_thread_that_would_wait_for_itself_gets_an_error_that_says_why",
    ),
    one(
        "a block is left by another thread",
        "guard.py",
        "        if not self._is_mine():\n            lost",
        "        if not self._holding:\n            lost",
        f"{_BLOCKS}::test_a_block_that_another_thread_leaves_is_refused_and_latches",
    ),
    one(
        "a block whose exit cannot begin stays entered",
        "guard.py",
        "ref(leave, lambda _: block.end(InterruptedWork()))",
        "ref(leave)",
        f"{_GUARD}::test_an_exit_that_cannot_begin_ends_the_block_all_the_same",
    ),
    one(
        "a block whose end was interrupted twice stays entered",
        "guard.py",
        "            if block.is_abandoned:\n",
        "            if block.is_abandoned and not block.is_entered:\n",
        f"{_GUARD}::test_a_block_whose_end_was_interrupted_twice_ends_with_the_next_call",
    ),
    one(
        "a block that runs is taken for an abandoned one",
        "guard.py",
        "return self.is_entered and self.watch is not None and self.watch() is None",
        "return self.is_entered and self.watch is not None",
        "tests/contract/test_group_block.py::"
        "test_what_cannot_be_in_a_group_is_refused_and_the_group_goes_on",
    ),
    one(
        "a block that is dropped stays entered",
        "guard.py",
        '        if hasattr(self, "watch"):\n            self.end(InterruptedWork())\n',
        '        if not hasattr(self, "watch"):\n            self.end(InterruptedWork())\n',
        f"{_GUARD}::test_a_block_that_was_entered_by_hand_ends_when_it_is_dropped",
    ),
    one(
        "a block that is interrupted while it finishes is not finished",
        "guard.py",
        "                    self._finish_with(failure)  # it may have been interrupted before it "
        "began\n",
        "",
        f"{_GUARD}::test_a_block_tells_how_it_was_left_and_gives_back_what_it_took",
    ),
    one(
        "a block is left where its locks have no room to be given back",
        "guard.py",
        "        _require_room(3)",
        "        _require_room(0)",
        "tests/unit/kernel/test_guard_without_room.py::"
        "test_a_block_that_is_left_where_no_call_has_room_keeps_no_lock",
    ),
    one(
        "an error of a signal handler is taken for that of a dropped block",
        "guard.py",
        "        if not held:",
        "        if held is None:",
        f"{_GUARD}::test_a_block_that_is_interrupted_while_it_waits_gives_back_what_it_has",
    ),
    one(
        "a block can be entered twice",
        "guard.py",
        "        if self._started:\n            raise",
        "        if self._started and not self._guard:\n            raise",
        f"{_GUARD}::test_a_block_is_entered_once",
    ),
    one(
        "transactions of two threads run at once",
        "database.py",
        "        with self._guard.turn, self._guard.step:\n            tx = self._commits.begin()",
        "        if True:\n            tx = self._commits.begin()",
        f"{_TRANSACTIONS}::test_threads_are_serialized",
    ),
    one(
        "a block that an exception left commits",
        "commit.py",
        "        if error is None:\n            self.commit(",
        "        if tx:\n            self.commit(",
        f"{_TRANSACTIONS}::test_an_aborted_transaction_leaves_no_trace",
    ),
    one(
        "a transaction inside that raises leaves its writes",
        "transaction.py",
        "            ops = inner.end()\n",
        "            ops = inner.end()\n            self._writes.update(ops or {})\n",
        f"{_INSIDE}::"
        "test_a_transaction_inside_that_raises_leaves_no_trace_and_the_outer_one_goes_on",
    ),
    one(
        "an interrupt lets half of the writes of a transaction inside pass",
        "transaction.py",
        "        self._read_refusal = self._write_refusal = INTERRUPTED\n",
        "",
        f"{_INSIDE}::test_an_interrupt_while_the_writes_pass_aborts_the_transaction_they_pass_into",
    ),
    one(
        "the outer transaction works while another runs inside",
        "transaction.py",
        "        self._read_refusal = self._write_refusal = INNER_RUNS\n",
        "",
        f"{_INSIDE}::test_while_a_transaction_inside_runs_the_outer_one_is_refused",
    ),
    one(
        "a transaction that aborted itself commits",
        "transaction.py",
        "return self._writes.ops if whole else None",
        "return self._writes.ops",
        f"{_TRANSACTIONS}::test_a_transaction_that_is_left_inside_another_commits_nothing",
    ),
    one(
        "a transaction writes while a reader runs inside",
        "transaction.py",
        "refusal, self._write_refusal = self._write_refusal, READ_RUNS",
        "refusal = self._write_refusal",
        f"{_UNIT}::test_while_a_reader_inside_runs_its_transaction_reads_and_does_not_write",
    ),
    one(
        "a transaction can be used after its end",
        "transaction.py",
        "        self._read_refusal = self._write_refusal = ENDED\n",
        "",
        f"{_UNIT}::test_an_ended_transaction_refuses_everything",
    ),
    one(
        "deleting an absent key is an op",
        "transaction.py",
        "        if self.get(key) is None:\n            return False\n",
        "        if self.get(key) is None:\n            self._writes.put(key, None)\n"
        "            return False\n",
        f"{_TRANSACTIONS}::test_the_write_set_is_one_op_per_key_in_the_order_of_first_writes",
    ),
    one(
        "a generator function is accepted",
        "transaction.py",
        "isinstance(result, (*LAZY, Awaitable, AsyncIterator))",
        "isinstance(result, (Awaitable, AsyncIterator))",
        f"{_ARGUMENTS}::test_a_generator_is_refused",
    ),
    one(
        "an async function is accepted",
        "transaction.py",
        "isinstance(result, (*LAZY, Awaitable, AsyncIterator))",
        "isinstance(result, LAZY)",
        f"{_ARGUMENTS}::test_async_work_is_refused",
    ),
    one(
        "a refused generator is not closed",
        "transaction.py",
        "            result.close()\n",
        "            pass\n",
        f"{_ARGUMENTS}::test_async_work_is_refused",
    ),
    one(
        "a task joins the group of another",
        "guard.py",
        "if self._group_task is not current_task():",
        "if self._group_task is self:",
        f"{_GUARD}::test_a_group_belongs_to_the_task_that_opened_it",
    ),
    one(
        "a block that another thread left does not latch",
        "guard.py",
        "            self._guard.latch.failure = lost\n",
        "",
        f"{_GUARD}::test_a_block_that_another_thread_leaves_is_a_failure",
    ),
    one(
        "a forgotten end deletes up to the last key",
        "convenience.py",
        "if prefix is None and (start is None or end is None):",
        "if prefix is None and start is None:",
        "tests/contract/test_prefixes_and_ranges.py::test_a_forgotten_argument_deletes_nothing",
    ),
    one(
        "deleting nothing is allowed where nothing may be written",
        "convenience.py",
        "        if (refusal := self._write_refusal) is not None:",
        "        if (refusal := self._write_refusal) is not None and prefix is None:",
        "tests/unit/kernel/test_convenience.py::"
        "test_deleting_nothing_is_refused_where_nothing_may_be_written",
    ),
    one(
        "a cancelled await ends before its transaction",
        "convenience.py",
        "    while not ending.done():\n",
        "    if not ending.done():\n",
        f"{_ENDS}::test_a_cancelled_await_ends_after_its_transaction_has",
    ),
    one(
        "a cancellation is forgotten while a transaction ends",
        "convenience.py",
        "        if cancelled:\n            raise cancelled.pop() from ending.exception()\n",
        "",
        f"{_ENDS}::test_a_cancelled_await_ends_after_its_transaction_has",
    ),
    one(
        "a failed transaction in a thread keeps its database alive",
        "convenience.py",
        "        del ending",
        "        pass",
        f"{_ENDS}::test_a_failed_transaction_keeps_no_database_alive",
    ),
    one(
        "a transaction in a thread forgets the context of its task",
        "convenience.py",
        "copy_context().run, work",
        "work",
        f"{_ASYNC}::test_the_function_sees_the_context_of_its_task",
    ),
    one(
        "a transaction in a thread holds up the event loop",
        "database.py",
        "await in_a_thread(lambda: self.transact(fn))",
        "self.transact(fn)",
        f"{_ASYNC}::test_the_function_runs_in_another_thread",
    ),
)
