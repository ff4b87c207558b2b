"""A small web server on this machine alone: files, bytes made up on the way, and calls that answer.

Rules: it listens on 127.0.0.1 only, on a port the system picks; a port is an origin, so storage in
the browser lasts as long as the server does. What is served is declared before a page asks for it.
Absent on purpose: directory listings, ranges, encryption (127.0.0.1 is a secure context anyway).
"""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import ClassVar, Self

Answer = Callable[[bytes], bytes]

# Browsers refuse modules and WebAssembly of the wrong type, and hosts disagree about these.
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".wasm": "application/wasm",
}


class Server:
    """A server that lives as long as its `with` block."""

    def __init__(self) -> None:
        """Take a free port; nothing is answered before the `with` block begins."""
        self._folders: dict[str, Path] = {}
        self._files: dict[str, bytes] = {}
        self._answers: dict[str, Answer] = {}

        class Handler(_Handler):
            site = self

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The origin, without a slash at the end."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def serve_folder(self, prefix: str, folder: Path) -> None:
        """Serve every file below `folder` as `/prefix/...`."""
        self._folders[prefix] = folder.resolve()

    def serve_file(self, path: str, content: bytes) -> None:
        """Serve these bytes as `/path`."""
        self._files[path] = content

    def answer(self, path: str, answer: Answer) -> None:
        """Call `answer` with the body of each POST to `/path`; it runs in a thread of its own."""
        self._answers[path] = answer

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the port back."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def find(self, path: str) -> bytes | None:
        """Return what `/path` serves, or None."""
        if path in self._files:
            return self._files[path]
        prefix, _, rest = path.partition("/")
        folder = self._folders.get(prefix)
        if folder is None:
            return None
        file = (folder / rest).resolve()
        return file.read_bytes() if file.is_relative_to(folder) and file.is_file() else None

    def call(self, path: str, body: bytes) -> bytes | None:
        """Return the answer of `/path`, or None where nobody answers."""
        answer = self._answers.get(path)
        return None if answer is None else answer(body)


class _Handler(BaseHTTPRequestHandler):
    """One connection of the browser; it is kept open between requests."""

    site: ClassVar[Server]
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Head and body leave together: sent one by one, the second waits 40 ms for the first's ACK."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        content = self.site.find(path)
        kind = _CONTENT_TYPES.get(Path(path).suffix, "application/octet-stream")
        self._reply(content, kind)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = self.path.partition("?")[0].lstrip("/")
        self._reply(self.site.call(path, body), "application/json")

    def _reply(self, content: bytes | None, kind: str) -> None:
        try:
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content or b"")))
            # Compiled WebAssembly is cached with its file: the second start is much quicker.
            self.send_header("Cache-Control", "max-age=3600")
            self.end_headers()
            self.wfile.write(content or b"")
        except ConnectionError:
            pass  # The tests kill workers and browsers in the middle of requests.

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing: the reports are on the terminal, the console is in its log."""
