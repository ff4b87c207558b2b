"""Whatever the bytes of a file are, `open` shows a database or refuses it, and `verify` agrees.

Arbitrary bytes; real files with bytes edited, cut out, put in, swapped and repeated; and files with
arbitrary fields whose checks hold. No exception but a LibreDBError ever comes out. What is refused
stays as it was. What is opened shows the same when it is opened again, and takes a commit.
"""

from contextlib import suppress
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import libredb
from libredb import LogFileError, RecoveryReport, UsageError
from sim.world.filesystem import SimFileSystem, Style
from tests.format import make_files
from tests.property.forge import Header, Record, forged
from tests.property.profile import examples

PATH = "app.libredb"
LARGEST = 2**64 - 1
LAST_VERSION = 2**63
LAST_GENERATION = 2**31
STYLES: tuple[Style, ...] = ("rename", "slots")
styles = st.sampled_from(STYLES)


def judge(data: bytes, style: Style) -> str:
    """Open a file of these bytes in every way, assert the claim, and return the outcome."""
    fs = SimFileSystem(style)
    fs.install(PATH, data)
    before = fs.images(PATH)
    verdict = libredb.verify(PATH, fs=fs)
    if verdict.error is not None:
        for mode in ("rwc", "rw", "r"):
            with pytest.raises(LogFileError) as refusal:
                libredb.open(PATH, fs=fs, mode=mode)
            error = refusal.value
            assert (type(error), str(error)) == (type(verdict.error), str(verdict.error))
        assert fs.images(PATH) == before
        assert fs.handles == 0
        return "refused"
    with libredb.open(PATH, fs=fs, mode="r") as db:
        shown = list(db.scan())
    assert fs.images(PATH) == before
    reports: list[RecoveryReport] = []
    with libredb.open(PATH, fs=fs, on_recovery=reports.append) as db:
        assert list(db.scan()) == shown
        assert len(shown) == verdict.entries
        version = db.version
    (report,) = reports
    assert report.version == verdict.version == version
    assert report.outcome == ("created" if verdict.outcome == "empty" else verdict.outcome)
    assert libredb.verify(PATH, fs=fs).outcome == "clean"
    with libredb.open(PATH, fs=fs) as db:
        db.transact(lambda tx: tx.set(b"one", b"more"))
    with libredb.open(PATH, fs=fs) as db:
        assert db.version == version + 1
        assert dict(db.scan()) == {**dict(shown), b"one": b"more"}
    return verdict.outcome


@cache
def originals() -> tuple[bytes, ...]:
    """Return real files, closed and not."""
    return tuple(maker() for maker in make_files.MAKERS)


@examples(300)
@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"L", b"LRDB", b"LRDB\0\2", b"LRDB\0\2\0\0", Header().encode()]),
    st.sampled_from([0, 36, 4096, 8191, 8192, 8193, 9000]),
    styles,
)
@example(data=b"", start=b"", length=0, style="rename")
@example(data=b"", start=b"", length=8192, style="slots")
def test_arbitrary_bytes_are_judged(data: bytes, start: bytes, length: int, style: Style) -> None:
    judge((start + data).ljust(length, b"\0"), style)


positions = st.one_of(
    st.integers(0, 36),
    st.integers(4096, 4110),
    st.integers(8190, 8500),
    st.integers(0, 9000),
)
edits = st.one_of(
    st.tuples(st.just("write"), positions, positions, st.binary(min_size=1, max_size=12)),
    st.tuples(st.just("insert"), positions, positions, st.binary(min_size=1, max_size=40)),
    st.tuples(
        st.sampled_from(["cut", "swap", "repeat", "remove", "zero"]),
        positions,
        positions,
        st.binary(max_size=1),
    ),
    st.tuples(st.just("append"), positions, positions, st.binary(min_size=1, max_size=60)),
)


def edited(data: bytes, what: str, first: int, second: int, piece: bytes) -> bytes:
    """Return the bytes after one edit."""
    low, high = sorted((min(first, len(data)), min(second, len(data))))
    middle = (low + high) // 2
    return {
        "write": data[:low] + piece + data[low + len(piece) :],
        "insert": data[:low] + piece + data[low:],
        "cut": data[:high],
        "swap": data[:low] + data[middle:high] + data[low:middle] + data[high:],
        "repeat": data[:high] + data[low:],
        "remove": data[:low] + data[high:],
        "zero": data[:low] + bytes(high - low) + data[high:],
        "append": data + piece,
    }[what]


@examples(800)
@given(
    st.integers(0, len(make_files.MAKERS) - 1),
    st.lists(edits, min_size=1, max_size=3),
    styles,
)
def test_edited_files_are_judged(
    which: int, changes: list[tuple[str, int, int, bytes]], style: Style
) -> None:
    data = originals()[which]
    for change in changes:
        data = edited(data, *change)
    judge(data, style)


def set_op(key: bytes, value: bytes) -> bytes:
    return b"\1" + len(key).to_bytes(4, "big") + key + len(value).to_bytes(4, "big") + value


def delete_op(key: bytes) -> bytes:
    return b"\0" + len(key).to_bytes(4, "big") + key


small_keys = st.binary(max_size=2)
payloads = st.one_of(
    st.builds(set_op, small_keys, small_keys),
    st.builds(delete_op, small_keys),
    st.lists(st.builds(set_op, small_keys, small_keys), max_size=3).map(b"".join),
    st.binary(max_size=12),
)
u32 = st.one_of(st.integers(0, 4), st.integers(2**32 - 2, 2**32 - 1), st.integers(0, 2**32 - 1))
u64 = st.one_of(
    st.integers(0, 4),
    st.integers(LAST_VERSION - 4, LAST_VERSION + 4),
    st.integers(LARGEST - 4, LARGEST),
    st.integers(0, LARGEST),
)
generations = st.one_of(st.integers(0, 4), st.integers(LAST_GENERATION - 2, LAST_GENERATION + 2))
base_versions = st.one_of(st.integers(0, 4), st.integers(0, LAST_VERSION))
mostly = st.integers(0, 19).map(lambda number: number < 18)
good_records = st.builds(Record, st.builds(set_op, small_keys, small_keys), unsynced=st.just(0))
usual_records = st.builds(Record, payloads, st.none(), st.integers(0, 2))
any_records = st.builds(
    Record,
    payloads,
    st.none() | u64,
    u32,
    st.none() | u32,
    mostly,
    mostly,
)
usual_headers = st.builds(Header, generation=generations, base_version=base_versions)
any_headers = st.builds(
    Header,
    format_version=st.sampled_from([2, 0, 1, 3, 65535]),
    flags=st.sampled_from([0, 1, 0x8000]),
    salt=st.binary(min_size=8, max_size=8),
    generation=u32,
    snapshot_records=st.sampled_from([0, 1, 2, 2**32 - 1]),
    base_version=u64,
)
headers = st.one_of(usual_headers, any_headers)
marks = st.one_of(st.none(), st.just(8192), st.just(8192), st.integers(0, 8400), u64)


@examples(1000)
@given(
    headers,
    st.lists(st.one_of(good_records, usual_records, any_records), max_size=5),
    marks,
    st.sampled_from([b"", bytes(40), b"\xff" * 40, Header().encode() * 2]),
    styles,
)
def test_files_with_any_fields_and_checks_that_hold_are_judged(
    header: Header, records: list[Record], mark: int | None, behind: bytes, style: Style
) -> None:
    judge(forged(header, records, mark, behind), style)


@examples(300)
@given(
    st.sampled_from([LAST_VERSION, LARGEST]),
    st.integers(-2, 5),
    st.integers(0, 6),
    st.sampled_from([None, 8192]),
    st.binary(max_size=50),
    styles,
)
def test_versions_at_the_end_of_their_range_are_judged(
    last: int, left: int, count: int, mark: int | None, behind: bytes, style: Style
) -> None:
    base = min(last - left, LARGEST)
    records = [Record(set_op(b"%d" % number, b"")) for number in range(count)]
    outcome = judge(forged(Header(base_version=base), records, mark, behind), style)
    assert (outcome == "refused") == (base > LAST_VERSION)


LIMITS = {
    "the last generation": Header(generation=LAST_GENERATION),
    "the generation before": Header(generation=LAST_GENERATION - 1),
    "the last version": Header(base_version=LAST_VERSION),
    "the version before": Header(base_version=LAST_VERSION - 1),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_database_at_a_limit_never_writes_what_it_cannot_open_again(limit: str) -> None:
    fs = SimFileSystem()
    fs.install(PATH, forged(LIMITS[limit], [], None, b""))
    shown: dict[bytes, bytes] = {}
    for number in range(4):
        with libredb.open(PATH, fs=fs) as db:
            assert dict(db.scan()) == shown
            with suppress(UsageError):
                db.transact(lambda tx, number=number: tx.set(b"%d" % number, b""))
                shown[b"%d" % number] = b""
            with suppress(UsageError):
                db.compact()


def test_every_kind_of_outcome_is_reached() -> None:
    assert {judge(data, "rename") for data in originals()} == {"clean", "cut", "refused"}
    assert judge(b"", "slots") == "empty"
