"""Claim: the faults that interrupts made in the first edition stay mended.

Each story is a small program that is interrupted at every place from some moment on, in a forked
child, because what the faults left behind could not be used any more.
"""

import gc
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

import libredb
from libredb import DatabaseFailedError, UsageError
from tests.interrupts.helpers import Hang, Helper, Tell, in_child, limited, scratch
from tests.interrupts.judge import descriptors, require_descriptors
from tests.interrupts.tracer import Tracer
from tests.interrupts.world import COUNTER, Failure, System, World

pytestmark = pytest.mark.cpython(reason="forks, traces and interrupts CPython")

PATIENCE_SECONDS = 5.0

Story = Callable[[World, Tracer], None]


def interrupt(world: World) -> None:
    raise KeyboardInterrupt


def told_of(story: Story, happen: Callable[[World], object] = interrupt) -> list[str]:
    """Return a text for each place of a story, in order; the last says what broke, if it did.

    At each place `happen` is called as the handler of a signal would be.
    """

    def live(folder: Path, tell: Tell) -> None:
        system = System()
        system.listen()
        for number in count(1):
            world = World(str(folder / f"{number}.libredb"), system)
            system.forget(0)
            tracer = Tracer(number, partial(happen, world))
            try:
                with limited(PATIENCE_SECONDS):
                    story(world, tracer)
            except (Exception, Hang) as error:  # noqa: BLE001 - whatever it is, it is told
                tell(f"{tracer.where}: {error!r}")
                return
            if not tracer.happened:
                return
            tell("")

    with scratch() as folder:
        return list(in_child(lambda tell: live(folder, tell)))


def refuse_to_break(told: list[str], least: int) -> None:
    """Fail where the story broke, or was not interrupted often enough to mean anything."""
    assert told, "the child died"
    assert told[-1] == "", f"place {len(told)}: {told[-1]}"
    assert len(told) >= least, f"only {len(told)} places"


def test_after_a_group_that_was_left_by_an_interrupt_no_commit_goes_without_its_sync() -> None:
    """A commit inside a group is not synced, and a note beside the lock said that a group runs.

    An interrupt at the start of the function that erased the note left it there. From then on
    every `transact` of every thread returned without a sync: version 1, durable version 0.
    """

    def story(world: World, tracer: Tracer) -> None:
        world.opened = libredb.open(world.path)
        try:
            with world.db.group():
                world.db.transact(world.increment)
                tracer.begin()
        except KeyboardInterrupt:
            pass
        finally:
            tracer.end()
        try:
            number = world.db.transact(world.increment)
        except DatabaseFailedError:
            world.db.close()
            return
        world.promised(number)
        if world.problems:
            raise Failure(str(world.problems))
        world.db.close()

    refuse_to_break(told_of(story), 50)


def test_after_an_interrupted_read_two_transactions_are_never_inside_at_once() -> None:
    """The lock was given back, and the note still said that this thread has it.

    So this thread went on without the lock, another thread committed inside its transaction, and
    of two increments one was lost.
    """

    def story(world: World, tracer: Tracer) -> None:
        world.opened = libredb.open(world.path)
        world.commit()
        helper = Helper(PATIENCE_SECONDS)
        with suppress(KeyboardInterrupt):
            tracer.run(lambda: world.db.get(COUNTER))

        def increment_beside_another(tx: libredb.Transaction) -> int:
            helper.begin(world.commit)
            return world.increment(tx)

        world.system.gives_way = True
        world.returned(world.db.transact(increment_beside_another))
        helper.finish("the other increment")
        if world.problems or world.db.get(COUNTER) != b"3":
            raise Failure(f"{world.problems}, counter {world.db.get(COUNTER)}")
        world.db.close()

    refuse_to_break(told_of(story), 30)


@pytest.mark.parametrize("inner", ["get", "transact"])
def test_a_handler_that_calls_the_database_is_answered_or_refused(inner: str) -> None:
    """A handler that ran after the lock was taken, and before the note was made, waited for itself.

    With real signals it took less than 2,000 operations until the program hung for ever.
    """
    calls: dict[str, Callable[[World], object]] = {
        "get": lambda world: world.db.get(COUNTER),
        "transact": lambda world: world.db.transact(world.increment),
    }

    def handle(world: World) -> None:
        try:
            calls[inner](world)
        except UsageError:
            world.numbers.add(0)

    def story(world: World, tracer: Tracer) -> None:
        world.opened = libredb.open(world.path)
        tracer.run(lambda: world.db.transact(world.increment))
        before = 1 if inner == "get" or world.numbers or not tracer.happened else 2
        if world.db.get(COUNTER) != b"%d" % before:
            raise Failure(f"{world.db.get(COUNTER)} is lost or torn, not {before}")
        world.db.close()

    refuse_to_break(told_of(story, handle), 100)


def test_a_close_that_was_interrupted_is_finished_by_the_next() -> None:
    """`close` noted that it had begun, was interrupted, and the next one took that for done.

    File and lock stayed with the process: nobody could open the database again until it ended.
    """

    def story(world: World, tracer: Tracer) -> None:
        before = descriptors()
        world.opened = libredb.open(world.path)
        world.commit()
        with suppress(KeyboardInterrupt):
            tracer.run(world.db.close)
        gc.collect()
        world.db.close()
        require_descriptors(before, "after the second close()")
        with libredb.open(world.path) as again:
            if again.get(COUNTER) != b"1":
                raise Failure("the commit is gone")

    refuse_to_break(told_of(story), 200)


def test_an_interrupted_open_leaves_no_descriptor_and_no_lock() -> None:
    """Between the call that opened a file and the object that closes it lay a look for signals."""

    def story(world: World, tracer: Tracer) -> None:
        before = descriptors()
        with suppress(KeyboardInterrupt):
            tracer.run(lambda: libredb.open(world.path))
        gc.collect()
        require_descriptors(before, "after open() was interrupted")
        libredb.open(world.path).close()

    refuse_to_break(told_of(story), 500)
