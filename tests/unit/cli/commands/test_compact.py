"""Claim: `libredb compact` drops what was overwritten, and says what came of it."""

import re
from pathlib import Path

import pytest

import libredb
from tests.unit.cli.running import run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system


def test_a_file_is_compacted_and_holds_the_same(app: Path) -> None:
    with libredb.open(app) as db, db.group():
        for number in range(50):
            db.set(b"greeting", b"%d" % number * 100)
    before, size = run("scan", "app.libredb", "--lenses").out, app.stat().st_size
    done = run("compact", "app.libredb")
    told = re.fullmatch(r"From ([\d,]+) to ([\d,]+) bytes; \d+ entries, generation 1\n", done.out)
    assert told is not None, done
    sizes = [int(number.replace(",", "")) for number in told.groups()]
    assert (done.code, sizes) == (0, [size, app.stat().st_size])
    assert sizes[1] < sizes[0]
    assert run("scan", "app.libredb", "--lenses").out == before


def test_a_small_file_is_left_alone_if_that_is_asked_for(app: Path) -> None:
    before = app.read_bytes()
    done = run("compact", "app.libredb", "--if-due")
    assert (done.code, done.out.partition(":")[0]) == (0, "Not due")
    assert app.read_bytes() == before
    with libredb.open(app) as db:
        db.set(b"large", bytes(2 << 20))
    assert run("compact", "app.libredb", "--if-due").out.startswith("From ")


def test_what_cannot_be_compacted_is_told(app: Path) -> None:
    with libredb.open(app), unchanged(app.parent):
        assert run("compact", "app.libredb").code == 3
    assert run("compact", "missing.libredb").code == 5
    app.write_bytes(app.read_bytes()[:9000])
    with unchanged(app.parent):
        assert run("compact", "app.libredb").code == 4
