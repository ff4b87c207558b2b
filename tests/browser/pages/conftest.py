"""Pages as the program of `make serve` serves them, of which none says anything to the console."""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if sys.platform != "emscripten":
    from tests.browser.pages.helpers import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Tabs

LONG_MS = 180_000  # Python starts in three seconds, or in a minute where others are at work


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def opened(tabs: "Tabs") -> Iterator[Callable[[str], "Page"]]:
    """Open tabs, and make sure that none of them says anything to the console."""
    pages: list[Page] = []
    said: list[str] = []

    def note(what: Any) -> None:
        said.append(getattr(what, "text", str(what)))

    def opened(url: str) -> "Page":
        page = tabs.context.new_page()
        page.set_default_timeout(LONG_MS)
        page.on("console", note)
        page.on("pageerror", note)
        pages.append(page)
        response = page.goto(url)
        assert "script-src 'self';" in response.headers["content-security-policy"]
        return page

    yield opened
    for page in pages:
        page.close()
    assert said == []
