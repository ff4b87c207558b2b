"""Claim: a damaged file tells its history up to the damage, and nothing that was not in it.

Hundreds of damaged files, some of each scenario: what `history` yields is applied commit by commit,
and has to be the states that were there, in their order. What `libredb verify` and `libredb log`
say of the same files is what `libredb.verify` says, and no byte of them is changed.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

import libredb
from libredb import CorruptLogError, LogFileError
from libredb.cli.escapes import unescape
from libredb.interop import LogHistory, history
from libredb.kernel.record import FileHeader
from sim.world.filesystem import SimFileSystem
from sim.world.generator import Generator
from sim.world.handles import SimLogFile
from tests.damage.logs import PATH, RECORDS_OFFSET, Op, State, Writer, apply, make_commits
from tests.damage.scenarios import TABLES, Case, Scenario
from tests.support.files import ID, SALT, contents, log_image, put

SCENARIOS = [scenario for table in TABLES.values() for scenario in table]
EACH, STRIDE = 10, 9


def some(scenario: Scenario) -> Iterator[Case]:
    """Yield a few cases of a scenario, from all over."""
    return islice(scenario.cases(Generator(20)), 0, EACH * STRIDE, STRIDE)


def states_of(found: LogHistory) -> list[State]:
    """Return the state after each commit of a history without a snapshot."""
    state: State = {}
    states = [state]
    for commit in found.commits():
        state = dict(state)
        apply(state, list(commit.ops))
        states.append(state)
    return states


def is_prefix(found: list[State], case: Case) -> bool:
    """Whether these states are the first ones of a case, or end in one that a device took back."""
    wanted = [*case.states[: len(found)]]
    return found == wanted or found[-1] == case.older


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_history_is_what_was_committed_up_to_the_damage(scenario: Scenario) -> None:
    for number, case in enumerate(some(scenario)):
        fs = SimFileSystem()
        put(fs, PATH, case.data)
        report = libredb.verify(PATH, fs=fs)
        if report.error is not None and report.error.offset < RECORDS_OFFSET:
            with pytest.raises(LogFileError) as refusal:  # nobody can read on from there
                history(PATH, fs=fs)
            assert str(refusal.value) == str(report.error), number
            continue
        found = history(PATH, fs=fs)
        if report.error is None:
            assert (found.outcome, found.end) == (report.outcome, report.offset), number
            assert (found.version, found.error) == (report.version, None), number
        else:
            assert (found.outcome, str(found.error)) == ("damaged", str(report.error)), number
            assert isinstance(found.error, CorruptLogError), number
            assert found.durable_version <= found.version, number
        if not found.snapshot_records and "by hand" not in scenario.name:
            states = states_of(found)
            assert len(states) == found.version + 1, number
            assert is_prefix(states, case), number
        assert contents(fs, PATH) == [case.data], number


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the exit code of a command, and what it printed."""
    from libredb.cli.main import main  # a browser has no commands

    code = main(list(arguments))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def op_of(line: dict[str, str]) -> Op:
    if "delete" in line:
        return unescape(line["delete"]), None
    return unescape(line["set"]), unescape(line["value"])


@pytest.mark.cpython  # commands open files of the operating system
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_commands_say_where_the_damage_is_and_change_nothing(
    scenario: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "app.libredb"
    for number, case in enumerate(some(scenario)):
        path.write_bytes(case.data)
        written = path.stat().st_mtime_ns
        report = libredb.verify(path)
        code, out, err = told(capsys, "verify", str(path))
        assert code == (0 if report.error is None else 4), number
        assert f"byte {report.offset:,}" in out or report.outcome == "empty", (number, out)
        assert err == ("" if report.error is None else f"libredb: {report.error}\n"), number
        log_code, lines, log_err = told(capsys, "log", str(path), "--ops", "--jsonl")
        assert (log_code, log_err) == (code, err), number
        commits = [json.loads(line) for line in lines.splitlines()]
        state: State = {}
        for commit in commits:
            apply(state, list(map(op_of, commit["ops"])))
            assert commit["op_count"] == len(commit["ops"]), number
        if report.error is None and commits and commits[0]["version"] == 1:
            with libredb.open(path, mode="r") as db:
                assert dict(db.scan()) == state, number
        assert path.read_bytes() == case.data, number
        assert path.stat().st_mtime_ns == written, number
        assert [file.name for file in tmp_path.iterdir()] == ["app.libredb"], number


def test_more_than_two_hundred_files_are_damaged() -> None:
    assert sum(1 for scenario in SCENARIOS for _ in some(scenario)) > 200


def test_a_history_says_what_is_durable_and_what_is_not() -> None:
    writer = Writer(make_commits(Generator(3), 4))
    writer.group(*make_commits(Generator(4), 3, first=5))
    log = writer.image()
    fs = SimFileSystem()
    put(fs, PATH, log.data)
    found = history(PATH, fs=fs)
    assert (found.version, found.durable_version, found.outcome) == (7, 4, "clean")
    commits = list(found.commits())
    assert [commit.is_durable for commit in commits] == [True] * 4 + [False] * 3
    assert [commit.offset for commit in commits] == list(log.starts[:-1])
    assert [commit.offset + commit.size_bytes for commit in commits] == list(log.starts[1:])
    assert [commit.version for commit in found.commits(since=5)] == [6, 7]


def test_a_history_behind_a_snapshot_begins_with_the_commits_that_follow_it() -> None:
    writer = Writer(make_commits(Generator(3), 6))
    writer.compact(piece_bytes=64)
    end = writer.db.log_bytes
    writer.commit(*make_commits(Generator(4), 2, first=7))
    (data,) = writer.fs.images(PATH)
    fs = SimFileSystem()
    put(fs, PATH, data)
    found = history(PATH, fs=fs)
    assert (found.base_version, found.snapshot_end, found.generation) == (6, end, 1)
    assert found.snapshot_entries == len(writer.states[0])
    assert found.snapshot_version == 6 + found.snapshot_records >= 7
    assert [commit.version for commit in found.commits()] == [
        found.snapshot_version + 1,
        found.snapshot_version + 2,
    ]


def test_a_history_ends_where_the_file_was_replaced_meanwhile() -> None:
    writer = Writer(make_commits(Generator(3), 4))
    found = history(PATH, fs=writer.fs)
    writer.compact()
    with pytest.raises(libredb.UsageError, match="was compacted or replaced; read its history"):
        list(found.commits())


def test_blocks_that_are_none_are_damage_at_their_record() -> None:
    fs = SimFileSystem()
    put(fs, PATH, log_image([b"\2no blocks"], header=FileHeader(SALT, ID, 1, 1, 5)))
    found = history(PATH, fs=fs)
    assert (found.outcome, found.version, found.durable_version) == ("damaged", 5, 5)
    assert (found.end, list(found.commits())) == (RECORDS_OFFSET, [])
    assert "a valid record holds malformed ops or blocks" in str(found.error)


def test_a_short_read_is_no_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(make_commits(Generator(3), 4))
    writer.db.close()
    read = SimLogFile.read

    def read_less(self: SimLogFile, offset: int, length: int) -> bytes:
        return read(self, offset, length)[: length - (length > RECORDS_OFFSET)]

    monkeypatch.setattr(SimLogFile, "read", read_less)
    with pytest.raises(libredb.IncompleteReadError):
        history(PATH, fs=writer.fs)


def test_a_browser_needs_a_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "emscripten")
    with pytest.raises(libredb.UsageError, match="in Pyodide a path needs fs="):
        history(PATH)


def test_an_empty_file_has_an_empty_history_and_a_foreign_one_none() -> None:
    fs = SimFileSystem()
    put(fs, PATH, b"")
    found = history(PATH, fs=fs)
    assert (found.outcome, found.version, list(found.commits())) == ("empty", 0, [])
    put(fs, PATH, b"something else")
    with pytest.raises(libredb.NotADatabaseError):
        history(PATH, fs=fs)
    with pytest.raises(libredb.StorageNotFoundError):
        history("missing.libredb", fs=fs)
