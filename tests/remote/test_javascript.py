"""Claim: the client in JavaScript speaks as messages.json says; its own tests run in Node."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import LibreDBError
from libredb.remote import DeadlineError, ProtocolError, RemoteFunctionError
from libredb.remote.calls import all_calls
from libredb.remote.server import InternalError

pytestmark = pytest.mark.cpython  # it starts Node, which Pyodide's browser is not

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN: dict[str, Any] = json.loads((HERE / "messages.json").read_text(encoding="utf-8"))

NO_DATABASE = {"sync", "stats", "backup", "storage"}
"""Reads that are asked of the server itself."""


def test_the_calls_that_only_read_are_recorded() -> None:
    reads = {name for name, call in all_calls().items() if call.kind == "read"}
    assert set(GOLDEN["reads"]) == reads | NO_DATABASE


def test_every_error_is_recorded_with_its_code() -> None:
    exported: list[Any] = [getattr(libredb, name) for name in libredb.__all__]
    exported += [DeadlineError, ProtocolError, RemoteFunctionError, InternalError]
    classes = [each for each in exported if isinstance(each, type)]
    codes = {each.__name__: each.code for each in classes if issubclass(each, LibreDBError)}
    assert {name: code for name, (code, _) in GOLDEN["errors"].items()} == codes


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_the_client_passes_its_own_tests() -> None:
    done = subprocess.run(
        ["node", "--test", *map(str, sorted((ROOT / "web" / "test").glob("*_test.js")))],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 21" in done.stdout, done.stdout
