"""Importing: rows of a source go into a namespace, a portion in each transaction.

    read up to 1,000 rows or 4 MiB  ->  write them and the record of the import  ->  commit  ->  ..

A portion is there as a whole or not at all, and with it the place in the source where the next one
begins; that is all there is to resuming. All rows of a portion are written in one call. Only if the
lens refuses that are they tried one by one, in a transaction that is aborted, to tell which ones.
Absent on purpose: threads; reading ahead of the commit, which would cost the bound on memory.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, Protocol, TypedDict

from libredb.interop import resume
from libredb.interop.errors import BadLineError
from libredb.interop.report import MOST_BAD_LINES, BadLine, ImportReport
from libredb.interop.source import Position
from libredb.interop.target import Target
from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Store, Writer
from libredb.lens.errors import DuplicateKeyError, InvalidValueError, UniqueViolationError

PORTION_ROWS = 1_000
PORTION_BYTES = 4 << 20

OnDuplicate = Literal["error", "skip", "replace"]
DUPLICATES = ("error", "skip", "replace")

REFUSED = (InvalidValueError, DuplicateKeyError, UniqueViolationError)
"""What a lens raises about one row; whatever else it raises is about the whole import."""


class ImportOptions(TypedDict, total=False):
    """What every import can be told.

    Attributes:
        on_duplicate: What to do with a row whose key is there already: "error" (the default) takes
            it for a bad line, "skip" leaves it out, "replace" puts it in place of the other one.
        skip_bad: Where bad lines go, a path or a stream; by default the first one ends the import.
            A path is written anew, or appended to if the import is resumed; what was read again
            after a crash can stand there twice.
        resume: Go on where the last import into this namespace was when it ended; at the beginning,
            if there was none.
        progress: Called with a report after each portion, which is stored then.
        portion_rows: How many rows are committed together at most.
    """

    on_duplicate: OnDuplicate
    skip_bad: str | os.PathLike[str] | BinaryIO | None
    resume: bool
    progress: Callable[[ImportReport], object] | None
    portion_rows: int


class Given(NamedTuple):
    """A row as a format reads it.

    Attributes:
        line: Where it begins in its source, from 1.
        raw: Its bytes; None if they are too many to be kept, and then it cannot be skipped.
        value: What the target takes, unless there is a problem.
        problem: What is wrong with it, or None.
    """

    line: int
    raw: bytes | None
    value: Any
    problem: str | None = None


class RowReader(Protocol):
    """What a format is: rows out of a source, and the place behind the last one that was read.

    Attributes:
        form: Its name, which is recorded.
        noun: What a message calls a row of it.
        name: What a message calls the source.
        size: How much there is in the source, if that is known.
    """

    form: str
    noun: str
    name: str
    size: int | None

    def begin(self, offset: int) -> None:
        """Read up to an offset: 0, or one that `position` has told."""
        ...

    def rows(self) -> Iterator[Given]:
        """Yield the rows from there on.

        A problem with more than one row is raised as a `SourceProblem`.
        """
        ...

    def position(self) -> Position:
        """Return the place behind the last row."""
        ...

    def head(self) -> bytes:
        """Return what bad lines are preceded by, so that they can be imported in their turn."""
        ...


class SourceProblem(Exception):  # noqa: N818 - it becomes a BadLineError, which knows the report
    """The source cannot be read on, at this line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class Rules:
    """The options of an import, checked."""

    on_duplicate: OnDuplicate = "error"
    skip_bad: str | os.PathLike[str] | BinaryIO | None = None
    resume: bool = False
    progress: Callable[[ImportReport], object] | None = None
    portion_rows: int = PORTION_ROWS

    def __post_init__(self) -> None:
        """Refuse what is no option."""
        if self.on_duplicate not in DUPLICATES:
            known = ", ".join(DUPLICATES)
            raise UsageValueError(f"on_duplicate is one of {known}, not {self.on_duplicate!r}")
        if self.portion_rows < 1:
            raise UsageValueError(f"a portion has 1 row or more, not {self.portion_rows}")


Tell = Callable[[BadLine], None]


def run_import(
    store: Store, reader: RowReader, target: Target, options: ImportOptions
) -> ImportReport:
    """Import all rows of a reader into a target.

    Raises:
        BadLineError: a row cannot be stored, and bad lines are not skipped.
        UsageValueError: an option is none, or what is to be resumed is another source.
    """
    rules = Rules(**options)
    report = _beginning(store, reader, target, rules)
    with _bad_file(rules, reader.head()) as tell:
        portions = _Portions(store, reader, target, rules, tell)
        rows = reader.rows()
        while portion := _next_portion(rows, rules, reader, report):
            report = portions.store(portion, report)
            if rules.progress is not None:
                rules.progress(report)
    return report


def _beginning(store: Store, reader: RowReader, target: Target, rules: Rules) -> ImportReport:
    """Bring the reader to where the import begins, and return what is stored before."""
    report = ImportReport(target.name)
    if not rules.resume:
        _read_up_to(reader, 0, report)
        return replace(report, size=reader.size)
    report, wanted = store.read(lambda tx: resume.load(tx, target.name, reader.form))
    _read_up_to(reader, wanted.offset, report)
    resume.require_same(reader.name, reader.position(), wanted)
    return replace(report, size=reader.size)


def _read_up_to(reader: RowReader, offset: int, report: ImportReport) -> None:
    try:
        reader.begin(offset)
    except SourceProblem as problem:
        raise _error(reader, problem.line, str(problem), report) from None


def _next_portion(
    rows: Iterator[Given], rules: Rules, reader: RowReader, report: ImportReport
) -> list[Given]:
    """Return the next rows; where bad lines are not skipped, the first one is the last of them."""
    portion: list[Given] = []
    length, most = 0, rules.portion_rows
    try:
        for given in rows:
            portion.append(given)
            length += len(given.raw or b"")
            is_last = given.problem is not None and rules.skip_bad is None
            if is_last or len(portion) == most or length >= PORTION_BYTES:
                break
    except SourceProblem as problem:
        raise _error(reader, problem.line, str(problem), report) from None
    return portion


class _Portions:
    """Stores portions, one after the other."""

    def __init__(
        self, store: Store, reader: RowReader, target: Target, rules: Rules, tell: Tell
    ) -> None:
        self._store = store
        self._reader = reader
        self._target = target
        self._rules = rules
        self._tell = tell

    def store(self, portion: Sequence[Given], report: ImportReport) -> ImportReport:
        """Store a portion with the place behind it; return the report with it.

        Bad lines are told when all others are written, and before the commit, so that none is lost
        if this process dies between.
        """
        position = self._reader.position()
        bad = [_Refused(given, given.problem, None) for given in portion if given.problem]
        good = [given for given in portion if given.problem is None]
        if bad and self._rules.skip_bad is None:
            # What the lens refuses before the line that cannot be read is to be told first.
            bad = self._refused(good) or bad
        while True:
            self._raise_first(bad, report)
            try:
                return self._committed(good, bad, replace(report, offset=position.offset), position)
            except REFUSED:
                refused = self._refused(good)
                if not refused:
                    raise
            without = {id(each.given) for each in refused}
            good = [given for given in good if id(given) not in without]
            bad = sorted([*bad, *refused], key=lambda each: each.given.line)

    def _raise_first(self, bad: Sequence["_Refused"], report: ImportReport) -> None:
        """Raise the error about the first line that cannot be left out."""
        for given, reason, cause in bad:
            if self._rules.skip_bad is None or given.raw is None:
                raise _error(self._reader, given.line, reason, report) from cause

    def _committed(
        self,
        good: Sequence[Given],
        bad: Sequence["_Refused"],
        report: ImportReport,
        position: Position,
    ) -> ImportReport:
        """Write rows and the record of the import in one transaction; tell the bad lines once."""
        rows = [given.value for given in good]
        lines = [BadLine(given.line, reason, given.raw or b"") for given, reason, _ in bad]
        shown = (*report.bad_lines, *lines)[:MOST_BAD_LINES]
        report = replace(report, bad=report.bad + len(lines), bad_lines=shown)
        target, rules, form = self._target, self._rules, self._reader.form

        def write(tx: Writer) -> ImportReport:
            written = _written(tx, target, rows, rules.on_duplicate, report)
            resume.save(tx, written, form, position.sha256)
            while lines:
                self._tell(lines.pop(0))
            return written

        return self._store.transact(write)

    def _refused(self, good: Sequence[Given]) -> list["_Refused"]:
        """Return which rows the lens refuses, by trying; the first one where that is enough."""
        found: list[_Refused] = []
        target, rules = self._target, self._rules
        nothing = ImportReport(target.name)

        def try_all(tx: Writer) -> None:
            found.clear()
            for given in good:
                rows = [given.value]
                try:
                    tx.transact(
                        lambda one, rows=rows: _written(
                            one, target, rows, rules.on_duplicate, nothing
                        )
                    )
                except REFUSED as error:
                    found.append(_Refused(given, str(error), error))
                    if rules.skip_bad is None:
                        break
            raise _EndOfTrialError

        with suppress(_EndOfTrialError):
            self._store.transact(try_all)
        return found


class _EndOfTrialError(Exception):
    """Aborts the transaction in which rows are tried."""


class _Refused(NamedTuple):
    """A row that cannot be stored, why, and the error that says so."""

    given: Given
    reason: str
    cause: Exception | None


def _written(
    tx: Writer, target: Target, rows: list[Any], on_duplicate: OnDuplicate, report: ImportReport
) -> ImportReport:
    """Write rows into a target inside a transaction; return the report with them."""
    if not rows:
        return report
    into = target.on(tx)
    if on_duplicate == "error":
        into.insert(rows)
        return replace(report, inserted=report.inserted + len(rows))
    is_there = into.is_there(rows)
    there, new = sum(is_there), len(rows) - sum(is_there)
    inserted = report.inserted + new
    if on_duplicate == "replace":
        into.put(rows)
        return replace(report, inserted=inserted, updated=report.updated + there)
    into.insert([row for row, known in zip(rows, is_there, strict=True) if not known])
    return replace(report, inserted=inserted, skipped=report.skipped + there)


def _error(reader: RowReader, line: int, reason: str, report: ImportReport) -> BadLineError:
    return BadLineError(reader.name, line, reason, report, reader.noun)


@contextmanager
def _bad_file(rules: Rules, head: bytes) -> Iterator[Tell]:
    """Yield what writes a bad line to where it goes."""
    place = rules.skip_bad
    if place is None or not isinstance(place, (str, os.PathLike)):
        yield _teller(place)
        return
    path = Path(place)
    is_new = not (rules.resume and path.exists() and path.stat().st_size)
    with path.open("wb" if is_new else "ab") as file:
        if is_new:
            file.write(head)
        yield _teller(file)


def _teller(file: BinaryIO | None) -> Tell:
    def tell(line: BadLine) -> None:
        assert file is not None, "a bad line ends an import that does not skip them"
        file.write(line.raw.rstrip(b"\r\n") + b"\n")
        file.flush()

    return tell
