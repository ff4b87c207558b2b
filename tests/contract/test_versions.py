"""`version=` shows the state as of a commit that the log has, and nothing else about the file."""

import pytest

import libredb
from libredb import (
    CorruptLogError,
    FileSystem,
    GroupCommit,
    RecoveryReport,
    UsageError,
    UsageTypeError,
    UsageValueError,
    verify,
)
from libredb.kernel import compaction
from sim.world.filesystem import SimFileSystem
from tests.support.case import case
from tests.support.files import contents, flipped
from tests.support.work import commit

States = dict[int, dict[bytes, bytes]]


def filled(fs: FileSystem, path: str, *, compacted: bool = False) -> States:
    """Make a database with sets and deletions, and return the state after each commit."""
    states: States = {0: {}}
    with libredb.open(path, fs=fs) as db:
        for number in range(12):
            if number == 6 and compacted:
                states = {db.version: dict(db.scan())}
                db.compact()
                states[db.version] = dict(db.scan())
            if number % 4 == 3:
                db.delete(b"%d" % ((number - 1) % 5))
            else:
                db.set(b"%d" % (number % 5), b"%d" % number * 20)
            states[db.version] = dict(db.scan())
    return states


@pytest.fixture(autouse=True)
def small_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even a small snapshot have many records."""
    monkeypatch.setattr(compaction, "BLOCK_BYTES", 20)
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", 40)


@pytest.mark.parametrize("compacted", [False, True])
def test_every_version_of_the_log_shows_its_state(
    fs: FileSystem, db_path: str, *, compacted: bool
) -> None:
    states = filled(fs, db_path, compacted=compacted)
    assert len(states) == (8 if compacted else 13)
    before = contents(fs, db_path)
    for version, state in states.items():
        with (
            case(version=version),
            libredb.open(db_path, fs=fs, mode="r", version=version) as db,
        ):
            assert dict(db.scan()) == state
            assert db.durable_version == db.version
            assert (db.pending_commits, db.pending_bytes) == (0, 0)
            if not (compacted and version == min(states)):
                assert db.version == version
            with db.read() as tx:
                assert tx.version == db.version
    assert contents(fs, db_path) == before


def test_the_base_version_is_the_state_of_the_whole_snapshot(fs: FileSystem, db_path: str) -> None:
    states = filled(fs, db_path, compacted=True)
    base, snapshotted = list(states)[:2]
    assert snapshotted > base + 1
    with libredb.open(db_path, fs=fs, mode="r", version=base) as db:
        assert (dict(db.scan()), db.version) == (states[base], snapshotted)


def test_a_version_that_is_not_there_is_refused_with_those_that_are(
    memory_fs: SimFileSystem,
) -> None:
    states = filled(memory_fs, "p", compacted=True)
    base, first = list(states)[:2]
    last = max(states)
    for version in (-1, 0, base - 1, base + 1, first - 1, last + 1, 2**70):
        with case(version=version), pytest.raises(UsageValueError) as caught:
            libredb.open("p", fs=memory_fs, mode="r", version=version)
        wanted = f"version must be {base}, or from {first} to {last}, not {version}"
        assert str(caught.value) == wanted
    assert memory_fs.handles == 0
    filled(memory_fs, "other")
    with pytest.raises(UsageValueError, match="version must be from 0 to 12, not 13"):
        libredb.open("other", fs=memory_fs, mode="r", version=13)


def test_an_empty_file_has_version_0(memory_fs: SimFileSystem) -> None:
    memory_fs.install("p", b"")
    with libredb.open("p", fs=memory_fs, mode="r", version=0) as db:
        assert (db.version, list(db.scan())) == (0, [])
    with pytest.raises(UsageValueError, match="version must be 0 in an empty file, not 1"):
        libredb.open("p", fs=memory_fs, mode="r", version=1)


def test_other_modes_and_types_are_refused(fs: FileSystem, db_path: str) -> None:
    filled(fs, db_path)
    for mode in ("rwc", "rw"):
        with case(mode=mode), pytest.raises(UsageError, match="mode must be 'r'"):
            libredb.open(db_path, fs=fs, mode=mode, version=1)
    for version in (True, 1.0, "1"):
        with case(version=version), pytest.raises(UsageTypeError, match="version must be an int"):
            libredb.open(db_path, fs=fs, mode="r", version=version)  # pyright: ignore[reportArgumentType] - the mistake
    for mode in ("rwc", "rw"):
        with pytest.raises(UsageError, match="mode must be 'r'"):
            libredb.open(mode=mode, version=0)
    with pytest.raises(UsageError, match="needs a path"):
        libredb.open(mode="r", version=0)


def test_everything_is_judged_also_what_is_not_shown(memory_fs: SimFileSystem) -> None:
    filled(memory_fs, "p")
    (image,) = (image for image in memory_fs.images("p") if image)
    memory_fs.install("p", flipped(image, len(image) - 1))
    with pytest.raises(CorruptLogError):
        libredb.open("p", fs=memory_fs, mode="r", version=1)


@pytest.mark.cpython(reason="an OPFS handle is exclusive")
def test_a_version_may_be_newer_than_what_is_durable(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs, group_commit=GroupCommit(commits=99)) as writer:
        commit(writer, b"1", b"2")
        writer.sync()
        commit(writer, b"3", b"4", b"5")
        ends: list[tuple[int, int, int]] = []
        for version in range(1, 6):
            with libredb.open(db_path, fs=fs, mode="r", version=version) as db:
                ends.append((db.version, db.durable_version, db.pending_bytes))
    size = 24 + 1 + 4 + 1 + 4  # of each record
    proven = [(1, 1, 0), (2, 2, 0), (3, 2, size), (4, 2, 2 * size), (5, 2, 3 * size)]
    assert ends == proven


def test_the_report_is_about_the_file_and_not_about_the_version(memory_fs: SimFileSystem) -> None:
    filled(memory_fs, "p")
    reports: list[RecoveryReport] = []
    for version in (None, 3):
        libredb.open(
            "p", fs=memory_fs, mode="r", version=version, on_recovery=reports.append
        ).close()
    assert reports[0] == reports[1]
    assert reports[0].version == 12


def test_a_backup_of_an_earlier_version_is_a_database_as_of_then(
    memory_fs: SimFileSystem,
) -> None:
    states = filled(memory_fs, "p", compacted=True)
    for version, state in states.items():
        with case(version=version):
            other = SimFileSystem(memory_fs.style)
            with libredb.open("p", fs=memory_fs, mode="r", version=version) as db:
                db.backup_to("copy", fs=other)
                shown = db.version
                told = list(db.changes(since=shown))
            assert told == []
            assert verify("copy", fs=other).outcome == "clean"
            with libredb.open("copy", fs=other) as copy:
                assert (dict(copy.scan()), copy.version) == (state, shown)
                commit(copy, b"it goes on from there")
