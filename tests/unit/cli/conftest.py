"""A folder with `app.libredb`, which has a bit of everything; each test has one of its own."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import libredb

NAME = "app.libredb"


@dataclass
class Person:
    id: int
    name: str
    born: date
    seen: datetime | None = None


@pytest.fixture(scope="session")
def app_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("app") / NAME
    with libredb.open(path) as db, db.group():
        db.set(b"greeting", b"hello")
        db.set(b"user:1", b"Ada\n\x1b[31m")
        db.set(b"user:2", "Zo\u00eb".encode())
        settings = libredb.kv(db, "settings", values="json")
        settings.update(lang="en", theme={"dark": True})
        notes = libredb.documents(db, "notes")
        notes.create_index("level", "at")
        notes.insert_many(
            [
                {"id": "n1", "level": "warn", "at": 7, "text": "Disk is nearly full"},
                {"id": "n2", "level": "info", "at": 9, "text": "Started"},
                {"id": "n3", "level": "warn", "at": 12, "text": "Disk is full"},
            ]
        )
        people = libredb.table(db, "people", Person, index=["born"], unique=["name"])
        noon = datetime(1992, 1, 1, 12, tzinfo=UTC)
        people.insert_many(
            [Person(1, "Ada", date(1815, 12, 10)), Person(2, "Grace", date(1906, 12, 9), noon)]
        )
    return path.read_bytes()


@pytest.fixture
def app(tmp_path: Path, app_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the database; the test works in its folder."""
    path = tmp_path / NAME
    path.write_bytes(app_bytes)
    monkeypatch.chdir(tmp_path)
    return path
