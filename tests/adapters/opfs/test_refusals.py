"""What a browser refuses comes out as an OSError that says what to do."""

import errno
from types import SimpleNamespace

import pytest
from libredb_opfs import acquire, request_persistence
from libredb_opfs.refusal import os_error

import libredb
from tests.adapters.opfs.support import JsException, answer, make, run


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
    assert "navigator.storage.persist" in str(caught.value.__cause__)
    bridge.told = ("", "")
    with pytest.raises(libredb.DatabaseFailedError):
        db.get(b"key")
    db.close()


KINDS = {
    "NoModificationAllowedError": BlockingIOError,
    "NotFoundError": FileNotFoundError,
    "SecurityError": PermissionError,
    "NotAllowedError": PermissionError,
}
"""What else an error is; OSError where nothing is said here."""

TOLD = {
    "InvalidStateError": (
        "the files were closed, by close() or by the browser; acquire them again "
        "(open the database again)"
    ),
    "NoModificationAllowedError": (
        "the database is open in another tab or worker, or here; a worker that was ended while it "
        "was busy keeps the files for about 2 seconds (close it there first)"
    ),
    "NotFoundError": (
        "the browser has no database of this name, or has removed its files (check the path)"
    ),
    "QuotaExceededError": (
        "the quota of this site or the disk is exhausted; Chromium asks for room to double a file "
        "that grows past 1 MiB, 2, 4, and so on; more may be had where the page calls "
        "`navigator.storage.persist()` (check the free space of the device)"
    ),
    "SecurityError": (
        "the browser gives this page no storage: a private window (Firefox), blocked cookies, or "
        "an opaque origin (check the permissions)"
    ),
    "NotAllowedError": "the settings of this site give it no storage (check the permissions)",
    "NoOpfsError": (
        "this browser or page has no origin private file system: it needs a secure context, https "
        "or 127.0.0.1, and Safari has none in private windows"
    ),
    "NotInWorkerError": (
        "synchronous files exist only in a dedicated worker: load Pyodide inside `new Worker(...)`"
    ),
    "NotSupportedError": (
        "this browser has no files that a worker can write and make durable, as WebKitGTK has "
        "none; use another browser"
    ),
    "UnknownError": "some words (check the device before you trust it with more)",
}
"""What a user is to read behind the name of each exception."""


@pytest.mark.parametrize("name", TOLD)
def test_what_acquire_was_refused_is_told_once(module: SimpleNamespace, name: str) -> None:
    """It was told twice, with two hints: `cannot acquire 'x': ...; close it (close it there)`."""
    module.acquire = answer(JsException(name, "some words"))
    with pytest.raises(libredb.StorageError) as caught:
        run(acquire("app"))
    kind = KINDS.get(name, OSError)
    assert str(caught.value) == f"cannot acquire 'app': {name}: {TOLD[name]}"
    assert isinstance(caught.value, kind)
    assert type(caught.value.__cause__) is kind


@pytest.mark.parametrize("name", ["NoOpfsError", "NotInWorkerError", "NotSupportedError"])
def test_what_a_browser_does_not_have_is_no_failure_of_a_device(name: str) -> None:
    """WebKitGTK's `NotSupportedError` was EIO, with the advice to check the device."""
    error = os_error(name, "Backend does not support this operation")
    assert error.errno == errno.ENOSYS


def test_a_worker_that_asks_for_persistence_is_told_who_may(module: SimpleNamespace) -> None:
    """The answer was False: the call does not exist there, and nobody had been asked."""
    module.requestPersistence = answer(JsException("NotInPageError", "NotInPageError"))
    with pytest.raises(libredb.StorageError) as caught:
        run(request_persistence())
    assert caught.value.errno == errno.ENOSYS
    assert str(caught.value) == (
        "cannot ask for persistence: NotInPageError: a worker may not ask: have the page call "
        "`navigator.storage.persist()`, as requestPersistence() of the client in JavaScript does"
    )


@pytest.mark.parametrize("name", TOLD)
def test_what_a_commit_was_refused_is_told_once(name: str) -> None:
    fs, bridge = make()
    db = libredb.open("app.libredb", fs=fs)
    bridge.told = (name, "some words")
    with pytest.raises(libredb.StorageError) as caught:
        db.transact(lambda tx: tx.set(b"key", b"value"))
    bridge.told = ("", "")
    kind = KINDS.get(name, OSError)
    assert str(caught.value) == f"cannot write to 'app.libredb': {name}: {TOLD[name]}"
    assert isinstance(caught.value, kind)
    db.close()


@pytest.mark.parametrize(
    ("name", "text", "told", "notes"),
    [
        ("NotFoundError", "some words", None, ["the browser said: some words"]),
        ("NotFoundError", "NotFoundError", None, []),
        ("NotFoundError", "", None, []),
        ("UnheardOfError", "some words", "UnheardOfError: some words", []),
        ("UnheardOfError", "UnheardOfError", "UnheardOfError", []),
        ("UnheardOfError", "", "UnheardOfError", []),
    ],
)
def test_the_text_of_the_browser_is_kept_and_said_once(
    name: str, text: str, told: str | None, notes: list[str]
) -> None:
    error = os_error(name, text)
    assert told in {None, error.strerror}
    assert getattr(error, "__notes__", []) == notes
