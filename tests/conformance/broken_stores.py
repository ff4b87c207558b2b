"""Stores that break one promise each, with the check that has to notice.

Each is the naive store with one mistake that somebody could make.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from threading import Barrier, current_thread, main_thread
from typing import Any, TypeVar, cast

from libredb.kernel.arguments import BytesLike
from libredb.kernel.level import Entry
from libredb.kernel.transaction import Reader, Writer
from tests.support.stores import (
    NaiveReader,
    NaiveStore,
    NaiveWriter,
    RerunningStore,
    ended_after,
)

T = TypeVar("T")


class ChangesInPlace(NaiveStore):
    """Readers hold the dict that a commit changes."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        entries = self.entries
        result = super().transact(fn)
        changed = dict(self.entries)
        self.entries = entries
        entries.clear()
        entries.update(changed)
        return result


class SeveralInOrder(NaiveReader):
    """Several keys are looked up in their order, and each once."""

    def get_many(self, keys: Iterable[BytesLike], /) -> list[bytes | None]:
        return super().get_many(sorted({bytes(key) for key in keys}))


class Shortlex(NaiveReader):
    """Shorter keys first, as numbers written as text would have it."""

    def one_by_one(self, entries: list[Entry]) -> Iterator[Entry]:
        return super().one_by_one(sorted(entries, key=lambda entry: (len(entry[0]), entry)))


class InclusiveEnd(NaiveReader):
    """A range that holds its end."""

    def scan(
        self, start: BytesLike = b"", end: BytesLike | None = None, **options: Any
    ) -> Iterator[Entry]:
        return super().scan(start, None if end is None else bytes(end) + b"\0", **options)


class LimitBeforeReverse(NaiveReader):
    """A limit that counts from the lowest key, whatever the direction."""

    def scan(self, *bounds: Any, **options: Any) -> Iterator[Entry]:
        reverse = options.pop("reverse", False)
        found = list(super().scan(*bounds, **options))
        return self.one_by_one(found[::-1] if reverse else found)


class LateScan(NaiveWriter):
    """A scan that looks only when it is read."""

    def scan(self, *bounds: Any, **options: Any) -> Iterator[Entry]:
        yield from super().scan(*bounds, **options)


class ScanByPlace(NaiveWriter):
    """A scan that counts its way through what is there at each step."""

    def one_by_one(self, entries: list[Entry]) -> Iterator[Entry]:
        place = 0
        while place < len(self.entries):
            self.check()
            yield sorted(self.entries.items())[place]
            place += 1


class EncodesText(NaiveWriter):
    """Means well with text."""

    def set(self, key: Any, value: Any, /) -> None:
        super().set(key.encode() if isinstance(key, str) else key, value)


class PlainErrors(NaiveWriter):
    """Refuses text with whatever Python raises."""

    def set(self, key: Any, value: Any, /) -> None:
        super().set(b"" + key, b"" + value)


class KeepsBuffers(NaiveWriter):
    """Keeps what it was given."""

    def set(self, key: BytesLike, value: BytesLike, /) -> None:
        super().set(key, b"")
        self.entries[bytes(key)] = cast(bytes, value)


class NeverEnds(NaiveWriter):
    """Can be used at any time."""

    def check(self) -> None:
        return


class FallingVersion(NaiveStore):
    """Counts down."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        try:
            return super().transact(fn)
        finally:
            self.version -= 2


class BlindToItself(NaiveWriter):
    """Reads what was there when it began."""

    def __init__(self, entries: dict[bytes, bytes], version: int) -> None:
        super().__init__(entries, version)
        self.before = dict(entries)

    def get(self, key: BytesLike, /) -> bytes | None:
        return self.before.get(bytes(key))


class AlwaysDeletes(NaiveWriter):
    """Says that everything was there."""

    def delete(self, key: BytesLike, /) -> bool:
        super().delete(key)
        return True


class RunsInPlace(NaiveWriter):
    """Has no transactions inside: an exception leaves what was written before it."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        inner = type(self)(self.entries, self.version)
        return ended_after(fn, inner)


class ForgetsTheInner(NaiveWriter):
    """Loses what a transaction inside has written."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        before = dict(self.entries)
        result = super().transact(fn)
        self.entries = before
        return result


class SharesWithTheInner(NaiveWriter):
    """Can be used while a transaction inside runs."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        inner = type(self)(dict(self.entries), self.version)
        result = ended_after(fn, inner)
        self.entries |= inner.entries
        return result


class LosesWrites(NaiveStore):
    """Commits nothing any more once there is something."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        before = self.entries
        result = super().transact(fn)
        self.entries = before or self.entries
        return result


class KeepsAborted(NaiveStore):
    """Commits also what raised."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        writer = NaiveWriter(self.entries, self.version)
        return ended_after(fn, writer)


class FirstRunCounts(RerunningStore):
    """Runs twice, and keeps what the first run wrote."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        NaiveStore.transact(self, fn)
        return ended_after(fn, NaiveWriter(dict(self.entries), self.version))


class ReadsWithAWriter(NaiveStore):
    """Gives a writer to whoever only reads."""

    def read(self, fn: Callable[[Reader], T], /) -> T:
        return ended_after(fn, NaiveWriter(self.entries, self.version))


class CallsAnything(NaiveStore):
    """Takes what cannot be called for a function that does nothing."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        return super().transact(fn if callable(fn) else cast(Any, repr))


class ReturnsLater(NaiveStore):
    """Returns whatever the function returned."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        return super().transact(lambda tx: (fn(tx),))[0]


class RunsLater(NaiveStore):
    """Runs a generator before it is refused."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        def work(tx: Writer) -> T:
            result = fn(tx)
            returned: object = result
            if isinstance(returned, Generator):
                list(cast(Iterator[object], returned))
            return result

        return super().transact(work)


class ForItsThreadAlone(NaiveStore):
    """Says that threads may use it, and refuses all but one."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        if current_thread() is not main_thread():
            raise RuntimeError("not in this thread")
        return super().transact(fn)


class LosesUpdates(NaiveStore):
    """Lets four threads begin before it lets one of them commit."""

    def __init__(self) -> None:
        super().__init__()
        self.together = Barrier(4)

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        def wait(tx: Writer) -> T:
            result = fn(tx)
            self.together.wait()
            return result

        return super().transact(wait)


def with_reader(reader: type[NaiveReader]) -> type[NaiveStore]:
    """Return a store whose readers are these."""
    return type(reader.__name__, (NaiveStore,), {"reader": reader})


def with_writer(writer: type[NaiveWriter]) -> type[NaiveStore]:
    """Return a store whose writers are these."""
    return type(writer.__name__, (NaiveStore,), {"writer": writer})


BROKEN: dict[str, tuple[type[NaiveStore], ...]] = {
    "s01_a_reader_sees_one_state": (ChangesInPlace,),
    "s01_several_keys_are_read_as_one_by_one": (with_reader(SeveralInOrder),),
    "s02_keys_ascend_by_unsigned_byte": (with_reader(Shortlex),),
    "s02_a_range_holds_its_start_and_not_its_end": (with_reader(InclusiveEnd),),
    "s02_a_limit_counts_from_where_the_order_begins": (with_reader(LimitBeforeReverse),),
    "s03_a_scan_is_the_snapshot_of_its_call": (with_writer(LateScan), with_writer(ScanByPlace)),
    "s03_deleting_while_scanning_visits_every_entry": (with_writer(ScanByPlace),),
    "s04_wrong_arguments_are_refused_by_the_call": (
        with_writer(LateScan),
        with_writer(EncodesText),
        with_writer(PlainErrors),
    ),
    "s04_what_is_bytes_like_is_copied_at_the_call": (
        with_writer(LateScan),
        with_writer(KeepsBuffers),
    ),
    "s05_it_ends_with_its_function": (with_writer(NeverEnds),),
    "s06_version_never_falls": (FallingVersion,),
    "s07_own_writes_are_read_back": (with_writer(BlindToItself), LosesWrites),
    "s08_delete_tells_whether_the_key_was_there": (with_writer(AlwaysDeletes),),
    "s09_an_inner_transaction_that_raises_leaves_no_trace_of_itself": (with_writer(RunsInPlace),),
    "s09_an_inner_transaction_that_returns_has_written_into_the_outer_one": (
        with_writer(ForgetsTheInner),
    ),
    "s09_the_outer_transaction_is_refused_while_an_inner_one_runs": (
        with_writer(SharesWithTheInner),
    ),
    "s10_what_returned_is_there": (LosesWrites,),
    "s10_what_raised_leaves_nothing": (KeepsAborted,),
    "s11_only_the_last_run_counts": (RerunningStore, FirstRunCounts),
    "s12_read_cannot_write": (ReadsWithAWriter,),
    "s13_what_cannot_be_called_is_refused": (CallsAnything,),
    "s13_work_for_later_is_refused_and_never_runs": (ReturnsLater, RunsLater),
    "s14_transactions_of_threads_are_one_after_the_other": (
        ForItsThreadAlone,
        LosesUpdates,
    ),
}
"""For each check, the stores that it has to refuse."""
