"""The wheel loads from a folder of one's own, by its name and by its address, and shows what fails.

No request leaves 127.0.0.1: the browser is told to refuse all others, and none is even tried.
"""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from scripts.browser.lock_file import NAME, entry, write_lock
from scripts.browser.server import Server
from scripts.browser.wheels import ROOT, PreparationError, fetch_test_wheels, pyodide_folder
from tests.browser.conftest import Tabs, asking_nobody_else

pytestmark = pytest.mark.cpython(reason="drives a browser")

MICROPIP = """
import { loadPyodide } from "./pyodide.mjs";
try {
  const pyodide = await loadPyodide();
  await pyodide.loadPackage("micropip");
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

# Another tab, as far as its files go: a worker that opens one of a database, and keeps it.
HOLD = """async (name) => {
  const script = `
    onmessage = async ({ data }) => {
      const root = await navigator.storage.getDirectory();
      const parent = await root.getDirectoryHandle("libredb", { create: true });
      const folder = await parent.getDirectoryHandle(data, { create: true });
      const file = await folder.getFileHandle("slot-0", { create: true });
      self.handle = await file.createSyncAccessHandle();
      postMessage("held");
    };
  `;
  window.holder = new Worker(URL.createObjectURL(new Blob([script])));
  await new Promise((resolve) => {
    holder.onmessage = resolve;
    holder.postMessage(name);
  });
}"""


@pytest.fixture
def visits(tabs: Tabs, folder: Path) -> Iterator[tuple[Page, Server]]:
    page = tabs.context.new_page()
    with Server() as server:
        server.serve_folder("site", folder)
        with asking_nobody_else(page, server):
            yield page, server


def shown(page: Page) -> str:
    page.wait_for_function(
        "() => document.querySelector('#out').textContent !== 'loading ...'", timeout=120_000
    )
    return page.inner_text("#out")


def blocks(language: str) -> list[str]:
    text = (ROOT / "docs" / "browser.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def serve_example(server: Server, script: str | None = None, *, name: str = "worker") -> str:
    """Serve the page of the documentation, with its worker or another; return its address.

    The browser keeps what it got by a name, so another worker needs another one.
    """
    (html,), (documented,) = blocks("html"), blocks("js")
    server.serve_file(f"site/{name}.html", html.replace("worker.js", f"{name}.js").encode())
    server.serve_file(f"site/{name}.js", (script or documented).encode())
    return f"{server.url}/site/{name}.html"


def test_the_example_of_the_documentation_counts_visits(visits: tuple[Page, Server]) -> None:
    page, server = visits
    address = serve_example(server)
    for number in (1, 2):
        page.goto(address)
        assert shown(page) == f"visit number {number}"
    # As when it is left, and the user comes back to it.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert shown(page) == "visit number 3"


def test_the_example_shows_a_second_tab_why_it_does_not_open(
    visits: tuple[Page, Server], tabs: Tabs
) -> None:
    """It said "loading ..." for ever."""
    page, server = visits
    server.serve_file("other.html", b'<!doctype html><link rel="icon" href="data:,">')
    other = tabs.context.new_page()
    other.goto(f"{server.url}/other.html")
    other.evaluate(HOLD, "app")
    page.goto(serve_example(server))
    text = shown(page)
    assert "DatabaseLockedError: cannot acquire 'app'" in text
    assert "the database is open in another tab or worker" in text
    other.close()


def test_the_example_shows_what_could_not_be_loaded(visits: tuple[Page, Server]) -> None:
    """It said "loading ..." for ever, whatever the address."""
    page, server = visits
    (script,) = blocks("js")
    nowhere = f"{server.url}/nowhere/libredb-0.0.0-py3-none-any.whl"
    page.goto(serve_example(server, script.replace('"libredb"', f'"{nowhere}"'), name="wheel"))
    text = shown(page)
    assert "while loading libredb" in text
    assert nowhere in text
    script = script.replace("./pyodide.mjs", "./nowhere/pyodide.mjs")
    page.goto(serve_example(server, script, name="pyodide"))
    assert shown(page) == "the worker, or what it imports, is not there"


def test_micropip_is_there_by_its_name_and_installs_the_wheel_from_a_url(
    visits: tuple[Page, Server], folder: Path
) -> None:
    page, server = visits
    (wheel,) = folder.glob("libredb-*.whl")
    page.goto(serve_example(server, MICROPIP.replace("WHEEL", wheel.name)))
    assert re.fullmatch(r"libredb \d+\.\d+\.\d+.* says value", shown(page))


def test_the_lock_file_of_the_folder_lists_what_is_there(folder: Path) -> None:
    """It listed 357 packages that were not there, and of micropip the digest of another file."""
    lock = json.loads((folder / NAME).read_text(encoding="utf-8"))
    assert sorted(lock["packages"]) == ["libredb", "micropip"]
    listed = {package["file_name"] for package in lock["packages"].values()}
    assert listed == {path.name for path in folder.glob("*.whl")}
    assert lock["info"]["python"].startswith("3.14.")


def test_a_wheel_is_listed_as_pyodide_lists_it() -> None:
    """Its micropip is the same release as ours, packed again: only the digests differ."""
    theirs = json.loads((pyodide_folder() / NAME).read_text(encoding="utf-8"))["packages"]
    (wheel,) = (wheel for wheel in fetch_test_wheels() if wheel.name.startswith("micropip-"))
    ours = entry(wheel)
    same = dict.fromkeys(("sha256", "version", "file_name"))
    assert ours | same == theirs["micropip"] | same
    assert ours["file_name"] == wheel.name


def make_wheel(folder: Path, name: str, *needed: str) -> Path:
    """Make a wheel that has a module, and says what it needs."""
    lines = [f"Name: {name}", "Version: 1", *(f"Requires-Dist: {each}" for each in needed)]
    wheel = folder / f"{name}-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-1.dist-info/METADATA", "\n".join(lines))
    return wheel


def locked(folder: Path, packages: dict[str, Any]) -> dict[str, Any]:
    """Return the packages of a folder that is listed anew."""
    (folder / NAME).write_text(json.dumps({"packages": packages}), encoding="utf-8")
    write_lock(folder)
    return json.loads((folder / NAME).read_text(encoding="utf-8"))["packages"]


def test_an_entry_of_pyodide_stays_if_its_file_is_there_and_what_it_needs(tmp_path: Path) -> None:
    theirs = entry(make_wheel(tmp_path, "theirs")) | {"depends": ["more"]}
    make_wheel(tmp_path, "more", "theirs>=1", 'other; extra == "all"')
    found = locked(tmp_path, {"theirs": theirs, "absent": theirs | {"file_name": "absent.whl"}})
    assert list(found) == ["more", "theirs"]
    assert found["theirs"] == theirs
    assert (found["more"]["depends"], found["more"]["imports"]) == (["theirs"], ["more"])


@pytest.mark.parametrize(
    ("needed", "reason"),
    [("absent>2", "needs absent, whose wheel"), ("other; python_version < '4'", "a condition")],
)
def test_a_wheel_that_needs_what_is_not_there_is_refused(
    tmp_path: Path, needed: str, reason: str
) -> None:
    make_wheel(tmp_path, "more", needed)
    with pytest.raises(PreparationError, match=reason):
        locked(tmp_path, {})


def test_two_wheels_of_one_package_are_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "more")
    wheel.with_name("more-2-py3-none-any.whl").write_bytes(wheel.read_bytes())
    with pytest.raises(PreparationError, match="remove one"):
        locked(tmp_path, {})
