"""Pyodide in Node.js is no browser: libredb works there in memory, and says what it cannot do.

What Pyodide has for files there, NODEFS, does not reach the disk when it is synced and locks
nothing, so a database on it would promise what it cannot keep.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.browser.wheels import pyodide_folder

pytestmark = pytest.mark.cpython(reason="starts Node")

SCRIPT = """
import { readFileSync } from "node:fs";
const [, , folder, wheel] = process.argv;
const { loadPyodide } = await import(`${folder}/pyodide.mjs`);
const pyodide = await loadPyodide();
pyodide.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel");
console.log(await pyodide.runPythonAsync(`
import json, libredb, libredb_opfs

told = {}
with libredb.open() as db:
    db.set(b"key", b"value")
    told["memory"] = db.get(b"key").decode()
try:
    libredb.open("app.libredb")
except libredb.LibreDBError as error:
    told["path"] = [error.code, str(error)]
try:
    await libredb_opfs.acquire("app")
except libredb.LibreDBError as error:
    told["acquire"] = [error.code, str(error)]
json.dumps(told)
`));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_in_node_a_path_is_refused_for_reasons_of_node(wheel: Path, tmp_path: Path) -> None:
    """It spoke of a worker of the browser, and of a device to check."""
    script = tmp_path / "script.mjs"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        ["node", str(script), str(pyodide_folder()), str(wheel)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["memory"] == "value"
    assert told["path"][0] == "usage"
    assert "cannot make a file durable outside of a browser" in told["path"][1]
    assert told["acquire"][0] == "storage"
    assert "only browsers have OPFS, and this is Pyodide elsewhere" in told["acquire"][1]
