"""Claim: a portion is stored as a whole or not at all, and with it the place where the next begins.

So an import that ended at any boundary, or at any call of the storage that failed, is resumed, and
ends with what one would have stored that nothing disturbed.
"""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import Database, Store, UsageValueError
from libredb.interop import BadLineError, ImportReport, import_json, import_jsonl
from libredb.interop import importing as importing_module
from libredb.interop.target import DocumentsTarget
from libredb.lens.keys.namespace import import_of
from sim.world.filesystem import Crash, SimFileSystem
from tests.support.case import case
from tests.support.faults import Fault

LINES = [json.dumps({"id": f"n{number:02}", "n": number}).encode() + b"\n" for number in range(10)]
ALL = b"".join(LINES)


def run(store: Store, text: bytes, **options: Any) -> ImportReport:
    """Import lines into `notes`, three in a portion."""
    notes = libredb.documents(store, "notes")
    settled: dict[str, Any] = {"portion_rows": 3, **options}
    return import_jsonl(store, io.BytesIO(text), into=notes, **settled)


def ids(store: Store) -> list[str]:
    return [row["id"] for row in libredb.documents(store, "notes").find()]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.inserted, report.updated, report.skipped, report.bad


# Portions


def test_each_portion_is_one_transaction_and_is_told_when_it_is_stored(db: Database) -> None:
    told: list[tuple[int, int, int]] = []

    def tell(report: ImportReport) -> None:
        told.append((report.inserted, report.offset, len(ids(db))))

    run(db, ALL, progress=tell)
    ends = [sum(map(len, LINES[:count])) for count in (3, 6, 9, 10)]
    assert told == [(count, end, count) for count, end in zip((3, 6, 9, 10), ends, strict=True)]
    assert db.version == 4


def test_a_portion_ends_at_its_bytes_as_well(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_module, "PORTION_BYTES", 2 * len(LINES[0]))
    run(db, ALL, portion_rows=1000)
    assert db.version == 5


def test_nothing_of_the_portion_of_a_bad_line_is_stored(store: Store) -> None:
    text = b"".join([*LINES[:4], b"bad\n", *LINES[5:]])
    with pytest.raises(BadLineError) as caught:
        run(store, text)
    assert ids(store) == ["n00", "n01", "n02"]
    assert (caught.value.line, caught.value.report.inserted) == (5, 3)
    assert caught.value.report.offset == sum(map(len, LINES[:3]))


def test_of_several_bad_lines_the_first_one_is_named(store: Store) -> None:
    with pytest.raises(BadLineError) as caught:
        run(store, LINES[0] + LINES[1] + LINES[0] + b"bad\n", portion_rows=10)
    assert (caught.value.line, type(caught.value.__cause__)) == (3, libredb.DuplicateKeyError)
    with pytest.raises(BadLineError) as caught:
        run(store, LINES[0] + b"bad\n" + LINES[0], portion_rows=10)
    assert caught.value.line == 2


def test_a_unique_index_makes_bad_lines(store: Store) -> None:
    libredb.documents(store, "notes").create_index("n", unique=True)
    bad = io.BytesIO()
    line = b'{"id":"other","n":1}\n'
    assert counts(run(store, ALL + line, skip_bad=bad)) == (10, 0, 0, 1)
    assert bad.getvalue() == line
    with pytest.raises(BadLineError, match="n: 'n01' has 1 already") as caught:
        run(store, line)
    assert isinstance(caught.value.__cause__, libredb.UniqueViolationError)


def test_whatever_is_not_about_a_row_passes_on(db: Database) -> None:
    libredb.kv(db, "notes")["a"] = "b"
    with pytest.raises(libredb.NamespaceKindError):
        run(db, ALL, skip_bad=io.BytesIO())


# Duplicates


def test_a_duplicate_is_a_bad_line_unless_somebody_says_otherwise(store: Store) -> None:
    assert counts(run(store, LINES[0] + LINES[1])) == (2, 0, 0, 0)
    changed = b'{"id":"n00","n":"new"}\n'
    with pytest.raises(BadLineError, match="'n00' is in 'notes' already"):
        run(store, changed)
    assert counts(run(store, changed + LINES[2], skip_bad=io.BytesIO())) == (1, 0, 0, 1)
    assert counts(run(store, changed + LINES[3], on_duplicate="skip")) == (1, 0, 1, 0)
    assert libredb.documents(store, "notes").get("n00") == {"id": "n00", "n": 0}
    assert counts(run(store, changed + LINES[4], on_duplicate="replace")) == (1, 1, 0, 0)
    assert libredb.documents(store, "notes").get("n00") == {"id": "n00", "n": "new"}


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_duplicates_within_a_file_are_the_same_in_one_portion_and_in_two(
    store: Store, rows: int
) -> None:
    text = b'{"id":"a","n":1}\n{"id":"a","n":2}\n{"id":"a","n":3}\n'
    assert counts(run(store, text, on_duplicate="skip", portion_rows=rows)) == (1, 0, 2, 0)
    assert libredb.documents(store, "notes").get("a") == {"id": "a", "n": 1}
    libredb.catalog(store).drop("notes")
    assert counts(run(store, text, on_duplicate="replace", portion_rows=rows)) == (1, 2, 0, 0)
    assert libredb.documents(store, "notes").get("a") == {"id": "a", "n": 3}


def test_an_option_that_is_none_is_refused(db: Database) -> None:
    with pytest.raises(UsageValueError, match="on_duplicate is one of error, skip, replace"):
        run(db, ALL, on_duplicate="ignore")
    with pytest.raises(UsageValueError, match="1 row or more"):
        run(db, ALL, portion_rows=0)
    with pytest.raises(libredb.UsageTypeError, match="not into Database"):
        import_jsonl(db, io.BytesIO(ALL), into=db)  # type: ignore[arg-type] - it is refused


# Bad lines


def test_bad_lines_are_left_out_written_as_they_are_and_counted(store: Store) -> None:
    bad = io.BytesIO()
    lines = [LINES[0], b"bad\r\n", b'{"id":7}\n', LINES[1], b"\xff\n", LINES[1], b"[]"]
    report = run(store, b"".join(lines), skip_bad=bad)
    assert counts(report) == (2, 0, 0, 5)
    assert ids(store) == ["n00", "n01"]
    assert bad.getvalue() == b'bad\n{"id":7}\n\xff\n' + LINES[1] + b"[]\n"
    assert [line.line for line in report.bad_lines] == [2, 3, 5, 6, 7]
    assert report.bad_lines[0].raw == b"bad\r\n"


def test_a_report_holds_the_first_ten_bad_lines(db: Database) -> None:
    report = run(db, b"bad\n" * 25, skip_bad=io.BytesIO())
    assert report.bad == 25
    assert [line.line for line in report.bad_lines] == list(range(1, 11))


def test_the_file_of_bad_lines_is_new_for_each_import_and_goes_on_with_it(
    db: Database, tmp_path: Path
) -> None:
    place = tmp_path / "bad.jsonl"
    run(db, LINES[0] + b"one\n", skip_bad=place)
    assert place.read_bytes() == b"one\n"
    run(db, LINES[0] + b"one\n" + b"two\n", skip_bad=place, resume=True)
    assert place.read_bytes() == b"one\ntwo\n"
    run(db, LINES[1], skip_bad=place)
    assert place.read_bytes() == b""


def test_what_a_portion_is_refused_for_is_raised_if_no_row_is_to_blame(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def insert(_: DocumentsTarget, rows: Any) -> None:
        if len(rows) > 1:
            raise libredb.InvalidValueError(f"{len(rows)} rows are too many")

    monkeypatch.setattr(DocumentsTarget, "insert", insert)
    with pytest.raises(libredb.InvalidValueError, match="3 rows are too many"):
        run(db, ALL)
    assert ids(db) == []


def test_no_more_is_read_than_what_is_stored_and_the_next_portion(db: Database) -> None:
    stream = io.BytesIO(b"".join(LINES) * 50)
    told: list[int] = []

    def tell(report: ImportReport) -> None:
        told.append(stream.tell() - report.offset)

    notes = libredb.documents(db, "notes")
    import_jsonl(db, stream, into=notes, progress=tell, on_duplicate="skip", portion_rows=7)
    assert told == [0] * 72


# Resuming


class StopError(Exception):
    """Ends an import from outside."""


def stopped_after(store: Store, portions: int, text: bytes = ALL, **options: Any) -> ImportReport:
    """Import so many portions; return the last report."""
    reports: list[ImportReport] = []

    def stop(report: ImportReport) -> None:
        reports.append(report)
        if len(reports) == portions:
            raise StopError

    with pytest.raises(StopError):
        run(store, text, progress=stop, **options)
    return reports[-1]


@pytest.mark.parametrize("portions", [1, 2, 3, 4])
@pytest.mark.parametrize("again", [1, 3, 1000])
def test_an_import_is_resumed_at_every_boundary(store: Store, portions: int, again: int) -> None:
    stopped = stopped_after(store, portions)
    assert ids(store) == [f"n{number:02}" for number in range(min(3 * portions, 10))]
    report = run(store, ALL, resume=True, portion_rows=again)
    assert ids(store) == [f"n{number:02}" for number in range(10)]
    assert counts(report) == (10, 0, 0, 0)
    assert (report.resumed_at, report.offset) == (stopped.offset, len(ALL))


def test_resuming_what_is_done_stores_nothing_and_says_what_is_there(db: Database) -> None:
    first = run(db, ALL)
    version = db.version
    assert run(db, ALL, resume=True) == replace(first, resumed_at=len(ALL))
    assert db.version == version


def test_resuming_what_never_began_begins(store: Store) -> None:
    assert counts(run(store, ALL, resume=True)) == (10, 0, 0, 0)


def test_lines_that_came_later_are_imported_by_resuming(db: Database) -> None:
    run(db, b"".join(LINES[:4]))
    report = run(db, ALL, resume=True)
    assert counts(report) == (10, 0, 0, 0)


def test_a_corrected_line_is_imported_by_resuming(store: Store) -> None:
    with pytest.raises(BadLineError):
        run(store, b"".join([*LINES[:7], b"bad\n", *LINES[8:]]))
    assert counts(run(store, ALL, resume=True)) == (10, 0, 0, 0)
    assert len(ids(store)) == 10


def test_counts_go_on_where_they_were(db: Database) -> None:
    text = b"bad\n" + LINES[0] + LINES[0] + b"bad\n" + LINES[1] + LINES[1]
    stopped = stopped_after(db, 1, text, skip_bad=io.BytesIO(), on_duplicate="skip")
    assert counts(stopped) == (1, 0, 1, 1)
    report = run(db, text, skip_bad=io.BytesIO(), on_duplicate="skip", resume=True)
    assert counts(report) == (2, 0, 2, 2)
    assert [line.line for line in report.bad_lines] == [4]


@pytest.mark.parametrize(
    "other", [b"x" + ALL[1:], ALL[1:], ALL[:20], b"", ALL.replace(b"n02", b"n22")]
)
def test_another_source_is_not_gone_on_with(db: Database, other: bytes) -> None:
    stopped_after(db, 1)
    with pytest.raises(UsageValueError, match="is not what was imported so far"):
        run(db, other, resume=True)
    assert len(ids(db)) == 3


def test_an_import_without_resume_begins_anew(db: Database) -> None:
    run(db, b"".join(LINES[:4]))
    run(db, b"".join(LINES[4:6]))
    with pytest.raises(UsageValueError, match="is not what was imported so far"):
        run(db, ALL, resume=True)


def test_an_import_of_another_format_is_not_gone_on_with(db: Database) -> None:
    run(db, ALL)
    with pytest.raises(UsageValueError, match="was one of jsonl, and this is one of json"):
        import_json(db, io.BytesIO(b"[]"), into=libredb.documents(db, "notes"), resume=True)


def test_what_cannot_be_read_again_is_not_resumed(db: Database) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    notes = libredb.documents(db, "notes")
    report = import_jsonl(db, Pipe(ALL), into=notes, portion_rows=3)
    assert (report.inserted, report.size) == (10, None)
    with pytest.raises(UsageValueError, match="cannot be resumed, for it is no file"):
        import_jsonl(db, Pipe(ALL), into=notes, resume=True)


def test_a_namespace_that_was_dropped_has_no_import_to_go_on_with(store: Store) -> None:
    stopped_after(store, 2)
    libredb.catalog(store).drop("notes")
    assert store.read(lambda tx: tx.get(import_of(1))) is None
    assert counts(run(store, ALL, resume=True)) == (10, 0, 0, 0)
    assert libredb.catalog(store).check() == []


def test_a_namespace_that_was_renamed_is_gone_on_with(store: Store) -> None:
    stopped_after(store, 2)
    libredb.catalog(store).rename("notes", "others")
    others = libredb.documents(store, "others")
    assert import_jsonl(store, io.BytesIO(ALL), into=others, resume=True).inserted == 10
    assert len(list(others.find())) == 10


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format":"jsonl","offset":"x"}'])
def test_a_damaged_record_is_told(db: Database, data: bytes) -> None:
    run(db, ALL)
    db.set(import_of(1), data)
    with pytest.raises(libredb.DamagedEntryError, match="the record of the import into 'notes'"):
        run(db, ALL, resume=True)


# Storage that fails


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [OSError(5, "broken"), Crash()])
def test_an_import_is_resumed_after_every_call_of_the_storage_that_failed(
    when: Any, error: BaseException
) -> None:
    expected = [{"id": f"n{number:02}", "n": number} for number in range(10)]
    at = 0
    while True:
        at += 1
        fs = SimFileSystem()
        with case(at=at, when=when, error=error):
            db = libredb.open("p", fs=fs)
            fault = Fault(fs, error, at, when)
            ended = False
            try:
                run(db, ALL)
            except (OSError, Crash):
                ended = True
            fs.hook = None
            fs.process_kill()
            with libredb.open("p", fs=fs) as again:
                found = ids(again)
                assert found == [f"n{number:02}" for number in range(len(found))]
                assert len(found) in {0, 3, 6, 9, 10}
                report = run(again, ALL, resume=True)
                assert counts(report) == (10, 0, 0, 0)
                assert list(libredb.documents(again, "notes").find()) == expected
            if not fault.happened:
                assert not ended
                break
    assert at > 8
