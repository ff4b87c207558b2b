"""Claim: a row is kept under its id, behind a layout and a version that only grows."""

import pytest

import libredb
from libredb.kernel.errors import UsageTypeError
from libredb.lens.documents import documents
from libredb.lens.errors import ConflictError, DamagedEntryError, InvalidValueError
from libredb.lens.keys.namespace import Namespace
from libredb.lens.rows.document import NAMED
from libredb.lens.rows.ids import counter
from libredb.lens.rows.row import Rows, check_id_size, check_version, check_version_argument, header
from tests.support.stores import NaiveStore

GOLDEN = {
    "fe 15 01 01 02 61 31 00": "00 00 00 00 00 00 05 00 00" + b'{"at":7,"t":["io"],"w":"W"}'.hex(),
    "fe 15 01 03 15 01 10 c0 1c 00 00 00 00 00 00 00 20 57 00 02 61 31 00": "",
    "fe 15 01 03 15 02 20 69 6f 00 02 61 31 00": "",
    "fe 15 01 03 15 03 20 77 00 02 61 31 00": "",
    "fe 15 02 01 15 01": "00 00 00 00 00 00 06 00 00 7b 7d",
    "fe 15 02 04": "31",
}


def test_the_bytes_of_rows_entries_and_counters_are_these() -> None:
    store = NaiveStore()
    notes = documents(store, "notes")
    notes.create_index("at", "w")
    notes.create_index("t", each=True)
    notes.create_index("w", words=True)
    store.version = 4
    notes.insert({"at": 7, "t": ["io"], "id": "a1", "w": "W"})
    documents(store, "counted", key=counter("id")).insert({})
    found = {key: value for key, value in store.entries.items() if key >= b"\xfe\x01"}
    assert found == {bytes.fromhex(key): bytes.fromhex(value) for key, value in GOLDEN.items()}


def test_a_version_is_that_of_the_commit_and_above_the_last_one() -> None:
    assert header(5, None) == bytes.fromhex("00 0000000000050000")
    assert header(5, bytes.fromhex("00 0000000000040009 7b7d")) == header(5, None)
    assert header(5, bytes.fromhex("00 0000000000050000")) == bytes.fromhex("00 0000000000050001")
    assert header(5, bytes.fromhex("00 0000000000070000")) == bytes.fromhex("00 0000000000070001")


def test_a_version_is_random_where_commits_have_no_numbers() -> None:
    first, second = (int.from_bytes(header(0, None)[1:]) for _ in range(2))
    assert 0 < first < 2**63
    assert first != second


@pytest.mark.parametrize("value", [b"", b"\0", b"\1" + b"\0" * 8 + b"{}", b"\0" * 8])
def test_a_value_that_is_no_row_is_refused(value: bytes) -> None:
    with libredb.open() as db, db.read() as tx:
        rows = Rows(tx, Namespace("notes", "documents", 1), NAMED)
        with pytest.raises(DamagedEntryError, match="begins with 00"):
            rows.decoded(b"\x02a\0", value)


def test_a_value_without_a_version_is_refused() -> None:
    with pytest.raises(DamagedEntryError):
        check_version(b"\0\0", 1, "a", "notes")


def test_another_version_is_a_conflict_and_0_stands_for_none() -> None:
    stored = header(5, None) + b"{}"
    check_version(stored, 5 << 16, "a", "notes")
    check_version(stored, None, "a", "notes")
    check_version(None, 0, "a", "notes")
    with pytest.raises(ConflictError, match="read it again") as caught:
        check_version(stored, 0, "a", "notes")
    error = caught.value
    assert (error.namespace, error.id, error.expected, error.actual) == ("notes", "a", 0, 5 << 16)


def test_a_version_is_an_int() -> None:
    check_version_argument(None)
    check_version_argument(0)
    with pytest.raises(UsageTypeError):
        check_version_argument(True)


def test_an_id_has_at_most_512_bytes() -> None:
    assert check_id_size(b"a" * 512, "id") == b"a" * 512
    with pytest.raises(InvalidValueError, match="512") as caught:
        check_id_size(b"a" * 513, "id")
    assert caught.value.actual == 513
