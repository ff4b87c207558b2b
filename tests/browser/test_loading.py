"""The wheel loads from a folder of one's own, both ways, and the example of the documentation runs.

No request leaves 127.0.0.1: the browser is told to refuse all others, and none is even tried.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.browser.server import Server
from scripts.browser.wheels import ROOT
from tests.browser.conftest import Tabs, asking_nobody_else

pytestmark = pytest.mark.cpython(reason="drives a browser")

PAGE = b"""<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><pre id="out"></pre>
<script type="module">
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => { document.querySelector("#out").textContent = data; };
  worker.onerror = ({ message }) => { document.querySelector("#out").textContent = message; };
</script>"""

MICROPIP = """
import { loadPyodide } from "./pyodide.mjs";
try {
  const pyodide = await loadPyodide();
  await pyodide.loadPackage(new URL("MICROPIP", self.location.href).href);
  pyodide.globals.set("url", new URL("WHEEL", self.location.href).href);
  self.postMessage(await pyodide.runPythonAsync(`
import micropip
await micropip.install(url)
import libredb, libredb_opfs
with await libredb_opfs.acquire("micropip") as fs, libredb.open("app.libredb", fs=fs) as db:
    db.transact(lambda tx: tx.set(b"key", b"value"))
    answer = "libredb %s says %s" % (libredb.__version__, db.get(b"key").decode())
answer
`));
} catch (error) {
  self.postMessage(String(error));
}
"""


@pytest.fixture
def visits(tabs: Tabs, folder: Path) -> Iterator[tuple[Page, Server]]:
    page = tabs.context.new_page()
    with Server() as server:
        server.serve_folder("site", folder)
        with asking_nobody_else(page, server):
            yield page, server


def shown(page: Page) -> str:
    page.wait_for_function(
        "() => /\\d/.test(document.querySelector('#out').textContent)", timeout=60_000
    )
    return page.inner_text("#out")


def blocks(language: str) -> list[str]:
    text = (ROOT / "docs" / "browser.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_example_of_the_documentation_counts_visits(
    visits: tuple[Page, Server], folder: Path
) -> None:
    page, server = visits
    (wheel,) = folder.glob("libredb-*.whl")
    (html,), (script,) = blocks("html"), blocks("js")
    server.serve_file("site/index.html", html.encode())
    script = script.replace("libredb-VERSION-py3-none-any.whl", wheel.name)
    server.serve_file("site/worker.js", script.encode())
    for number in (1, 2, 3):
        page.goto(f"{server.url}/site/index.html")
        assert shown(page) == f"visit number {number}"


def test_micropip_installs_the_wheel_from_a_url(visits: tuple[Page, Server], folder: Path) -> None:
    page, server = visits
    (wheel,), (micropip,) = folder.glob("libredb-*.whl"), folder.glob("micropip-*.whl")
    script = MICROPIP.replace("MICROPIP", micropip.name).replace("WHEEL", wheel.name)
    server.serve_file("site/index.html", PAGE)
    server.serve_file("site/worker.js", script.encode())
    page.goto(f"{server.url}/site/index.html")
    assert re.fullmatch(r"libredb \d+\.\d+\.\d+.* says value", shown(page))
