"""What every page under test is served: Pyodide, the wheels, the worker, a log of its console.

One `Site` is one origin, so what the browser stores lasts as long as the site does, over any number
of pages and browsers.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from scripts.browser.server import Server
from scripts.browser.wheels import pyodide_folder

_RUNTIME = Path(__file__).resolve().parent


class Archive(TypedDict):
    """A zip archive that the worker unpacks into a folder before it runs anything."""

    url: str
    folder: str


class Load(TypedDict):
    """What a worker loads before it runs anything; the same shape as in page.js."""

    wheels: list[str]
    archives: list[Archive]


@contextmanager
def serve_site(wheels: Sequence[Path], console: Path) -> Iterator[tuple[Server, Load]]:
    """Serve the page with these wheels; what workers print goes to the file `console`."""
    console.parent.mkdir(parents=True, exist_ok=True)
    with Server() as server, console.open("w", encoding="utf-8") as log:

        def append(text: bytes) -> bytes:
            log.write(text.decode("utf-8", "replace"))
            log.flush()
            return b"{}"

        server.answer("console", append)
        server.serve_folder("runtime", _RUNTIME)
        server.serve_folder("pyodide", pyodide_folder())
        for wheel in wheels:
            server.serve_file(f"wheels/{wheel.name}", wheel.read_bytes())
        urls = [f"{server.url}/wheels/{wheel.name}" for wheel in wheels]
        yield server, {"wheels": urls, "archives": []}
