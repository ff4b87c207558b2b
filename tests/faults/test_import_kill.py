"""An import that was killed at any moment is resumed, and ends as one that nobody disturbed.

The import is a process of its own, fed through a pipe with a file that it could not finish: it is
killed when it has stored so many portions, or while it is busy with the next one.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import libredb
from libredb.interop import import_jsonl, recorded_lens

pytestmark = pytest.mark.cpython(reason="starts and kills processes")

ROWS = 4_000
PORTION = 1_000
IMPORT = [sys.executable, "-m", "libredb", "import"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file of JSON Lines."""
    path = tmp_path / "rows.jsonl"
    lines = (json.dumps({"id": f"n{n:05}", "n": n, "text": "x" * 80}) for n in range(ROWS))
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def count(path: Path) -> int:
    """Return how many rows are stored by now."""
    try:
        with libredb.open(path, mode="r") as db:
            return libredb.documents(db, "rows").count()
    except libredb.LibreDBError:
        return 0  # it is just being made


def entries(path: Path) -> list[dict[str, object]]:
    with libredb.open(path) as db:
        assert libredb.catalog(db).check() == []
        found = recorded_lens(db, "rows")
        assert isinstance(found, libredb.Documents)
        assert found.check() == []
        return list(found.find())


@pytest.mark.slow
@pytest.mark.parametrize("portions", [1, 2, 3])
@pytest.mark.parametrize("more_rows", [0, 999])
def test_an_import_that_was_killed_is_resumed_and_ends_the_same(
    tmp_path: Path, source: Path, portions: int, more_rows: int
) -> None:
    with libredb.open(tmp_path / "whole.libredb") as db:
        import_jsonl(db, source, into=libredb.documents(db, "rows"))
    path = tmp_path / "app.libredb"
    process = subprocess.Popen(
        [*IMPORT, str(path), "-", "--namespace", "rows"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    lines = source.read_bytes().splitlines(keepends=True)
    process.stdin.write(b"".join(lines[: portions * PORTION + more_rows]))
    process.stdin.flush()
    while count(path) < portions * PORTION:
        assert process.poll() is None, "it ended by itself"
    process.kill()
    process.communicate()
    assert count(path) == portions * PORTION
    again = [*IMPORT, str(path), str(source), "--namespace", "rows", "--resume"]
    done = subprocess.run(again, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        0,
        "rows: 4,000 inserted, 0 updated, 0 skipped, 0 bad\n",
    ), done.stderr
    assert entries(path) == entries(tmp_path / "whole.libredb")


@pytest.mark.slow
def test_kills_at_any_moment_lose_no_portion_and_repeat_none(tmp_path: Path, source: Path) -> None:
    path = tmp_path / "app.libredb"
    arguments = [*IMPORT, str(path), str(source), "--namespace", "rows", "--resume"]
    for size in (1, 40_000, 150_000, 300_000):
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        while process.poll() is None and not (path.exists() and path.stat().st_size >= size):
            pass
        process.kill()
        process.communicate()
        assert count(path) % PORTION == 0
    subprocess.run(arguments, capture_output=True, check=True)
    assert [row["n"] for row in entries(path)] == list(range(ROWS))
