"""A page loads libredb by its name from the folder of a release, and asks no other host.

The lock file takes a Python of at least 3.12; without one the release says so, and the test that
needs the folder is skipped.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Request

from scripts import release
from scripts.browser.server import Server
from tests.browser.conftest import Tabs

pytestmark = pytest.mark.cpython(reason="builds a release and drives a browser")

PAGE = b"""<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><pre id="out"></pre>
<script type="module">
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => { document.querySelector("#out").textContent = data; };
  worker.onerror = ({ message }) => { document.querySelector("#out").textContent = message; };
</script>"""

WORKER = b"""
import { loadPyodide } from "./pyodide.mjs";
try {
  const pyodide = await loadPyodide();
  await pyodide.loadPackage("libredb");
  await pyodide.loadPackage("micropip");
  self.postMessage(await pyodide.runPythonAsync(`
import libredb, libredb_opfs, micropip
with await libredb_opfs.acquire("release") as fs, libredb.open("app.libredb", fs=fs) as db:
    db.transact(lambda tx: tx.set(b"key", b"value"))
    answer = "%s %s" % (libredb.__file__.split("/")[-2], db.get(b"key").decode())
answer
`));
} catch (error) {
  self.postMessage(String(error));
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    interpreter = release.find_newer_python()
    if interpreter is None:
        pytest.skip("pyodide-lock needs a Python of at least 3.12, and none was found")
    folder = tmp_path_factory.mktemp("release")
    (folder / "libredb-0.0.0-py3-none-any.whl").write_bytes(b"of an older release")
    release.make_release(folder, interpreter)
    return folder


def test_a_page_loads_libredb_by_name_and_asks_no_other_host(tabs: Tabs, folder: Path) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    with Server() as server:
        server.serve_folder("site", folder)
        server.serve_file("site/index.html", PAGE)
        server.serve_file("site/worker.js", WORKER)
        page = tabs.context.new_page()
        page.on("request", note)
        page.goto(f"{server.url}/site/index.html")
        page.wait_for_function("() => document.querySelector('#out').textContent", timeout=60_000)
        assert page.inner_text("#out") == "libredb value"
        page.close()
        own = (server.url, f"blob:{server.url}", "data:")
        assert [url for url in asked if not url.startswith(own)] == []
    (wheel,) = folder.glob("libredb-*.whl")
    assert any(url.endswith(f"/site/{wheel.name}") for url in asked)


def test_the_lock_file_lists_exactly_the_wheels_that_are_there(folder: Path) -> None:
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    listed = {package["file_name"] for package in lock["packages"].values()}
    assert listed == {path.name for path in folder.glob("*.whl")}
    assert sorted(lock["packages"]) == ["libredb", "micropip"]


def test_without_a_newer_python_the_release_fails_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(release, "OLDEST", (4, 0))
    assert release.main([str(tmp_path / "site")]) == 1
    assert "needs a Python of at least 3.12" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
