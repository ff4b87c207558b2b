"""Makes the site of a checkout and serves it; `make serve` runs this.

    python -m scripts.browser.serve [--port PORT] [FOLDER]

Without a folder the site of scripts/browser/static_site.py is made in .cache/site: beside it, and
renamed when it is whole. A folder that is named is served as it is.

Rules: 127.0.0.1 alone. A browser keeps data for an address with its port, so a port that is taken
is an error, and not another port. Ctrl-C and SIGTERM end it, with one line. Browsers ask again
whether a file has changed. The pages of libredb get a content security policy: their own origin,
and nothing else.
"""

import argparse
import http
import signal
import sys
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

from scripts.browser.static_site import make_site
from scripts.browser.wheels import CACHE, PreparationError

FOLDER = CACHE / "site"
PORT = 8000

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# A worker has a policy of its own: that of its script. Pyodide makes functions of texts when it
# starts, and so needs `unsafe-eval`; the adapter imports a module of its wheel as a blob.
WORKER = "/pages/worker.js"
WORKER_POLICY = "default-src 'none'; script-src 'self' blob: 'unsafe-eval'; connect-src 'self'"


class Handler(SimpleHTTPRequestHandler):
    """One connection of a browser; it is kept open between requests."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    extensions_map = {  # noqa: RUF012 - the base class has it as a dict
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def send_head(self) -> BinaryIO | None:
        """Show the pages where somebody asks for the site and it has no page of its own."""
        if self.path != "/" or Path(self.directory, "index.html").exists():
            return super().send_head()
        self.send_response(http.HTTPStatus.FOUND)
        self.send_header("Location", "/pages/")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def end_headers(self) -> None:
        """Say what goes for every file."""
        self.send_header("Cache-Control", "no-cache")
        if self.path.startswith("/pages/"):
            is_worker = self.path == WORKER
            self.send_header("Content-Security-Policy", WORKER_POLICY if is_worker else POLICY)
        super().end_headers()

    def list_directory(self, path: object) -> None:
        """Say that there is no page, instead of listing files."""
        self.send_error(http.HTTPStatus.NOT_FOUND, "no index.html in this folder")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing: browsers tell what they ask for."""


class Server(ThreadingHTTPServer):
    """A server that does not mind a browser that hangs up."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave out what says only that a tab was closed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType] - a socket


def serve(port: int, folder: Path | None) -> int:
    """Serve a folder, or the site that is made, until Ctrl-C; return the exit code."""
    try:
        # The port first: who cannot have it need not wait for the site.
        server = Server(("127.0.0.1", port), partial(Handler, directory=str(folder or FOLDER)))
    except OSError as error:
        print(f"port {port} cannot be had: {error.strerror}", file=sys.stderr)
        print("Take another one: make serve PORT=8001", file=sys.stderr)
        return 1
    with server:
        if folder is None:
            print("Making the site ...", flush=True)
            _make(FOLDER)
        print(f"http://127.0.0.1:{server.server_port}/ until Ctrl-C", flush=True)
        server.serve_forever()
    return 0


def _make(folder: Path) -> None:
    """Make the site, and put it in its place when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="site-", dir=folder.parent) as beside:
        made, old = Path(beside, "made"), Path(beside, "old")
        make_site(made)
        if folder.exists():
            folder.rename(old)
        made.rename(folder)


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser("python -m scripts.browser.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"{PORT} by default; 0 for any")
    parser.add_argument("folder", type=Path, nargs="?", help="what to serve as it is")
    options = parser.parse_args(arguments)
    if options.folder is not None and not options.folder.is_dir():
        print(f"{options.folder} is not a folder", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return serve(options.port, options.folder)
    except PreparationError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nNo longer served.")
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
