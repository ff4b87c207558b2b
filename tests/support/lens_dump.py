"""`python -m tests.support.lens_dump`: a small database with lenses, key by key, as Markdown.

A real database writes it, and the second reader takes it apart. The dump stands in
docs/key-layouts.md between two markers, and a test compares them.
"""

import io
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import libredb
from libredb.interop import import_jsonl
from tests.support.lens_reader import LensReader

BEGIN, END = "<!-- lens-dump:begin -->", "<!-- lens-dump:end -->"
NOW = 1_700_000_000


def sample() -> list[libredb.Entry]:
    """Return the entries of a database with raw keys, text keys, documents and rows."""
    with libredb.open() as db:
        db.set(b"apple", b"red")
        settings = libredb.kv(db, "settings", values="json", clock=lambda: NOW)
        settings["theme"] = {"dark": True}
        settings.set("guest", "x1", ttl=timedelta(minutes=1))
        notes = libredb.documents(db, "notes")
        notes.create_index("level", "at")
        notes.create_index("tags", each=True)
        notes.insert({"id": "a1", "level": "warn", "at": 7, "tags": ["io", "disk"]})
        notes.insert({"id": "a2", "level": "info", "at": -1.5})
        notes.update("a2", {"at": 2**64})
        people = libredb.documents(db, "people", key=libredb.counter("id"))
        people.create_index("mail", unique=True)
        people.insert_many([{"mail": "ada@example.org"}, {"mail": None}])
        columns = {"id": "str", "born": "date", "credit": "decimal", "mail": "str?"}
        migrations = [("2026-11 start", dict[str, Any])]
        users = libredb.table(db, "users", columns, index=["born", "credit"], migrations=migrations)
        users.insert({"id": "u1", "born": date(1815, 12, 10), "credit": Decimal("-1.50")})
        lines = io.BytesIO(b'{"key":"lang","value":"en"}\n')
        import_jsonl(db, lines, into=settings)
        return list(db.scan())


def lines() -> Iterator[str]:
    """Yield the dump, one line for each entry, with points between the pieces of its key."""
    yield "| key | value | meaning |"
    yield "| --- | --- | --- |"
    for pieces, values, meaning in LensReader(sample()).lines:
        key = " · ".join(f"`{piece.hex(' ')}`" for piece in pieces)
        yield f"| {key} | {' · '.join(map(shown, values))} | {meaning} |"


def shown(piece: bytes) -> str:
    """Return a piece of a value as text where it is, and otherwise in hexadecimal."""
    is_text = piece.isascii() and piece.decode().isprintable()
    return f"`{piece.decode() if is_text else piece.hex(' ')}`"


def markdown() -> str:
    """Return the dump between its markers."""
    return "\n".join([BEGIN, *lines(), END]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
