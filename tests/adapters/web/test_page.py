"""Claim: on the main thread a worker is asked, and what it says is said here."""

import errno
import sys
from typing import Any

import libredb_web
import pytest

import libredb
from libredb import Database, DatabaseLockedError, StorageError, UsageError
from tests.adapters.opfs.support import run
from tests.adapters.web.support import FakeClient, FakePage, JsError, refusal


@pytest.fixture
def db() -> Database:
    return libredb.open()


@pytest.fixture
def client(db: Database) -> FakeClient:
    return FakeClient(db)


@pytest.fixture
def page(client: FakeClient, monkeypatch: pytest.MonkeyPatch) -> FakePage:
    page = FakePage(lambda: client)
    for name, module in page.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys, "platform", "emscripten")
    return page


def test_a_worker_keeps_what_is_synced_by_one_commit(page: FakePage, db: Database) -> None:
    store = run(libredb_web.storage("app"))
    store.update(a=(1, b"x", 1.0), b=2**60)
    run(store.sync())
    assert db.version == 1
    del store["b"]
    store["c"] = None
    run(store.sync())
    assert db.version == 2
    assert libredb.kv(db, "storage", values="json")["a"] == {"$tuple": [1, {"$bytes": "eA=="}, 1.0]}
    run(store.close())
    with pytest.raises(UsageError, match="closed"):
        db.get(b"key")


def test_what_a_worker_has_is_read_when_it_is_opened(page: FakePage, db: Database) -> None:
    libredb.kv(db, "storage", values="json").update({"b": {"$tuple": [1.0]}, "a": 1})
    store = run(libredb_web.storage("app"))
    assert store == {"a": 1, "b": (1.0,)}
    assert type(store["b"][0]) is float
    run(store.close())


@pytest.mark.parametrize(
    ("given", "asked", "told"),
    [
        ({}, "runtime/client/client.js", "runtime/pyodide.mjs"),
        ({"pyodide": "/p/pyodide.mjs"}, "p/client/client.js", "p/pyodide.mjs"),
        ({"client": "lib/client.js"}, "runtime/lib/client.js", "runtime/pyodide.mjs"),
    ],
)
def test_the_client_is_beside_pyodide_or_where_it_is_said_to_be(
    page: FakePage, given: dict[str, Any], asked: str, told: str
) -> None:
    run(run(libredb_web.storage("app", **given)).close())
    assert page.asked == [f"http://127.0.0.1/{asked}"]
    assert page.options["pyodide"] == f"http://127.0.0.1/{told}"
    assert page.options["patience_ms"] == 5000
    assert page.options["name"] == "app"


@pytest.mark.parametrize("values", ["json", "str"])
def test_the_worker_ends_when_there_is_something_that_no_storage_wrote(
    page: FakePage, client: FakeClient, db: Database, values: Any
) -> None:
    libredb.kv(db, "storage", values=values)["bad"] = {"$pickle": 1} if values == "json" else "1"
    with pytest.raises(libredb.LensError):
        run(libredb_web.storage("app"))
    assert client.closed


def test_who_waits_for_ever_has_no_deadline(page: FakePage) -> None:
    run(run(libredb_web.storage("app", patience_seconds=float("inf"))).close())
    assert page.options["wait"] is True
    assert "patience_ms" not in page.options


def test_a_client_that_is_not_there_is_told_with_what_to_do(page: FakePage) -> None:
    with pytest.raises(UsageError, match=r"no client at http://127.0.0.1/nowhere.js.*client='"):
        run(libredb_web.storage("app", client="/nowhere.js"))


def test_a_database_that_is_open_elsewhere_is_locked(
    page: FakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> Any:
        raise refusal("locked", "open in another tab", {"errno": "EAGAIN"})

    monkeypatch.setattr(page, "_connect", locked)
    with pytest.raises(
        DatabaseLockedError, match="cannot open the storage 'app': open in"
    ) as found:
        run(libredb_web.storage("app"))
    assert found.value.errno == errno.EAGAIN
    assert isinstance(found.value.__cause__, JsError)


REFUSALS: list[tuple[JsError, type[Exception], str]] = [
    (refusal("failed", "close it", {}), libredb.DatabaseFailedError, "cannot sync .*: close it"),
    (refusal("invalid_value", "no", {"id": "a"}), libredb.InvalidValueError, "no"),
    (
        refusal("corrupt", "-", {"path": "p", "offset": 7, "reason": "torn"}),
        libredb.CorruptLogError,
        "p, byte 7: torn",
    ),
    (
        refusal("outcome_unknown", "read it", {}, name="OutcomeUnknownError"),
        StorageError,
        "OutcomeUnknownError: read it",
    ),
    (JsError("DataCloneError", "odd", code=25), StorageError, "DataCloneError: odd"),
    (JsError("TypeError", "odd"), StorageError, "TypeError: odd"),
]


@pytest.mark.parametrize(("thrown", "kind", "message"), REFUSALS, ids=str)
def test_what_the_client_throws_is_raised_by_its_code(
    page: FakePage, client: FakeClient, thrown: JsError, kind: type[Exception], message: str
) -> None:
    store = run(libredb_web.storage("app"))
    client.failure, store["a"] = thrown, 1
    with pytest.raises(kind, match=message) as caught:
        run(store.sync())
    assert type(caught.value) is kind
    client.failure = None
    run(store.close())


def test_what_is_wrong_in_the_worker_is_told_and_the_next_sync_does_it(
    page: FakePage, db: Database
) -> None:
    other = libredb.kv(db, "storage", values="str")
    store = run(libredb_web.storage("app"))
    other["of"] = "another form"
    store["a"] = 1
    with pytest.raises(libredb.SchemaMismatchError, match="cannot sync the storage"):
        run(store.sync())
    libredb.catalog(db).drop("storage")
    run(store.close())
