"""The guide for people who write only Python is true: in a worker of one's own, and in PyScript.

A storage is shared by both kinds of PyScript, over reloads, and one tab at a time has it. No page
asks another host than 127.0.0.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page

from scripts.browser.server import Server
from scripts.browser.wheels import PYSCRIPT, ROOT
from tests.browser.conftest import Tabs, asking_nobody_else

pytestmark = pytest.mark.cpython(reason="drives a browser")

GUIDE = (ROOT / "docs" / "guide" / "python-in-a-page.md").read_text(encoding="utf-8")

DEADLINE_MS = 300_000
"""Two Pyodides start at once, and perhaps other tests beside them."""

PRINTED = re.compile(r"^ *print\(.*\)  # (.+)$", re.MULTILINE)

VISIT = re.compile(
    r"(\d+) visits, the first one: "
    r"\(datetime\.datetime\(.*, tzinfo=datetime\.timezone\.utc\), b'worker'\)"
)


@dataclass
class Visited:
    """A site with the pages of the guide, and the tabs that look at it."""

    server: Server
    tabs: Tabs

    def serve(self, name: str, text: str, wheel: str) -> None:
        """Serve a block of the guide, with the name of the wheel and the address filled in."""
        text = text.replace("libredb-VERSION-py3-none-any.whl", wheel)
        text = text.replace("http://127.0.0.1:8000", f"{self.server.url}/site")
        self.server.serve_file(f"site/{name}", text.encode())

    def show(self, page: Page, name: str) -> str:
        """Show a page, and return what it says in the end."""
        page.goto(f"{self.server.url}/site/{name}")
        page.wait_for_function(
            "() => !document.querySelector('#out').textContent.startsWith('loading')",
            timeout=DEADLINE_MS,
        )
        return page.inner_text("#out")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def visited(tabs: Tabs, folder: Path) -> Iterator[Visited]:
    (wheel,) = folder.glob("libredb-*.whl")
    plain, in_worker, on_main = blocks("html")
    (worker,) = blocks("js")
    with Server() as server:
        server.serve_folder("site", folder)
        for file in sorted(PYSCRIPT.glob("*.js")):
            server.serve_file(f"site/pyscript/{file.name}", file.read_bytes())
        server.serve_file("favicon.ico", b"")
        visited = Visited(server, tabs)
        visited.serve("index.html", plain, wheel.name)
        visited.serve("worker.js", worker, wheel.name)
        visited.serve("app.py", "\n".join(blocks("py")), wheel.name)
        visited.serve("pyscript-worker.html", in_worker, wheel.name)
        visited.serve("pyscript-main.html", on_main, wheel.name)
        yield visited


def test_its_python_runs_in_a_worker_from_top_to_bottom(visited: Visited) -> None:
    page = visited.tabs.context.new_page()
    with asking_nobody_else(page, visited.server):
        told = visited.show(page, "index.html")
        assert told.splitlines() == PRINTED.findall("\n".join(blocks("py")))
        assert len(told.splitlines()) == 3


def test_pyscript_keeps_a_storage_in_a_worker_and_on_the_main_thread(visited: Visited) -> None:
    page = visited.tabs.context.new_page()
    with asking_nobody_else(page, visited.server):
        for number, name in enumerate(("worker", "main", "worker"), start=1):
            told = visited.show(page, f"pyscript-{name}.html")
            match = VISIT.fullmatch(told)
            assert match is not None, told
            assert int(match[1]) == number
        other = visited.tabs.context.new_page()
        told = visited.show(other, "pyscript-main.html")
        assert told.startswith("DatabaseLockedError: cannot open the storage 'visits'"), told
        other.close()
