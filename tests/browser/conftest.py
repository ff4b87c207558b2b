"""A real browser, workers with Pyodide and libredb in them, and storage that outlives both.

Which browser it is, `pytest --engine` says.
"""

import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if sys.platform != "emscripten":
    from scripts.browser.engines import ENGINES, assert_storage_is_real, persistent_context
    from scripts.browser.site import Load, serve_site
    from scripts.browser.static_site import make_site
    from scripts.browser.wheels import CACHE, ROOT, archive, build_wheel

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright, Request

    from scripts.browser.engines import Engine
    from scripts.browser.server import Server

INSIDE = Path(__file__).resolve().parent / "inside.py"
BLANK = b'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'


@dataclass
class Worker:
    """One dedicated worker of a page."""

    page: "Page"
    name: str

    def run(self, call: str) -> Any:
        """Run an expression of `inside`, awaited if need be, and return its value."""
        return self.page.evaluate(
            "([name, code]) => window.workers.run(name, code)", [self.name, _code(call)]
        )

    def begin(self, call: str) -> None:
        """Run it without waiting: it is going to be ended, or posts what it has to say."""
        self.page.evaluate(
            "([name, code]) => window.workers.begin(name, code)", [self.name, _code(call)]
        )

    def terminate(self) -> None:
        """End the worker at once."""
        self.page.evaluate("(name) => window.workers.terminate(name)", self.name)

    def terminate_after(self, count: int, delay_ms: float) -> list[Any]:
        """End it a moment after it has posted so many values; return all values it posted."""
        posted = self.page.evaluate(
            "([name, count, delay]) => window.workers.terminateAfter(name, count, delay)",
            [self.name, count, delay_ms],
        )
        return [message["value"] for message in posted]

    def take(self) -> list[Any]:
        """Return the values posted since the last time."""
        posted = self.page.evaluate("(name) => window.workers.take(name)", self.name)
        return [message["value"] for message in posted]


def _code(call: str) -> str:
    return f"import inside, inspect\nx = {call}\n(await x) if inspect.isawaitable(x) else x"


@dataclass
class Site:
    """An origin of its own, what its workers load, and the browser that keeps its storage."""

    url: str
    load: "Load"
    profile: Path
    engine: "Engine"
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def elsewhere(self, profile: Path) -> "Site":
        """Return the same site for browsers of another profile, with storage of its own."""
        return replace(self, profile=profile)

    @contextmanager
    def browser(
        self, playwright: "Playwright", preferences: Mapping[str, int] | None = None
    ) -> Iterator["Tabs"]:
        """Start a browser on the profile of this site; the storage was there before it."""
        with persistent_context(
            playwright, self.profile, self.engine, preferences=preferences
        ) as context:
            yield Tabs(self, context)

    def open_page(self, page: "Page") -> "Page":
        """Show the page of the workers, on storage that is real."""
        page.goto(f"{self.url}/runtime/page.html")
        return page

    def start_worker(self, page: "Page") -> Worker:
        """Start a worker and do not wait until it is loaded."""
        name = f"worker-{next(self._numbers)}"
        page.evaluate("([name, load]) => window.workers.start(name, load)", [name, dict(self.load)])
        return Worker(page, name)


@dataclass
class Tabs:
    """The tabs of one browser."""

    site: Site
    context: Any

    def open(self) -> "Page":
        """Open one more tab."""
        return self.site.open_page(self.context.new_page())


@pytest.fixture(scope="package")
def playwright() -> Iterator["Playwright"]:
    """Start Playwright; it has an event loop, so it must not outlive this folder's tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build our wheel, once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="package")
def engine(pytestconfig: pytest.Config) -> "Engine":
    """Return the browser that was asked for."""
    return ENGINES[pytestconfig.option.engine]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory, wheel: Path, engine: "Engine") -> Iterator[Site]:
    """Serve the page and the wheel, for all tests of this folder."""
    with serve_site([wheel], CACHE / f"browser-console-{engine.name}.log") as (server, load):
        server.serve_file("inside.zip", archive({"inside.py": INSIDE}))
        load["archives"].append({"url": f"{server.url}/inside.zip", "folder": "/home/pyodide"})
        server.serve_folder("client", ROOT / "web" / "src")
        server.serve_file("blank.html", BLANK)
        yield Site(server.url, load, tmp_path_factory.mktemp("profile"), engine)


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that the documentation serves, once."""
    made = tmp_path_factory.mktemp("folder")
    make_site(made)
    return made


@contextmanager
def asking_nobody_else(page: "Page", server: "Server") -> Iterator[None]:
    """Let a page ask this server in the block, and close it; any other request is a failure."""
    asked: list[str] = []

    def note(request: "Request") -> None:
        asked.append(request.url)

    page.on("request", note)
    yield
    page.close()
    assert asked
    own = (server.url, f"blob:{server.url}", "data:")
    assert [url for url in asked if not url.startswith(own)] == []


@pytest.fixture(scope="package")
def tabs(site: Site, playwright: "Playwright") -> Iterator[Tabs]:
    """Start the browser that most tests share, and make sure that its storage is real."""
    with site.browser(playwright) as tabs:
        page = tabs.open()
        assert_storage_is_real(page, site.profile)
        page.close()
        yield tabs


@pytest.fixture
def page(tabs: Tabs) -> Iterator["Page"]:
    """Open a tab for one test."""
    page = tabs.open()
    yield page
    page.close()
