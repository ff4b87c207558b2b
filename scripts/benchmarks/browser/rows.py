"""The rows that run in a browser, and the contenders that do them, each in a worker.

The Python of the page is Pyodide. Those in JavaScript have a worker of their own, so that no heap
is in the way of another; the worker of the older libredb loads the wheel of its checkout.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.rounds import BASELINE, OURS, Line, Outcome, Plan, lines, take_turns
from scripts.benchmarks.row import FailedError, Figures, Kind, Row, Size
from scripts.browser.engines import (
    CHROMIUM,
    EngineNotFoundError,
    assert_storage_is_real,
    ensure,
    persistent_context,
)
from scripts.browser.site import Load, serve_site
from scripts.browser.wheels import (
    CACHE,
    SQLITE_WASM,
    PreparationError,
    archive,
    build_wheel,
    pyodide_folder,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

ENTRIES = 100_000
SQLITE, INDEXED_DB, RAW, RAW_IN_ROOM = "sqlite", "indexeddb", "raw", "raw in room"
STEP_SECONDS = 0.0001
"""How coarse a worker's clock is; what takes less counts as so much."""

TITLES = {
    "sqlite-wasm": SQLITE,
    "IndexedDB, strict": INDEXED_DB,
    "JavaScript write + flush": RAW,
    "JavaScript write + flush in room": RAW_IN_ROOM,
}
"""What the table calls those of contenders.js."""


@dataclass(frozen=True)
class Task:
    """What a contender in a browser does: a workload by its name, so many times a round."""

    workload: str
    times: int


def _row(
    name: str, title: str, times: int, others: Sequence[str], *, more_rounds: int = 1
) -> Row[Task]:
    task = Task(name, times)
    return Row(
        f"browser-{name}",
        f"browser: {title}",
        Kind.WALL,
        dict.fromkeys((OURS, *others), task),
        more_rounds=more_rounds,
    )


_DATABASES = ("sqlite-wasm", "IndexedDB, strict")

ROWS = [
    _row("put-1", "a durable commit of one entry", 40, tuple(TITLES), more_rounds=10),
    _row("put-100", "a commit of 100 entries", 20, _DATABASES, more_rounds=2),
    _row("put-1000", "a commit of 1,000 entries", 5, _DATABASES, more_rounds=2),
    _row("get", "`db.get`, 100 K entries", 10_000, ["sqlite-wasm"]),
    _row("get-within", "get inside of one transaction, 100 K entries", 10_000, ["sqlite-wasm"]),
    _row("scan-100", "scan 100 entries, 100 K", 500, ["sqlite-wasm"]),
    _row("open", "open 100 K entries, compacted (sqlite-wasm: into a Map)", 1, ["sqlite-wasm"]),
]


class Session:
    """A page, and what was prepared in its workers."""

    def __init__(self, page: "Page", url: str, size: Size) -> None:
        """Use the workers of this page; `url` is where contenders.js is."""
        self._page = page
        self._url = url
        self._entries = size.entries(ENTRIES)
        self._prepared: set[str] = set()

    def call(self, name: str, function: str, *arguments: object) -> float | None:
        """Call a function of inside.py in the worker of a contender.

        Raises:
            FailedError: it raised.
        """
        from playwright.sync_api import Error  # noqa: PLC0415 - nothing else here needs it

        ours = name in {OURS, BASELINE}
        worker = name if ours else "others"
        everything = ["" if ours else self._url, TITLES.get(name, worker), *arguments]
        code = f"import inside; await inside.{function}(*{everything!r})"
        script = "([worker, code]) => window.workers.run(worker, code)"
        try:
            return self._page.evaluate(script, [worker, code])
        except Error as error:
            said = str(error).partition("\n    at ")[0]  # the rest is where page.js raised it again
            raise FailedError(f"in the browser: {said}") from None

    def prepare(self, name: str) -> None:
        """Prepare a contender, if no earlier row did."""
        if name not in self._prepared:
            self.call(name, "prepare", self._entries)
            self._prepared.add(name)


class InWorker:
    """A contender in a worker of the page."""

    def __init__(self, session: Session, name: str, task: Task, size: Size) -> None:
        """Nothing is done before the first round, which prepares."""
        self._session = session
        self._name = name
        self._task = task
        self._times = size.times(task.times)
        self._begun = False

    def round(self) -> Figures:
        """Do one round; see `Contender`."""
        if not self._begun:
            self._begun = True
            self._session.prepare(self._name)
            return {}
        seconds = self._session.call(self._name, "run_round", self._task.workload, self._times)
        if seconds is None:
            raise FailedError(f"{self._name} returned no time")
        return {"": max(seconds, STEP_SECONDS / self._times)}

    def close(self) -> None:
        """Leave it as it is, for the next row."""


def measure(rows: Sequence[Row[Task]], plan: Plan) -> Iterator[Line]:
    """Run these rows in one browser, and yield their lines; say why where there is no browser."""
    try:
        ensure(CHROMIUM)
        pyodide_folder()
    except (EngineNotFoundError, PreparationError) as error:
        reason = Outcome(note=f"no browser: {str(error).splitlines()[0]}")
        for row in rows:
            yield from lines(row, dict.fromkeys(row.contenders, reason))
        return
    with _session(plan) as session:
        for row in rows:
            names = [*row.contenders, *([BASELINE] if plan.baseline else [])]
            task = row.contenders[OURS]
            contenders = {name: InWorker(session, name, task, plan.size) for name in names}
            yield from lines(row, take_turns(contenders, row, plan))


@contextmanager
def _session(plan: Plan) -> Iterator[Session]:
    """Start a browser with a worker for each kind of contender."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only rows of a browser need it

    folder = plan.places.disk / "browser"
    folder.mkdir()
    here = Path(__file__).resolve().parent
    with (
        serve_site([build_wheel(folder)], CACHE / "benchmark-console.log") as (server, load),
        sync_playwright() as playwright,
        persistent_context(playwright, folder / "profile") as context,
    ):
        server.serve_folder("sqlite-wasm", SQLITE_WASM)
        server.serve_folder("benchmarks", here)
        server.serve_file("inside.zip", archive({"inside.py": here / "inside.py"}))
        load["archives"].append({"url": f"{server.url}/inside.zip", "folder": "/home/pyodide"})
        loads: dict[str, Load] = {OURS: load, "others": load}
        if plan.baseline:
            wheel = build_wheel(folder / "baseline", plan.baseline)
            server.serve_file(f"baseline/{wheel.name}", wheel.read_bytes())
            url = f"{server.url}/baseline/{wheel.name}"
            loads[BASELINE] = {"wheels": [url], "archives": load["archives"]}
        page = context.new_page()
        page.goto(f"{server.url}/runtime/page.html")
        assert_storage_is_real(page, folder / "profile")
        for name, what in loads.items():
            page.evaluate("([name, load]) => window.workers.start(name, load)", [name, dict(what)])
        yield Session(page, f"{server.url}/benchmarks/contenders.js", plan.size)
