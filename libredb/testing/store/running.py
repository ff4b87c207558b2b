"""S10 to S14: what a store promises about the functions that it runs."""

from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from threading import Thread
from typing import Any, cast

from libredb.kernel.errors import UsageError, UsageTypeError
from libredb.kernel.transaction import Reader, Writer
from libredb.testing.store.subject import (
    AFTER,
    BEFORE,
    NO_THREADS,
    Abort,
    Subject,
    change,
    entries,
    expect,
    expect_equal,
    expect_raises,
    fill,
)


class Interrupt(BaseException):
    """As KeyboardInterrupt: no handler of exceptions may swallow it."""


class Later:
    """Functions that return work for later, one of each kind, and what of it `ran`."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def coroutine(self, tx: Reader) -> None:
        """Return a coroutine."""
        self.ran.append("coroutine")

    async def async_generator(self, tx: Reader) -> AsyncIterator[None]:
        """Return an asynchronous generator."""
        self.ran.append("async generator")
        yield

    def generator(self, tx: Reader) -> Iterator[None]:
        """Return a generator."""
        self.ran.append("generator")
        yield

    def awaitable(self, tx: Reader) -> "Later":
        """Return something to await that is no coroutine."""
        return self

    def __await__(self) -> Iterator[None]:
        self.ran.append("awaitable")
        yield


def s10_what_returned_is_there(subject: Subject) -> None:
    """Write in every way, and return something."""
    fill(subject.store, *BEFORE)
    result = object()
    returned = subject.store.transact(lambda tx: (change(tx), result))
    expect(returned[1] is result, "transact returned something else than the function")
    expect_equal(subject.store.read(entries), AFTER, "what is there")
    expect(subject.store.read(lambda _: result) is result, "read returned something else")


def s10_what_raised_leaves_nothing(subject: Subject) -> None:
    """Raise an Exception and a BaseException, of which nobody may make another."""
    fill(subject.store, *BEFORE)
    for error in (Abort("an exception"), Interrupt("an interrupt")):

        def fail(tx: Writer, error: BaseException = error) -> None:
            change(tx)
            raise error

        raised = expect_raises(
            type(error), lambda fail=fail: subject.store.transact(fail), "a function"
        )
        expect(raised is error, f"{raised!r} came out, not what the function raised")
        expect_equal(subject.store.read(entries), BEFORE, "what is there")


def s11_only_the_last_run_counts(subject: Subject) -> None:
    """Count the runs, and let each write something of its own."""
    runs: list[int] = []

    def work(tx: Writer) -> bytes:
        runs.append(len(runs))
        tx.set(b"run %d" % len(runs), b"")
        return b"run %d" % len(runs)

    returned = subject.store.transact(work)
    expect(len(runs) == 1 or (subject.may_rerun and len(runs) > 1), f"it ran {len(runs)} times")
    expect_equal(returned, b"run %d" % len(runs), "what is returned")
    expect_equal(subject.store.read(entries), [(returned, b"")], "what is there")


def s12_read_cannot_write(subject: Subject) -> None:
    """Try whatever a reader has, of a store and of a writer."""

    def attempt(tx: Reader) -> None:
        writer = cast(Any, tx)  # it may have these, and then refuses
        for use in (
            lambda: writer.set(b"new", b""),
            lambda: writer.delete(b"kept"),
            lambda: writer.transact(change),
        ):
            expect_raises((UsageError, AttributeError), use, "a write in a reader")

    fill(subject.store, *BEFORE)
    subject.store.read(attempt)
    subject.store.transact(lambda tx: tx.read(attempt))
    expect_equal(subject.store.read(entries), BEFORE, "what is there")


def s13_what_cannot_be_called_is_refused(subject: Subject) -> None:
    """Hand over something else than a function, to everything that takes one."""

    def inside(tx: Writer) -> None:
        for call in (tx.transact, tx.read):
            expect_raises(UsageTypeError, lambda call=call: call(cast(Any, 5)), f"{call!r} of 5")

    for wrong in cast(list[Any], [5, "fn", b"fn"]):
        for call in (subject.store.transact, subject.store.read):
            expect_raises(UsageTypeError, lambda call=call, wrong=wrong: call(wrong), f"{wrong!r}")
    subject.store.transact(inside)


def s13_work_for_later_is_refused_and_never_runs(subject: Subject) -> None:
    """Return coroutines, generators and the like; then see what is there, and what ran."""
    later = Later()
    made: list[object] = []
    try:
        for fn in (later.coroutine, later.async_generator, later.generator, later.awaitable):
            _expect_refused(subject, fn, made)
        for work in made:
            if isinstance(work, Generator):
                next(cast(Iterator[object], work), None)
    finally:
        for work in made:
            if isinstance(work, Coroutine):
                work.close()  # or Python warns that nobody awaited it
    expect_equal(later.ran, [], "what ran")
    expect_equal(subject.store.read(entries), [], "what is there")


def _expect_refused(subject: Subject, fn: Callable[[Reader], object], made: list[object]) -> None:
    """Expect that what `fn` returns is refused; it is added to what was made."""

    def look(tx: Reader) -> object:
        made.append(fn(tx))
        return made[-1]

    def work(tx: Writer) -> object:
        tx.set(b"early", b"")
        return look(tx)

    what = f"a function that returns a {fn.__name__}"
    expect_raises(UsageTypeError, lambda: subject.store.transact(work), what)
    expect_raises(UsageTypeError, lambda: subject.store.read(look), what)


def s14_transactions_of_threads_are_one_after_the_other(subject: Subject) -> str | None:
    """Let threads count together: what each adds to has to be what is there when it commits."""
    if not subject.threads:
        return NO_THREADS
    count, rounds = 4, 20
    errors: list[BaseException] = []

    def increment(tx: Writer) -> None:
        tx.set(b"n", b"%d" % (int(tx.get(b"n") or b"0") + 1))

    def work() -> None:
        try:
            for _ in range(rounds):
                subject.store.transact(increment)
        except BaseException as error:  # noqa: BLE001 - whatever it is, a thread must not hide it
            errors.append(error)

    threads = [Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect_equal(errors, [], "what the threads raised")
    expect_equal(
        subject.store.read(entries), [(b"n", b"%d" % (count * rounds))], "what they counted"
    )
    return None
