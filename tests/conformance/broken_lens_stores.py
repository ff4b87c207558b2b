"""Stores on which lenses do not work: the naive store, with a mistake in what lenses rely on.

Each is a mistake that somebody could make who keeps the entries elsewhere.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from libredb.kernel.arguments import BytesLike
from libredb.kernel.level import Entry
from libredb.kernel.transaction import Reader, Writer
from tests.conformance.broken_stores import (
    BlindToItself,
    ForgetsTheInner,
    ForItsThreadAlone,
    InclusiveEnd,
    RunsInPlace,
    ScanByPlace,
    SeveralInOrder,
    SharesWithTheInner,
    Shortlex,
    with_writer,
)
from tests.support.stores import NaiveReader, NaiveStore, NaiveWriter, ended_after

T = TypeVar("T")


class NeverReverse(NaiveReader):
    """A reverse scan that goes forward."""

    def one_by_one(self, entries: list[Entry]) -> Iterator[Entry]:
        return super().one_by_one(sorted(entries))


class SignedBytes(NaiveReader):
    """Bytes from 80 on are below all others, as in a language whose bytes have a sign."""

    def one_by_one(self, entries: list[Entry]) -> Iterator[Entry]:
        return super().one_by_one(
            sorted(entries, key=lambda entry: [(byte + 128) % 256 for byte in entry[0]])
        )


class NoLastByte(NaiveReader):
    """Keys that end in the byte FF are taken for ends of ranges."""

    def one_by_one(self, entries: list[Entry]) -> Iterator[Entry]:
        return super().one_by_one([entry for entry in entries if not entry[0].endswith(b"\xff")])


class ThoseThatAreThere(NaiveReader):
    """Answers several keys with the values that are there, before the others."""

    def get_many(self, keys: Iterable[BytesLike], /) -> list[bytes | None]:
        return sorted(super().get_many(keys), key=lambda value: value is None)


class LosesDeletes(NaiveWriter):
    """Says that it has deleted, and has not."""

    def delete(self, key: BytesLike, /) -> bool:
        return bytes(key) in self.entries


class EmptyIsMissing(NaiveWriter):
    """Takes a value of 0 bytes for none."""

    def set(self, key: BytesLike, value: BytesLike, /) -> None:
        super().set(key, value)
        if not value:
            self.entries.pop(bytes(key))


class CutsKeys(NaiveWriter):
    """Keeps 255 bytes of each key."""

    def set(self, key: BytesLike, value: BytesLike, /) -> None:
        super().set(bytes(key)[:255], value)


class CutsValues(NaiveWriter):
    """Keeps 65,535 bytes of each value."""

    def set(self, key: BytesLike, value: BytesLike, /) -> None:
        super().set(key, bytes(value)[:65535])


class LowerCase(NaiveWriter):
    """Keeps keys in lower case."""

    def set(self, key: BytesLike, value: BytesLike, /) -> None:
        super().set(bytes(key).lower(), value)


class ReadsLateInside(NaiveWriter):
    """A reader inside of a transaction does not see what that one wrote."""

    def __init__(self, entries: dict[bytes, bytes], version: int) -> None:
        super().__init__(entries, version)
        self.before = dict(entries)

    def read(self, fn: Callable[[Reader], T], /) -> T:
        return ended_after(fn, NaiveReader(self.before, self.version))


class ReadsWithTheTurn(NaiveStore):
    """Takes the turn also for what only reads."""

    def read(self, fn: Callable[[Reader], T], /) -> T:
        return self.transact(fn)


class ReadsLate(NaiveStore):
    """Shows what was there before the last commit."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[bytes, bytes] = {}

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        before = self.entries
        result = super().transact(fn)
        self.before = before
        return result

    def read(self, fn: Callable[[Reader], T], /) -> T:
        return ended_after(fn, NaiveReader(self.before, self.version))


class CountsReads(NaiveStore):
    """Counts how often it was read, in an entry beside those of others."""

    def read(self, fn: Callable[[Reader], T], /) -> T:
        result = super().read(fn)
        self.entries = {**self.entries, b"reads": self.entries.get(b"reads", b"") + b"I"}
        return result


class CommitsWhatRaised(NaiveStore):
    """Commits also what a function has written that raised."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        writer = self.writer(dict(self.entries), self.version + 1)
        try:
            return ended_after(fn, writer)
        finally:
            self.entries, self.version = writer.entries, writer.version


class KeepsBothRuns(NaiveStore):
    """Runs every function twice, the second time on what the first one wrote."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        super().transact(fn)
        return super().transact(fn)


class KeepsTwentyNewKeys(NaiveStore):
    """Keeps 20 new keys of a transaction, and has no room for more."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        before = self.entries
        result = super().transact(fn)
        new = [entry for entry in self.entries.items() if entry[0] not in before]
        for key, _ in new[20:]:
            del self.entries[key]
        return result


def with_reads(reads: type[NaiveReader]) -> type[NaiveStore]:
    """Return a store whose readers and writers read like this."""
    writes: Any = NaiveWriter  # which is a NaiveReader, so `reads` comes first
    writer = type(reads.__name__, (reads, writes), {})
    return type(reads.__name__, (NaiveStore,), {"reader": reads, "writer": writer})


READS = {
    each.__name__: with_reads(each)
    for each in (
        *(NeverReverse, SignedBytes, NoLastByte, ThoseThatAreThere),
        *(InclusiveEnd, SeveralInOrder, Shortlex),
    )
}
WRITES = {
    each.__name__: with_writer(each)
    for each in (
        *(LosesDeletes, EmptyIsMissing, CutsKeys, CutsValues, LowerCase),
        *(ReadsLateInside, BlindToItself, ForgetsTheInner, RunsInPlace, ScanByPlace),
        SharesWithTheInner,
    )
}
STORES: dict[str, type[NaiveStore]] = {
    **READS,
    **WRITES,
    **{
        each.__name__: each
        for each in (
            *(ReadsWithTheTurn, ReadsLate, CountsReads, CommitsWhatRaised, KeepsBothRuns),
            *(KeepsTwentyNewKeys, ForItsThreadAlone),
        )
    },
}
"""All of them, by name."""

NOTICED_BY: dict[str, str] = {
    "l01_a_prefix_holds_what_begins_with_it_up_to_the_byte_ff": "NoLastByte SignedBytes",
    "l01_tuples_come_back_as_they_were_in_their_order": "NoLastByte CutsKeys",
    "l02_a_namespace_keeps_its_kind_and_its_number": "CountsReads LowerCase",
    "l02_namespaces_are_apart_however_many_there_are": "ForgetsTheInner KeepsTwentyNewKeys",
    "l02_namespaces_whose_names_begin_alike_are_apart": "SignedBytes Shortlex",
    "l02_raw_keys_and_lenses_leave_one_another_alone": "NoLastByte SignedBytes",
    "l02_what_only_reads_creates_nothing": "SeveralInOrder CountsReads",
    "l03_a_scan_is_of_its_call_and_the_next_one_is_new": "CountsReads LosesDeletes",
    "l03_a_shelf_keeps_its_objects_in_it": "LosesDeletes ReadsLate",
    "l03_entries_are_deleted_while_they_are_read": "SharesWithTheInner SignedBytes",
    "l03_it_does_what_a_dict_does": "Shortlex CountsReads",
    "l03_keys_are_in_order_and_a_range_has_its_start_and_not_its_end": "NeverReverse InclusiveEnd",
    "l03_several_keys_are_answered_in_the_order_asked_for": "ThoseThatAreThere SeveralInOrder",
    "l03_values_come_back_as_they_were": "CutsValues ScanByPlace",
    "l03_what_is_deleted_is_gone_and_told": "SignedBytes CountsReads",
    "l03_what_the_caller_does_later_changes_nothing_stored": "ScanByPlace ReadsLate",
    "l04_it_counts_as_far_as_integers_go": "ScanByPlace KeepsBothRuns",
    "l04_of_two_writers_with_one_version_one_wins": "LosesDeletes ReadsLate",
    "l04_what_is_expired_is_not_there": "LowerCase LosesDeletes",
    "l05_a_document_comes_back_as_it_was": "CutsKeys SeveralInOrder",
    "l05_a_patch_does_what_it_says": "LowerCase LosesDeletes",
    "l05_an_id_may_hold_any_character": "CutsKeys NeverReverse",
    "l05_an_upsert_updates_what_it_finds_or_inserts_it": "ScanByPlace ReadsLate",
    "l05_many_at_once_are_one_after_the_other": "ThoseThatAreThere SeveralInOrder",
    "l05_missing_is_not_null": "Shortlex EmptyIsMissing",
    "l05_new_ids_rise_and_counted_ones_never_come_twice": "ScanByPlace ReadsLate",
    "l05_of_two_writers_with_one_version_one_wins": "LosesDeletes ReadsLate",
    "l05_what_cannot_be_stored_is_refused_whole": "CountsReads EmptyIsMissing",
    "l05_what_the_caller_does_later_changes_no_document": "ReadsLate KeepsBothRuns",
    "l06_a_path_is_an_object_only_sometimes": "LosesDeletes EmptyIsMissing",
    "l06_an_index_finds_what_a_pass_finds_in_the_same_order": "ThoseThatAreThere NeverReverse",
    "l06_elements_that_repeat_count_once": "LosesDeletes EmptyIsMissing",
    "l06_groups_come_to_what_python_makes_of_them": "KeepsTwentyNewKeys ReadsLate",
    "l06_numbers_have_one_order_however_they_are_written": "CutsKeys SignedBytes",
    "l06_where_and_order_by_share_one_index": "NeverReverse SeveralInOrder",
    "l07_an_error_names_the_index_the_value_and_its_owner": "CommitsWhatRaised Shortlex",
    "l07_an_index_is_built_whole_or_not_at_all": "CommitsWhatRaised CountsReads",
    "l07_it_is_judged_by_what_a_call_leaves": "CommitsWhatRaised LosesDeletes",
    "l07_several_may_have_no_value": "CommitsWhatRaised KeepsTwentyNewKeys",
    "l07_two_documents_do_not_share_an_element": "CommitsWhatRaised Shortlex",
    "l08_a_cursor_goes_on_behind_its_place_whatever_was_written": "NeverReverse SeveralInOrder",
    "l08_a_cursor_of_rows_goes_on_behind_its_place": "SeveralInOrder LosesDeletes",
    "l08_a_loop_in_a_transaction_may_change_what_it_goes_over": "BlindToItself SharesWithTheInner",
    "l08_a_result_reads_anew_each_time": "LosesDeletes ScanByPlace",
    "l08_outside_of_a_transaction_it_is_of_one_state": "LosesDeletes ScanByPlace",
    "l08_pages_are_the_whole_in_parts": "NeverReverse SeveralInOrder",
    "l09_a_class_that_has_grown_takes_its_table_over": "BlindToItself CountsReads",
    "l09_a_key_of_several_columns_is_a_tuple_in_order": "NoLastByte NeverReverse",
    "l09_a_row_of_every_type_comes_back_and_is_found": "CutsKeys SignedBytes",
    "l09_of_two_writers_with_one_version_one_wins": "LosesDeletes ReadsLate",
    "l09_rows_are_changed_as_those_of_a_dict": "CommitsWhatRaised LosesDeletes",
    "l09_rows_are_found_as_plain_python_finds_them": "SeveralInOrder KeepsTwentyNewKeys",
    "l09_what_the_caller_does_later_changes_no_row": "ReadsLate KeepsBothRuns",
    "l09_where_and_order_by_share_one_index": "NeverReverse SeveralInOrder",
    "l10_a_join_in_a_transaction_goes_on_while_rows_change": "SharesWithTheInner ForgetsTheInner",
    "l10_a_join_looks_up_as_many_as_there_are": "SeveralInOrder SignedBytes",
    "l10_a_join_pairs_a_row_with_each_of_its_others": "SeveralInOrder LowerCase",
    "l10_a_join_without_an_index_is_refused": "LowerCase EmptyIsMissing",
    "l10_a_left_join_keeps_rows_without_another": "SeveralInOrder LowerCase",
    "l10_groups_come_to_what_python_makes_of_them": "LowerCase LosesDeletes",
    "l11_an_abort_restores_the_exact_state": "CommitsWhatRaised ForgetsTheInner",
    "l11_an_abort_takes_back_what_it_created": "CommitsWhatRaised CountsReads",
    "l11_an_error_that_is_caught_leaves_no_trace_of_its_call": "RunsInPlace ForgetsTheInner",
    "l11_what_is_refused_leaves_no_trace": "CommitsWhatRaised Shortlex",
    "l12_a_lens_inside_sees_and_is_seen": "ReadsLateInside BlindToItself",
    "l12_a_state_is_read_whole": "BlindToItself NoLastByte",
    "l12_lenses_work_together_in_one_transaction": "CommitsWhatRaised ForgetsTheInner",
    "l12_own_writes_are_read_back": "ReadsLateInside SharesWithTheInner",
    "l13_opening_writes_only_what_is_declared_anew": "CountsReads LowerCase",
    "l13_what_changes_something_is_one_transaction": "SharesWithTheInner CommitsWhatRaised",
    "l13_what_only_reads_is_one_read_and_takes_no_turn": "ReadsWithTheTurn SeveralInOrder",
    "l14_a_whole_transaction_may_run_again": "RunsInPlace ForgetsTheInner",
    "l14_what_runs_again_has_been_done_once": "RunsInPlace SharesWithTheInner",
    "l14_what_runs_again_keeps_its_id_and_its_time": "RunsInPlace ForgetsTheInner",
    "l15_threads_share_a_lens": "ForItsThreadAlone",
}
"""For each check, the names of stores that it has to refuse."""

BROKEN: dict[str, tuple[type[NaiveStore], ...]] = {
    check: tuple(STORES[name] for name in names.split()) for check, names in NOTICED_BY.items()
}
