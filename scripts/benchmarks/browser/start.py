"""The rows about starting in a browser: how long a page waits, where the time goes, what is loaded.

Every start has a page of its own, and ends when one value was stored and read. At a first visit the
browser is new, and so is its profile; at a later one all files are in its cache. They come from
this machine: what a network adds is the bytes of each file by its speed.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.benchmarks.browser import peers
from scripts.benchmarks.rounds import BASELINE, OURS, Line, Outcome, Plan, lines, take_turns
from scripts.benchmarks.row import FailedError, Figures, Kind, Refusal, Row
from scripts.browser.client import copy_client
from scripts.browser.engines import CHROMIUM, ensure, persistent_context
from scripts.browser.server import Server
from scripts.browser.site import serve_site
from scripts.browser.static_site import PYODIDE_FILES
from scripts.browser.wheels import CACHE, SQLITE_WASM, build_wheel, pyodide_folder
from scripts.release.compiled import compile_wheel
from scripts.release.compressed import LARGEST, SMALLEST, compress

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

SNAPSHOT = "libredb with a snapshot"
SOURCES = "libredb from its sources"
PYODIDE = "`loadPyodide` alone"
PEERS = {"Dexie": "dexie", "sqlite-wasm": "", "PGlite": "@electric-sql/pglite"}
"""What else a page may keep its data in, and the package that has to be fetched."""

CALLS = 500
_SCRIPT = """async (all) => (await import("/benchmarks/start.js")).{}(...all)"""
WITHIN = "the same call in the worker"


@dataclass(frozen=True)
class Start:
    """What start.js starts.

    Args:
        name: what it calls it.
        wheel: which of our wheels it loads.
        has_snapshot: whether Python starts from one.
        package: of npm, which it needs.
    """

    name: str
    wheel: str = "compiled"
    has_snapshot: bool = False
    package: str = ""


STARTS = {
    OURS: Start("libredb"),
    SNAPSHOT: Start("libredb", has_snapshot=True),
    SOURCES: Start("libredb", wheel="sources"),
    PYODIDE: Start("pyodide"),
    "Dexie": Start("dexie", package=PEERS["Dexie"]),
    "sqlite-wasm": Start("sqlite"),
    "PGlite": Start("pglite", package=PEERS["PGlite"]),
}

STEPS = {
    "until the worker runs": (None, "pyodide"),
    "Pyodide": ("pyodide", "wheel"),
    "wheel": ("wheel", "import"),
    "import": ("import", "acquire"),
    "acquire": ("acquire", "open"),
    "open": ("open", "ready"),
    "wheel, import, acquire and open": ("wheel", "ready"),
    "first calls": ("ready", "all"),
}
"""Each step by the moments, told by the client, between which it lies."""

FETCHES = {f"fetching {name}": name for name in ("pyodide.asm.wasm", "python_stdlib.zip")}

FILES = (*PYODIDE_FILES, "client", "wheel", "all")


def _row(name: str, title: str, others: Sequence[str], **more: Any) -> Row[Start]:  # noqa: ANN401 - they are Row's own
    return Row(
        f"browser-{name}",
        f"browser: {title}",
        more.pop("kind", Kind.WALL),
        {each: STARTS.get(each, STARTS[OURS]) for each in (OURS, *others)},
        **more,
    )


_ALL = (SNAPSHOT, PYODIDE, *PEERS)
_STEPS = (*STEPS, *FETCHES)

FIRST = [
    _row("start-first", "start at the first visit", _ALL, warm=False),
    _row("steps-first", "first visit", (SNAPSHOT,), figures=_STEPS, warm=False),
    _row(
        "loads",
        "what a first visit loads",
        _ALL[1:],
        figures=("bytes",),
        kind=Kind.MEMORY,
        warm=False,
    ),
]
LATER = [
    _row("start", "start at a later visit", _ALL),
    _row("steps", "later visit", (SNAPSHOT, SOURCES), figures=_STEPS),
]
SIZES = _row("sizes", "bytes of a file", ("gzip", "brotli"), figures=FILES, kind=Kind.MEMORY)
CALL = _row("call", "a get through the client", (WITHIN,))

ROWS = [*FIRST, *LATER, SIZES, CALL]


class Visits:
    """Pages of one site, in browsers that are new or have been there before."""

    def __init__(self, playwright: "Playwright", server: Server, folder: Path) -> None:
        """Keep the profiles of browsers in `folder`."""
        self._playwright = playwright
        self._server = server
        self._folder = folder
        self._count = 0
        self.wheels: dict[str, str] = {}

    @contextmanager
    def browser(self) -> Iterator["BrowserContext"]:
        """Start a browser that was never here."""
        self._count += 1
        profile = self._folder / f"profile-{self._count}"
        with persistent_context(self._playwright, profile) as context:
            yield context
        shutil.rmtree(profile, ignore_errors=True)

    @contextmanager
    def page(self, context: "BrowserContext") -> Iterator["Page"]:
        """Open a page that has loaded nothing but what measures."""
        page = context.new_page()
        page.goto(f"{self._server.url}/blank.html")
        yield page
        page.close()

    def start(self, context: "BrowserContext", start: Start, *, older: bool) -> Figures:
        """Do one start in a page of its own, and return its figures."""
        with self.page(context) as page:
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            arguments = [start.name, *self.options(start, older=older)]
            moments: dict[str, float] = page.evaluate(_SCRIPT.format("start"), arguments)
        kept = [self._server.find(url.partition(f"{self._server.url}/")[2]) for url in asked]
        return {**_figures(moments), "bytes": float(sum(len(data or b"") for data in kept))}

    def check(self, start: Start, *, older: bool) -> None:
        """Do nothing if that can be started.

        Raises:
            Refusal: it is not installed, or that libredb has no client yet.
        """
        if start.package and peers.folder(start.package) is None:
            raise Refusal("not installed")
        if older and self._server.find("older/client.js") is None:
            raise Refusal("this libredb lacks it: web/src/client.js")

    def options(self, start: Start, *, older: bool) -> list[object]:
        """Return the URL of client.js and the options of `connect`."""
        options: dict[str, object] = {"pyodide": "/pyodide/pyodide.mjs"}
        options["start_deadline_ms"] = 600_000  # a machine may be slow; that is what is measured
        if older:
            return ["/older/client.js", {**options, "wheel": self.wheels["older"]}]
        options["wheel"] = self.wheels[start.wheel]
        options["worker"] = "/benchmarks/timed_worker.js"
        if start.has_snapshot:
            options["snapshot"] = "experimental"
        return ["/client/client.js", options]


def _figures(moments: Mapping[str, float]) -> Figures:
    """Return seconds: of the whole, of each step, and of what was fetched meanwhile."""
    figures = {"": moments["all"] / 1000}
    for name, (begin, end) in STEPS.items():
        if end in moments and (begin is None or begin in moments):
            figures[name] = (moments[end] - (moments[begin] if begin else 0)) / 1000
    for name, file in FETCHES.items():
        if file in moments:
            figures[name] = moments[file] / 1000
    return {name: max(seconds, 1e-4) for name, seconds in figures.items()}


class Visitor:
    """A contender: one start a round, in a browser that is new each time, or that stays."""

    def __init__(
        self, visits: Visits, start: Start, context: "BrowserContext | None", *, older: bool
    ) -> None:
        """Start in this browser, or each time in a new one."""
        self._visits = visits
        self._start = start
        self._context = context
        self._older = older
        self._begun = False

    def round(self) -> Figures:
        """Do one round; see `Contender`."""
        if not self._begun:
            self._begun = True
            self._visits.check(self._start, older=self._older)
            return {}
        if self._context:
            return self._visit(self._context)
        with self._visits.browser() as context:
            return self._visit(context)

    def close(self) -> None:
        """Nothing is left of it."""

    def _visit(self, context: "BrowserContext") -> Figures:
        from playwright.sync_api import Error  # noqa: PLC0415 - nothing else here needs it

        try:
            return self._visits.start(context, self._start, older=self._older)
        except Error as error:
            raise FailedError(f"in the browser: {str(error).splitlines()[0]}") from None


class Caller:
    """A contender: calls of one database, through the client or inside of its worker."""

    def __init__(self, visits: Visits, page: "Page", figure: str, times: int) -> None:
        """Use this page; `figure` is what start.js calls it."""
        self._visits = visits
        self._page = page
        self._figure = figure
        self._times = times

    def round(self) -> Figures:
        """Do one round; see `Contender`."""
        arguments = [*self._visits.options(STARTS[OURS], older=False), self._times]
        return {"": self._page.evaluate(_SCRIPT.format("gets"), arguments)[self._figure] / 1000}

    def close(self) -> None:
        """Nothing is left of it."""


def measure(rows: Sequence[Row[Start]], plan: Plan) -> Iterator[Line]:
    """Run these rows, and yield their lines."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only rows of a browser need it

    ensure(CHROMIUM)
    folder = plan.places.disk / "start"
    folder.mkdir()
    site = folder / "site"
    wheels = _make_site(site, folder, plan)
    if SIZES in rows:
        yield from lines(SIZES, _sizes(site, LARGEST if plan.size.name == "full" else SMALLEST))
    with (
        serve_site(list(wheels.values()), CACHE / "benchmark-console.log") as (server, load),
        sync_playwright() as playwright,
    ):
        visits = Visits(playwright, server, folder)
        visits.wheels = dict(zip(wheels, load["wheels"], strict=True))
        _serve(server, site, plan)
        yield from _visits_of(FIRST, rows, visits, None, plan)
        with visits.browser() as context:
            yield from _visits_of(LATER, rows, visits, context, plan)
            if CALL in rows:
                yield from _calls(visits, context, plan)


def _visits_of(
    group: Sequence[Row[Start]],
    rows: Sequence[Row[Start]],
    visits: Visits,
    context: "BrowserContext | None",
    plan: Plan,
) -> Iterator[Line]:
    """Measure the rows of one kind of visit together: one start has the figures of all."""
    chosen = [row for row in group if row in rows]
    starts = {name: start for row in chosen for name, start in row.contenders.items()}
    if plan.baseline:
        starts[BASELINE] = STARTS[OURS]
    if not chosen:
        return
    outcomes = take_turns(
        {
            name: Visitor(visits, start, context, older=name == BASELINE)
            for name, start in starts.items()
        },
        chosen[0],
        plan,
    )
    for row in chosen:
        names = [*row.contenders, *([BASELINE] if plan.baseline else [])]
        yield from lines(row, {name: outcomes[name] for name in names})


def _calls(visits: Visits, context: "BrowserContext", plan: Plan) -> Iterator[Line]:
    times = plan.size.times(CALLS)
    with visits.page(context) as page:
        contenders = {
            name: Caller(visits, page, figure, times)
            for name, figure in ((OURS, "through"), (WITHIN, "within"))
        }
        yield from lines(CALL, take_turns(contenders, CALL, plan))


def _sizes(site: Path, quality: int) -> dict[str, Outcome]:
    """Return how many bytes each file has, as it is and compressed."""
    compress(site, quality)
    parts = {name: [site / name] for name in PYODIDE_FILES}
    parts["client"] = sorted((site / "client").glob("*.js"))
    parts["wheel"] = list(site.glob("*.whl"))
    parts["all"] = [file for files in parts.values() for file in files]
    endings = {OURS: "", "gzip": ".gz", "brotli": ".br"}
    return {
        name: Outcome([{part: float(_bytes(files, ending)) for part, files in parts.items()}])
        for name, ending in endings.items()
    }


def _bytes(files: Sequence[Path], ending: str) -> int:
    """Return how many bytes are sent; a file that has no smaller copy goes as it is."""
    copies = [Path(f"{file}{ending}") for file in files]
    sent = zip(files, copies, strict=True)
    return sum((copy if copy.is_file() else file).stat().st_size for file, copy in sent)


def _make_site(site: Path, folder: Path, plan: Plan) -> dict[str, Path]:
    """Make what a page is served, and return the wheels by their names here."""
    site.mkdir()
    for name in PYODIDE_FILES:
        shutil.copy2(pyodide_folder() / name, site / name)
    wheels = {"sources": build_wheel(folder / "wheel")}
    wheels["compiled"] = compile_wheel(wheels["sources"], site)
    copy_client(site / "client", f"../{wheels['compiled'].name}")
    if plan.baseline:
        built = build_wheel(folder / "older", plan.baseline)
        wheels["older"] = built.rename(built.with_name(f"older-{built.name}"))
    return wheels


def _serve(server: Server, site: Path, plan: Plan) -> None:
    server.serve_file("blank.html", b'<!doctype html><link rel="icon" href="data:,">')
    server.serve_folder("client", site / "client")
    server.serve_folder("benchmarks", Path(__file__).resolve().parent)
    server.serve_folder("sqlite-wasm", SQLITE_WASM)
    for name, package in (("dexie", PEERS["Dexie"]), ("pglite", PEERS["PGlite"])):
        found = peers.folder(package)
        if found:
            server.serve_folder(name, found)
    if plan.baseline:
        server.serve_folder("older", plan.baseline / "web" / "src")
