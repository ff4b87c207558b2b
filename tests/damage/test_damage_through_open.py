"""`libredb.open` does with damaged files what recovery judges, and changes none that it refuses.

The scenarios are judged as bytes, which is fast (test_outcomes.py). Here a sample of the same cases
goes through the whole of opening, in both styles of keeping a file: an opened database shows what
recovery found, takes a commit, and keeps both; a refused file stays as it was, and `verify`
reports it without raising.
"""

from collections.abc import Iterator
from itertools import islice

import pytest

import libredb
from libredb import LogFileError, RecoveryReport
from sim.world.filesystem import SimFileSystem, Style
from sim.world.generator import Generator
from tests.damage.damage import cuts
from tests.damage.logs import PATH, RECORDS_OFFSET, State, Writer, judge, make_commits
from tests.damage.scenarios import MEANINGFUL, TABLES, Case, Scenario

SCENARIOS = [scenario for table in TABLES.values() for scenario in table]
STYLES: tuple[Style, ...] = ("rename", "slots")
SAMPLE = 60
HEADER_LENGTH = 44


def sample(scenario: Scenario) -> Iterator[Case]:
    cases = list(scenario.cases(Generator(20)))
    return islice(cases, 0, None, max(1, len(cases) // SAMPLE))


def open_and_go_on(fs: SimFileSystem) -> State | None:
    """Return what the database shows, None if it is refused; one that opens takes a commit."""
    before = fs.images(PATH)
    verdict = libredb.verify(PATH, fs=fs)
    reports: list[RecoveryReport] = []
    if verdict.error is not None:
        with pytest.raises(LogFileError) as refusal:
            libredb.open(PATH, fs=fs)
        assert fs.images(PATH) == before
        assert (type(refusal.value), str(refusal.value)) == (
            type(verdict.error),
            str(verdict.error),
        )
        return None
    db = libredb.open(PATH, fs=fs, on_recovery=reports.append)
    assert fs.handles == 1
    recovered = libredb.verify(PATH, fs=fs)
    assert (recovered.outcome, recovered.damaged_mark) == ("clean", False)
    shown = dict(db.scan())
    (report,) = reports
    if report.outcome == "created":
        assert verdict.outcome == "empty"
    else:
        assert (verdict.outcome, verdict.version) == (report.outcome, report.version)
        assert (verdict.entries, verdict.offset) == (len(shown), report.offset)
    with db:
        db.transact(lambda tx: tx.set(b"afterwards", b"a commit"))
        assert db.version == report.version + 1
    with libredb.open(PATH, fs=fs, mode="r") as again:
        assert dict(again.scan()) == {**shown, b"afterwards": b"a commit"}
    return shown


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_open_shows_what_recovery_finds_and_refuses_the_rest_unchanged(
    scenario: Scenario, style: Style
) -> None:
    for case in sample(scenario):
        fs = SimFileSystem(style)
        fs.install(PATH, case.data)
        assert open_and_go_on(fs) == judge(case.data)


@pytest.mark.parametrize("style", STYLES)
def test_a_closed_file_cut_to_any_length_is_refused_and_cut_to_nothing_is_new(style: Style) -> None:
    log = Writer(make_commits(Generator(3), 3)).closed()
    lengths = [*range(64), *range(64, RECORDS_OFFSET, 512), *range(RECORDS_OFFSET, log.end)]
    shown: dict[int, State | None] = {}
    for length in lengths:
        fs = SimFileSystem(style)
        fs.install(PATH, log.data[:length])
        shown[length] = open_and_go_on(fs)
    assert shown.pop(0) == {}
    assert set(shown.values()) == {None}


def test_a_cut_unclosed_file_shows_every_commit_whose_record_is_whole() -> None:
    log = Writer(make_commits(Generator(4), 6)).image()
    for data in cuts(log.data, range(RECORDS_OFFSET, log.end + 1)):
        fs = SimFileSystem()
        fs.install(PATH, data)
        whole = sum(end <= len(data) for end in log.starts[1:])
        assert open_and_go_on(fs) == log.states[whole]


@pytest.mark.parametrize("count", [0, 3])
def test_every_byte_of_both_pages_matters_or_is_padding(count: int) -> None:
    log = Writer(make_commits(Generator(5), count)).closed()
    for offset in (*range(64), *range(4096, 4096 + 64), RECORDS_OFFSET - 1):
        damaged = bytearray(log.data)
        damaged[offset] ^= 16
        fs = SimFileSystem()
        fs.install(PATH, bytes(damaged))
        report = libredb.verify(PATH, fs=fs)
        if offset < HEADER_LENGTH:
            assert report.outcome == "refused"
        else:
            assert report.outcome == "clean"
            assert report.damaged_mark == (offset in MEANINGFUL)
            assert open_and_go_on(fs) == log.states[-1]
