"""Claim: the programs in docs/examples do what they say, and are as short as the page says."""

import ast
import importlib.util
import io
import json
import re
import subprocess
import sys
import threading
import tokenize
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

import libredb

pytestmark = pytest.mark.cpython  # the pages are not part of the package

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
THREADS = 8

_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def example(name: str) -> ModuleType:
    """Return one of the programs as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines_of_code(source: str) -> int:
    """Count the lines of a program without those that are blank, a comment or a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines - {source.count("\n") + 1})


def run(name: str, *arguments: str, text: str = "") -> str:
    """Run a program as a user does, and return what it prints."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}", "PYTHONWARNINGS": "error"},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# The job service


@contextmanager
def served(db: libredb.Database) -> Iterator[str]:
    """Serve jobs, and yield the address."""
    with example("job_service").Service(db, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def post(url: str, **values: Any) -> Any:
    with urlopen(url, json.dumps(values).encode()) as answer:
        return json.load(answer)


def get(url: str, **values: str) -> Any:
    with urlopen(f"{url}?{urlencode(values)}") as answer:
        return json.load(answer)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "jobs.libredb"
    with libredb.open(path, group_commit=libredb.SharedSync()) as db, served(db) as address:
        yield address


def test_a_job_waits_is_taken_and_is_done(jobs: str) -> None:
    added = post(f"{jobs}/jobs", kind="mail", to="ada")
    taken = post(f"{jobs}/take")
    assert (taken["id"], taken["to"], taken["status"]) == (added["id"], "ada", "waiting")
    assert post(f"{jobs}/take") is None
    assert post(f"{jobs}/done?{urlencode({'job': taken['id']})}") == {"done": True}
    assert [job["id"] for job in get(f"{jobs}/jobs", status="done")["jobs"]] == [added["id"]]
    assert get(f"{jobs}/jobs", status="done", since="9999")["jobs"] == []


def test_eight_threads_take_every_job_once(jobs: str) -> None:
    def add(number: int) -> Any:
        return post(f"{jobs}/jobs", number=number)

    def take(_: int) -> Any:
        return post(f"{jobs}/take")

    with ThreadPoolExecutor(THREADS) as pool:
        added = list(pool.map(add, range(80)))
        taken = list(pool.map(take, range(100)))
    found = [job["id"] for job in taken if job is not None]
    assert sorted(found) == sorted(job["id"] for job in added)


def test_jobs_come_in_pages_the_newest_first(jobs: str) -> None:
    added = [post(f"{jobs}/jobs", number=number)["id"] for number in range(45)]
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = get(f"{jobs}/jobs", status="waiting", **more)
        found += [job["id"] for job in page["jobs"]]
        if page["next"] is None:
            break
        more = {"after": page["next"]}
    assert found == added[::-1]


@pytest.mark.parametrize("path", ["/jobs?status=done&after=x", "/jobs", "/none", "/jobs?a=b"])
def test_a_wrong_call_is_answered_with_what_is_wrong(jobs: str, path: str) -> None:
    with pytest.raises(HTTPError) as caught:
        get(jobs + path)
    assert caught.value.code == 400
    assert json.load(caught.value)["error"]


def test_an_id_that_is_taken_is_refused(jobs: str) -> None:
    post(f"{jobs}/jobs", id="a")
    with pytest.raises(HTTPError) as caught:
        post(f"{jobs}/jobs", id="a")
    assert "already" in json.load(caught.value)["error"]


# Many records


def test_many_records_are_found_by_prefix_by_range_and_the_latest(tmp_path: Path) -> None:
    path = str(tmp_path / "records.libredb")
    assert run("many_records", path, "3000").startswith("3,000 records in ")
    prefix, some, latest = run("many_records", path, "3000").splitlines()
    assert re.match(r"prefix: \d+ in .* ms; index name: 1 range, \d+ entr", prefix)
    assert re.match(r"range: \d+ in .* ms; index grams: 1 range, \d+ entr", some)
    assert latest.startswith("latest 20: 20 in ")


def test_the_three_searches_find_what_a_loop_finds() -> None:
    module = example("many_records")
    rows = [module.record(number) for number in range(3000)]
    with libredb.open() as db:
        module.fill(db, len(rows))
        found = {name: list(search) for name, search in module.searches(db).items()}
    named = sorted((row for row in rows if row["name"].startswith("opal-00")), key=by("name"))
    ranged = sorted((row for row in rows if 500 <= row["grams"] < 600), key=by("grams"))
    assert found == {"prefix": named[:20], "range": ranged, "latest 20": rows[:-21:-1]}
    assert named
    assert ranged


def by(field: str) -> Callable[[dict[str, Any]], tuple[Any, str]]:
    """Return the key of the order by a field, and then by id."""
    return lambda row: (row[field], row["id"])


# Contacts


def test_what_was_done_to_contacts_is_undone_step_by_step(tmp_path: Path) -> None:
    calls = ["add ada a@x", "add bo b@x", "set ada new@x", "del bo", "list"]
    undo = ["undo", "list"]
    text = "\n".join([*calls, *undo, *undo, "add cleo c@x", *undo, *undo, *undo, "undo", "what"])
    path = tmp_path / "contacts.libredb"
    printed = run("contacts", str(path), text=text).splitlines()
    assert [line for line in printed if line.startswith("[")] == [
        "['ada <new@x>']",
        "['ada <new@x>', 'bo <b@x>']",
        "['ada <a@x>', 'bo <b@x>']",
        "['ada <a@x>', 'bo <b@x>']",
        "['ada <a@x>']",
        "[]",
    ]
    assert printed[-2:] == ["False", "'what'"]
    with libredb.open(path) as db:
        assert libredb.documents(db, "contacts").check() == []
        assert libredb.catalog(db).check() == []


# How long they are


def test_each_example_is_as_long_as_the_page_says() -> None:
    page = (ROOT / "docs" / "guide" / "lenses.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| \[`(\w+\.py)`\]\(\S+\) \|.*\| (\d+) \|$", page, re.MULTILINE))
    counted = {
        path.name: str(lines_of_code(path.read_text(encoding="utf-8")))
        for path in EXAMPLES.glob("*.py")
    }
    assert said == counted
    assert int(counted["job_service.py"]) <= 55
