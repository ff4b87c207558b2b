"""Claim: a server loads a lens with the first call of it, because a page waits for every import."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.cpython  # it starts processes, in which nothing is loaded yet

PROGRAM = """
import json, sys
import libredb
from libredb.remote import Functions, Host, Server

server = Server(Host(open=libredb.open), Functions())
known = {"protocol": 1, "id": 1, "client": "c", "seq": 0, "epoch": None, "deadline_ms": None}
for call, args in json.loads(sys.argv[1]):
    assert "value" in json.loads(server.answer(json.dumps({**known, "call": call, "args": args})))
lenses = {"libredb.lens.kv", "libredb.lens.documents", "libredb.lens.table.table"}
print(*sorted(name.removeprefix("libredb.lens.") for name in lenses & set(sys.modules)))
"""

RAW = '["set", {"key": {"$bytes": "YQ=="}, "value": {"$bytes": "YQ=="}}]'


@pytest.mark.parametrize(
    ("calls", "loaded"),
    [
        (f'[["connect", {{}}], {RAW}, ["scan", {{}}]]', ""),
        ('[["kv.count", {"namespace": "n"}]]', "kv"),
        ('[["documents.count", {"namespace": "n"}]]', "documents"),
        ('[["connect", {"schema": {"n": {"columns": {"id": "str"}}}}]]', "table.table"),
    ],
    ids=["raw keys", "kv", "documents", "a table"],
)
def test_only_the_lenses_that_are_asked_for_are_loaded(calls: str, loaded: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, calls], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == loaded
