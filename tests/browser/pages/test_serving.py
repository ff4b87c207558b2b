"""`make serve` serves them, and they work without it: offline, until there is a new version.

Few tests, each the story of somebody, because every page that is opened waits for Python.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.browser.pages import list_files
from tests.browser.conftest import BLANK
from tests.browser.pages.helpers import problems, serving, shows, start

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Tabs

CONNECT = """async () => {
  const { connect } = await import("/client/client.js");
  const worker = "/pages/strict.js";
  try {
    return (await connect({ name: "strict", pyodide: "/pyodide.mjs", worker })).close();
  } catch ({ name, message }) {
    return { name, message };
  }
}"""

pytestmark = pytest.mark.cpython(reason="drives a browser")


def test_the_pages_work_without_a_network_and_take_a_new_version(
    opened: Callable[[str], "Page"], folder: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(folder, site)
    with serving(0, str(site)) as url:
        page = opened(f"{url}/")  # the pages, where a site has none of its own
        shows(page, "offline", "This page works without a network.")
        assert problems(page) == []
    port = int(url.rpartition(":")[2])

    # Nobody serves it any more.
    page.get_by_role("link", name="Notes").click()
    shows(page, "count", "No notes yet.")
    page.get_by_role("link", name="Python").click()
    shows(page, "view", "Nothing yet.")
    page.get_by_role("link", name="All pages").click()
    shows(page, "offline", "This page works without a network.")

    # The site has another version; the page takes it when it is told to.
    index = site / "pages" / "index.html"
    index.write_text(index.read_text(encoding="utf-8").replace("libredb in a page", "Next"))
    list_files(site)
    with serving(port, str(site)) as again:
        assert again == url
        page.reload()
        assert page.title() == "libredb in a page"
        page.get_by_role("button", name="Use it").click()
        page.get_by_role("heading", name="Next").wait_for()
        shows(page, "offline", "This page works without a network.")


def test_a_policy_that_keeps_python_from_starting_is_told_and_not_waited_for(
    tabs: "Tabs", folder: Path, tmp_path: Path
) -> None:
    """A worker that was served with the policy of a page said nothing until a minute was up."""
    site = tmp_path / "site"
    shutil.copytree(folder, site)
    (site / "blank.html").write_bytes(BLANK)
    shutil.copy(site / "pages" / "worker.js", site / "pages" / "strict.js")  # served as pages are
    with serving(0, str(site)) as url:
        page = tabs.context.new_page()
        page.goto(f"{url}/blank.html")
        found = page.evaluate(CONNECT)
        page.close()
    assert found["name"] == "WorkerError", found
    assert "it needs script-src 'self' blob: 'unsafe-eval'" in found["message"]


def test_a_port_that_is_taken_is_told_before_anything_is_made(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with start(port) as process:
        said, complaint = process.communicate()
    assert (said, process.returncode) == ("", 1)
    assert complaint.startswith(f"port {port} cannot be had: ")
    assert "make serve PORT=" in complaint
