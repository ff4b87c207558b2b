"""What is not a database of this format is refused, named for what it is, and left as it was.

Newer and older formats, files of other programs, and files cut short.
"""

from collections.abc import Iterator
from zlib import crc32

import pytest

import libredb
from libredb import FileSystem, LogFileError
from sim.world.filesystem import SimFileSystem
from tests.format.make_files import commits
from tests.support.files import contents, hash_of, put

RECORDS_OFFSET = 8192
STAMP = b"BEGUN-DB"
PATH = "app.libredb"


def with_header(data: bytes, offset: int, field: bytes) -> bytes:
    """Return the file with a field of its header replaced, and a header check that holds."""
    header = bytearray(data[:40])
    header[offset : offset + len(field)] = field
    return bytes(header) + crc32(header).to_bytes(4, "big") + data[44:]


def version_one() -> bytes:
    """Return a file of the TypeScript library's second format with one record."""
    payload = b"\1\0\0\0\1k\0\0\0\1v"
    length = len(payload).to_bytes(4, "big")
    checks = crc32(length).to_bytes(4, "big") + crc32(payload).to_bytes(4, "big")
    return b"LRDB\0\1\0\0" + length + checks + payload


def version_zero() -> bytes:
    """Return a file of its first format, which has no header."""
    payload = b"\1\0\0\0\1k\0\0\0\1v"
    return len(payload).to_bytes(4, "big") + crc32(payload).to_bytes(4, "big") + payload


DATABASE = commits()
FOREIGN: dict[str, tuple[bytes, str]] = {
    "text": (b"Dear diary,\nnothing was logged today.\n" * 9, "not_a_database"),
    "text that begins like a log": (b"LRDB is a magic word.\n" * 9, "unsupported_version"),
    "the magic in small letters": (b"lrdb" + DATABASE[4:], "not_a_database"),
    "an SQLite database": (b"SQLite format 3\0\x10\0\1\1\0@  " + bytes(99), "not_a_database"),
    "a PNG image": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(64), "not_a_database"),
    "a single zero": (b"\0", "not_a_database"),
    "zeros": (bytes(9000), "not_a_database"),
    "a zero page before records": (bytes(4096) + DATABASE[4096:], "not_a_database"),
    "format version 0": (version_zero(), "not_a_database"),
    "format version 0, with the magic": (b"LRDB\0\0" + DATABASE[6:], "unsupported_version"),
    "format version 1": (version_one(), "legacy_format"),
    "format version 1, empty": (b"LRDB\0\1\0\0", "legacy_format"),
    "format version 3": (with_header(DATABASE, 4, b"\0\3"), "unsupported_version"),
    "format version 3, header unlike ours": (b"LRDB\0\3" + b"?" * 99, "unsupported_version"),
    "format version 256": (with_header(DATABASE, 4, b"\1\0"), "unsupported_version"),
    "format version 65535": (with_header(DATABASE, 4, b"\xff\xff"), "unsupported_version"),
    "the first flag": (with_header(DATABASE, 6, b"\0\1"), "unsupported_version"),
    "the last flag": (with_header(DATABASE, 6, b"\x80\0"), "unsupported_version"),
    "a flag without a right check": (DATABASE[:6] + b"\0\1" + DATABASE[8:], "corrupt"),
    "a header with a wrong check": (DATABASE[:43] + b"?" + DATABASE[44:], "corrupt"),
    "a header of zeros behind the version": (DATABASE[:6] + bytes(9000), "corrupt"),
    "more snapshot records than there are": (with_header(DATABASE, 36, b"\0\0\0\5"), "corrupt"),
}


def judged(fs: FileSystem, path: str, data: bytes, code: str) -> None:
    """Assert that a file is refused in every way to look at it, and that nothing was changed."""
    put(fs, path, data)
    before = hash_of(fs, path)
    for mode in ("rwc", "rw", "r"):
        with pytest.raises(LogFileError) as refusal:
            libredb.open(path, fs=fs, mode=mode)
        assert (refusal.value.code, refusal.value.path) == (code, path)
    verdict = libredb.verify(path, fs=fs)
    assert verdict.outcome == "refused"
    assert verdict.error is not None
    assert (verdict.error.code, verdict.offset) == (code, verdict.error.offset)
    assert verdict.size_bytes == len(data)
    assert hash_of(fs, path) == before


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_refused_and_unchanged(fs: FileSystem, db_path: str, name: str) -> None:
    data, code = FOREIGN[name]
    judged(fs, db_path, data.ljust(9000, b"\n" if data.endswith(b"\n") else b"\0"), code)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_short_foreign_file_is_refused_and_unchanged(name: str) -> None:
    data, code = FOREIGN[name]
    judged(SimFileSystem(), PATH, data, code)
    if any(data):  # a few zeros in a slot are a creation that never finished
        judged(SimFileSystem("slots"), PATH, data, code)


def short_files() -> Iterator[tuple[bytes, str]]:
    """Yield every beginning of a database that ends before its records, and how it is refused."""
    for length in (*range(1, 64), *range(64, RECORDS_OFFSET, 509), RECORDS_OFFSET - 1):
        yield DATABASE[:length], "not_a_database" if length < 4 else "corrupt"


def test_a_database_that_ends_before_its_records_is_refused_and_unchanged() -> None:
    for data, code in short_files():
        judged(SimFileSystem(), PATH, data, code)


def test_an_older_or_newer_format_is_named_as_soon_as_its_version_can_be_read() -> None:
    for version, code in ((1, "legacy_format"), (3, "unsupported_version")):
        whole = b"LRDB" + version.to_bytes(2, "big") + bytes(40)
        for length in range(1, len(whole)):
            expected = "not_a_database" if length < 4 else "corrupt" if length < 6 else code
            judged(SimFileSystem(), PATH, whole[:length], expected)


def test_the_refusal_of_an_older_format_names_the_command_to_run() -> None:
    # It said to read the file over there and to write its entries here: what the command does.
    for data in (version_zero(), version_one()):
        fs = SimFileSystem()
        fs.install(PATH, data)
        with pytest.raises(LogFileError, match="`libredb upgrade OLD NEW`"):
            libredb.open(PATH, fs=fs)


def test_an_empty_file_is_a_new_database() -> None:
    fs = SimFileSystem()
    fs.install(PATH, b"")
    assert libredb.verify(PATH, fs=fs).outcome == "empty"
    with libredb.open(PATH, fs=fs, mode="r") as db:
        assert list(db.scan()) == []
    assert b"".join(contents(fs, PATH)) == b""
    with libredb.open(PATH, fs=fs, mode="rw") as db:
        assert db.version == 0
    assert libredb.verify(PATH, fs=fs).outcome == "clean"


def test_a_stamp_in_a_slot_is_a_creation_that_never_finished_up_to_the_end_of_its_pages() -> None:
    for length in (1, 7, 8, 36, 4096, RECORDS_OFFSET):
        fs = SimFileSystem("slots")
        fs.install(PATH, (STAMP + bytes(RECORDS_OFFSET))[:length])
        with libredb.open(PATH, fs=fs) as db:
            assert list(db.scan()) == []
    for data in (bytes(9), bytes(RECORDS_OFFSET), STAMP.ljust(RECORDS_OFFSET + 1, b"\0")):
        judged(SimFileSystem("slots"), PATH, data, "not_a_database")


def test_an_older_or_newer_format_in_a_slot_is_refused_beside_a_valid_database() -> None:
    for data, code in (
        (version_one(), "legacy_format"),
        (with_header(DATABASE, 4, b"\0\3"), "unsupported_version"),
    ):
        fs = SimFileSystem("slots")
        fs.install(PATH, DATABASE, slot=0)
        fs.install(PATH, data, slot=1)
        before = fs.images(PATH)
        with pytest.raises(LogFileError) as refusal:
            libredb.open(PATH, fs=fs)
        assert refusal.value.code == code
        assert fs.images(PATH) == before
