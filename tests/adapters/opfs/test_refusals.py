"""What a browser refuses comes out as an OSError that says what to do."""

import errno

import pytest
from libredb_opfs.refusal import os_error

import libredb
from tests.adapters.opfs.support import make


@pytest.mark.parametrize("count", [0, 148, 150, 4_294_967_295])
def test_a_wrong_count_is_an_exhausted_quota(count: int) -> None:
    fs, bridge = make()
    file = fs.create_next("app", None)
    bridge.count = lambda _: count
    with pytest.raises(OSError, match="quota") as caught:
        file.write(0, bytes(149))
    assert caught.value.errno == errno.ENOSPC


def test_a_read_that_claims_too_much_is_refused() -> None:
    fs, bridge = make()
    file = fs.create_next("app", None)
    file.write(0, b"content")
    bridge.count = lambda length: length + 100
    with pytest.raises(OSError, match="claims to have read"):
        file.read(0, 7)


def test_a_failed_commit_latches_and_names_the_quota() -> None:
    fs, bridge = make()
    db = libredb.open("app.libredb", fs=fs)
    bridge.told = ("QuotaExceededError", "full")
    with pytest.raises(libredb.StorageError) as caught:
        db.transact(lambda tx: tx.set(b"key", b"value"))
    assert caught.value.errno == errno.ENOSPC
    assert "request_persistence" in str(caught.value.__cause__)
    bridge.told = ("", "")
    with pytest.raises(libredb.DatabaseFailedError):
        db.get(b"key")
    db.close()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NoModificationAllowedError", BlockingIOError),
        ("NotFoundError", FileNotFoundError),
        ("SecurityError", PermissionError),
        ("UnheardOfError", OSError),
    ],
)
def test_a_refusal_is_the_os_error_of_its_kind(name: str, kind: type[OSError]) -> None:
    error = os_error(name, "some words")
    assert isinstance(error, kind)
    assert str(error.strerror).startswith(f"{name}: some words")
