"""What is around a database: places that cannot have one, and others who use the same storage.

Each place is told with what to do. What does harm is on the page about browsers, and shown here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlunsplit

import pytest
from playwright.sync_api import Page, Route

from scripts.browser.wheels import ROOT
from tests.browser.conftest import Site, Tabs, Worker
from tests.browser.page_client import ClientTab

pytestmark = pytest.mark.cpython(reason="drives a browser")

INSECURE = urlunsplit(("http", "libredb.test", "", "", ""))
"""Neither https nor this machine; the tests answer every request for it inside the browser."""

# What Python's side of the adapter is told, by the module that asks the browser.
ACQUIRE = """async () => {
  const { acquire } = await import("/bridge.js");
  return acquire("app", {}, 0).catch((error) => error.name);
}"""

CONNECT_IN_A_WORKER = """
  const script = `
    import { connect } from "${location.origin}/client/client.js";
    connect({ name: "app", pyodide: "/pyodide/pyodide.mjs" }).catch(({ name, message }) =>
      postMessage({ name, message }));
  `;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ message });
  });
"""

MOUNT = """
import js, pyodide_js, libredb, libredb_opfs

root = await js.navigator.storage.getDirectory()
files = await root.getDirectoryHandle("files", create=True)
own = await pyodide_js.mountNativeFS("/mnt/own", files)

with await libredb_opfs.acquire("mounted") as fs, libredb.open("app.libredb", fs=fs) as db:
    db.set(b"key", b"value")
    with open("/mnt/own/file.txt", "w") as file:
        file.write("text")
    await own.syncfs()
text = await (await (await files.getFileHandle("file.txt")).getFile()).text()

everything = await pyodide_js.mountNativeFS("/mnt/everything", root)
with await libredb_opfs.acquire("later") as fs, libredb.open("app.libredb", fs=fs) as db:
    db.set(b"key", b"value")
    try:
        await everything.syncfs()
        refused = None
    except Exception as error:
        refused = str(error)
    kept = db.get(b"key").decode()

try:
    await everything.syncfs()
except Exception:
    pass  # it stumbles over its own removals
[text, kept, refused, await libredb_opfs.names()]
"""


@pytest.fixture(scope="module")
def worker(site: Site, tabs: Tabs) -> Iterator[Worker]:
    page = tabs.open()
    yield site.start_worker(page)
    page.close()


def serve_bridge(page: Page, origin: str) -> None:
    """Answer a page's request for the JavaScript side of the adapter."""
    bridge = ROOT / "adapters" / "libredb_opfs" / "bridge.js"

    def answer(route: Route) -> None:
        route.fulfill(body=bridge.read_bytes(), content_type="text/javascript")

    page.route(f"{origin}/bridge.js", answer)


def test_a_page_by_http_is_told_to_use_https(tabs: Tabs) -> None:
    """It was a TypeError: where there are no files, there is no `crypto.randomUUID` either."""
    page = tabs.context.new_page()

    def answer(route: Route) -> None:
        path = Path(route.request.url.removeprefix(f"{INSECURE}/"))
        if path.suffix == ".js":
            source = ROOT / "web" / "src" / path.name
            route.fulfill(body=source.read_bytes(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route(f"{INSECURE}/**", answer)
    serve_bridge(page, INSECURE)
    page.goto(f"{INSECURE}/")
    name, message = page.evaluate("""async () => {
      const { connect } = await import("/client/client.js");
      const opening = connect({ name: "app", pyodide: "/pyodide/pyodide.mjs" });
      return opening.catch(({ name, message }) => [name, message]);
    }""")
    assert name == "UsageError"
    assert f"{INSECURE} is not a secure context" in message
    assert "https" in message
    assert page.evaluate(ACQUIRE) == "NoOpfsError"
    page.close()


def test_the_page_itself_is_told_to_use_a_worker(site: Site, tabs: Tabs) -> None:
    page = tabs.context.new_page()
    serve_bridge(page, site.url)
    ClientTab(page, site).load()
    assert page.evaluate(ACQUIRE) == "NotInWorkerError"
    page.close()


def test_a_worker_is_told_that_the_client_is_for_pages(site: Site, tabs: Tabs) -> None:
    """It said that '/pyodide/pyodide.mjs' is no URL."""
    tab = ClientTab(tabs.context.new_page(), site).load()
    told = tab.run(CONNECT_IN_A_WORKER)
    assert told.get("name") == "UsageError", told
    assert "runs in a page" in told["message"]
    tab.page.close()


def test_a_worker_that_was_ended_while_busy_gives_its_files_back_in_time(
    site: Site, worker: Worker
) -> None:
    """Chromium lets a busy worker live for two seconds more; an idle one ends at once."""
    busy = site.start_worker(worker.page)
    worker.run("inside.PATH")  # it is loaded
    busy.begin("inside.live('busy')")
    acknowledged = busy.terminate_after(20, 0)[-1]
    patience = "inside.libredb_opfs.PATIENCE_SECONDS"
    told = worker.run(f"inside.try_acquire('busy', {patience})")
    assert told["code"] is None, told
    assert worker.run("inside.append('busy', 1)") > acknowledged


def test_pyodides_own_files_live_beside_a_database_in_a_folder_of_their_own(
    worker: Worker,
) -> None:
    """A mount of all is refused while a database is open, and removes a newer one afterwards."""
    text, kept, refused, names = run(worker, MOUNT)
    assert (text, kept) == ("text", "value")
    assert "NoModificationAllowedError" in str(refused)
    assert "mounted" in names
    assert "later" not in names, "say in docs/browser.md that a mount of everything does no harm"


def run(worker: Worker, code: str) -> Any:
    """Run Python in a worker, which may await, and return its value."""
    call = "([name, code]) => window.workers.run(name, code)"
    return worker.page.evaluate(call, [worker.name, code])
