"""Whatever becomes of a worker, its page or another tab, no call hangs; the next client works."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.browser.conftest import Site, Tabs
from tests.browser.page_client import ClientTab

pytestmark = pytest.mark.cpython(reason="drives a browser")

LEAVINGS = int(os.environ.get("LIBREDB_LEAVINGS", "1"))

MODULE = """
import os, time
from libredb.remote import register

@register
def busy(db, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    db.set(b"busy", b"done")

@register
def dies(db):
    os.abort()
"""

BUSY = f"{{ module: {{ text: {MODULE!r} }} }}"


@pytest.fixture
def tab(site: Site, tabs: Tabs) -> Iterator[ClientTab]:
    tab = ClientTab(tabs.context.new_page(), site).load()
    yield tab
    tab.page.close()


def test_a_reload_keeps_the_data_and_a_closed_client_says_so(tab: ClientTab) -> None:
    tab.open("life-reload")
    tab.run("await db.set('a', '1');")
    tab.load()
    tab.open("life-reload")
    found = tab.run("""
      const a = text(await db.get("a"));
      const last = db.set("b", "2");
      await db.close();
      await db.close();
      await last;
      return [a, await told(db.get("a")), await told(db.documents("n").find().toArray())];
    """)
    assert found[0] == "1"
    for refused in found[1:]:
        assert (refused["name"], "connect() again" in refused["message"]) == ("UsageError", True)


def test_a_second_client_is_locked_out_or_waits(site: Site, tabs: Tabs, tab: ClientTab) -> None:
    tab.open("life-locked")
    found = tab.run("""
      await db.set("a", "1");
      const begun = performance.now();
      const locked = await told(open("life-locked", { patience_ms: 300 }));
      const still = text(await db.get("a"));
      const aborting = new AbortController();
      setTimeout(() => aborting.abort(), 200);
      const aborted = await told(open("life-locked", { wait: true, signal: aborting.signal }));
      return [locked, still, aborted, performance.now() - begun];
    """)
    assert found[0]["name"] == "DatabaseLockedError"
    assert "connect with wait: true" in found[0]["message"]
    assert found[1] == "1"
    assert found[2]["name"] == "AbortError"
    other = ClientTab(tabs.context.new_page(), site).load()
    other.run(
        """
      window.steps = [];
      window.waiting = open(args[0], { wait: true, onProgress: ({ step }) => steps.push(step) });
    """,
        "life-locked",
    )
    other.page.wait_for_function("() => steps.includes('acquire')", timeout=60_000)
    tab.run("await db.close();")
    assert other.run("""
      const other = await waiting;
      const found = [text(await other.get("a")), steps];
      await other.close();
      return found;
    """) == ["1", ["pyodide", "wheel", "import", "acquire", "open", "ready"]]
    other.page.close()


def test_a_terminated_client_rejects_what_waits_and_the_next_one_works(tab: ClientTab) -> None:
    tab.open("life-terminated", BUSY)
    found = tab.run("""
      await db.set("a", "1");
      const running = told(db.call("busy", 60)), waiting = told(db.set("b", "2"));
      const reading = told(db.get("a"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      db.terminate();
      const after = told(db.get("a"));
      const all = await Promise.all([running, waiting, reading, after]);
      window.db = await open("life-terminated");
      return [...all, text(await db.get("a")), await db.get("b")];
    """)
    assert found[0]["name"] == "OutcomeUnknownError"
    assert found[0]["cause"] == "WorkerError"
    assert [each["name"] for each in found[1:4]] == ["WorkerError"] * 3
    assert found[4:] == ["1", None]


def test_deadlines_and_signals_end_the_waiting_and_not_the_work(tab: ClientTab) -> None:
    tab.open("life-deadline", BUSY)
    found = tab.run("""
      const running = told(db.callWith({ deadline_ms: 100 }, "busy", 1));
      const late = told(db.set("late", "1", { deadline_ms: 200 }));
      const aborting = new AbortController();
      const aborted = told(db.set("aborted", "1", { signal: aborting.signal }));
      const patient = db.set("patient", "1", { deadline_ms: null });
      setTimeout(() => aborting.abort(), 50);
      const ended = await Promise.all([running, late, aborted]);
      await patient;
      return [...ended, text(await db.get("busy")), await db.get("late"), await db.get("aborted")];
    """)
    assert [each["name"] for each in found[:3]] == [
        "OutcomeUnknownError",
        "DeadlineError",
        "AbortError",
    ]
    assert "nothing happened" in found[1]["message"]
    assert found[3:] == ["done", None, None]


def test_a_fatal_error_of_python_rejects_everything(tab: ClientTab) -> None:
    tab.open("life-fatal", BUSY)
    found = tab.run("""
      await db.set("a", "1");
      const all = await Promise.all([told(db.call("dies")), told(db.get("a"))]);
      all.push(await told(db.get("a")));
      window.db = await open("life-fatal");
      return [...all, text(await db.get("a"))];
    """)
    assert [each["name"] for each in found[:3]] == [
        "OutcomeUnknownError",
        "WorkerError",
        "WorkerError",
    ]
    assert "the worker ended" in found[0]["message"]
    assert found[3] == "1"


def test_a_page_that_is_left_gives_the_files_away_and_goes_on_when_it_is_back(
    tab: ClientTab,
) -> None:
    # Firefox kept the worker of a page in the back-forward cache, and with it the files: the next
    # page, and every other tab, stayed locked for as long as anybody waited.
    tab.open("life-left", BUSY)
    tab.run("""
      await db.set("a", "1");
      window.shown = [];
      addEventListener("pageshow", ({ persisted }) => shown.push(persisted));
      window.lost = told(db.call("busy", 600));
      window.refused = new Promise((resolve) =>
        addEventListener("pagehide", () => resolve(told(db.get("a"))), { once: true }));
    """)
    tab.load("?next")
    tab.open("life-left")
    assert tab.run("await db.set('b', '2'); return text(await db.get('a'));") == "1"
    tab.go(-1)
    found = tab.run("""
      const ended = [await lost, await refused];
      await db.set("c", "3", { deadline_ms: 60000 });
      return [shown, ...ended.map(({ name }) => name), text(await db.get("b"))];
    """)
    assert found == [[True], "OutcomeUnknownError", "WorkerError", "2"]
    tab.go(+1, "?next")
    assert tab.run("return text(await db.get('c', { deadline_ms: 60000 }));") == "3"


WRITER = """
  window.shown = 0;
  addEventListener("pageshow", ({ persisted }) => { shown += persisted; });
  const write = async () => {
    let number = Number(text(await db.get("number", { deadline_ms: 60000 })) ?? 0);
    if (number < Number(localStorage.written ?? 0)) localStorage.missing = `${number}: ${location}`;
    for (;;) {
      await db.set("number", String(++number));
      localStorage.written = number;
    }
  };
  const untilLeft = () => write().catch((error) => {
    localStorage.ended = `${localStorage.ended ?? ""} ${error.name}`;
    addEventListener("pageshow", untilLeft, { once: true });
  });
  window.db = await open("life-written");
  untilLeft();
"""


def test_no_acknowledged_commit_is_lost_in_whatever_way_its_page_is_left(tab: ClientTab) -> None:
    # What the page was told it writes into localStorage at once, and whoever comes next compares.
    def wait_for_commits() -> None:
        written = int(tab.page.evaluate("() => localStorage.written ?? 0"))
        more = written + choose.randint(1, 50)
        tab.page.wait_for_function(
            "(more) => Number(localStorage.written ?? 0) >= more", arg=more, timeout=120_000
        )

    choose = random.Random(6)
    for number in range(LEAVINGS):
        tab.run(WRITER)
        wait_for_commits()
        tab.page.reload()
        tab.run(WRITER)
        wait_for_commits()
        tab.load(f"?{number}")
        tab.run(WRITER)
        wait_for_commits()
        previous = f"?{number - 1}" if number else ""
        for steps, query in ((-1, previous), (+1, f"?{number}")):
            tab.go(steps, query)
            wait_for_commits()
            assert tab.page.evaluate("() => shown") == 1, "the page was loaded again"
    found = tab.page.evaluate("() => [localStorage.missing, localStorage.ended]")
    assert found[0] is None, found
    assert set(found[1].split()) <= {"OutcomeUnknownError", "WorkerError"}


@pytest.mark.engine("chromium", reason="freezes a page through its developer tools")
def test_a_frozen_page_ends_its_calls_by_their_deadlines_and_loses_nothing(
    site: Site, tabs: Tabs, tab: ClientTab
) -> None:
    tab.open("life-frozen")
    devtools = tabs.context.new_cdp_session(tab.page)
    tab.run("""
      const one = (n) => told(db.set(String(n), "1", { deadline_ms: 1000 }));
      window.calls = Array.from({ length: 20000 }, (_, n) => one(n)); // too many for a second
    """)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    other = ClientTab(tabs.context.new_page(), site).load()
    locked = other.run("return told(open('life-frozen', { patience_ms: 300 }));")
    assert locked["name"] == "DatabaseLockedError"
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    ended = tab.run("""
      const ended = await Promise.all(calls);
      await db.set("after", "1");
      await db.close();
      return ended.map(({ name }) => name ?? "done");
    """)
    assert "DeadlineError" in ended
    assert set(ended) <= {"done", "DeadlineError", "OutcomeUnknownError"}
    other.open("life-frozen")
    kept = other.run("""
      const keys = await db.scan().toArray();
      return keys.map(([key]) => text(key));
    """)
    done = {str(number) for number, name in enumerate(ended) if name == "done"}
    assert done <= set(kept)
    not_begun = {str(number) for number, name in enumerate(ended) if name == "DeadlineError"}
    assert not not_begun & set(kept)
    assert "after" in kept
    other.page.close()


def test_destroying_a_database_removes_it_and_a_client_that_failed_keeps_no_files(
    tab: ClientTab,
) -> None:
    broken = "open(args[0], { schema: { n: { kind: 'graph' } } })"
    assert tab.run(f"return told({broken});", "life-destroyed")["name"] == "UsageValueError"
    tab.open("life-destroyed")
    assert (
        tab.run("""
      await db.set("a", "1");
      await db.destroy();
      await lib.destroy("life-destroyed");
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("libredb");
      const names = [];
      for await (const name of root.keys()) names.push(name);
      return names.includes("life-destroyed");
    """)
        is False
    )


def test_every_mistake_at_the_start_says_what_to_do(tab: ClientTab) -> None:
    mistakes = {
        "await": "lib.connect({ name: 'x', pyodide: '/pyodide/pyodide.mjs' }).get('a')",
        "pyodide": "await lib.connect({ name: 'x' })",
        "name": "await open('a/b')",
        "option": "await open('x', { url: 1 })",
        "nothing": "await lib.connect()",
        "VERSION": "await open('x', { wheel: '/wheels/libredb-VERSION-py3-none-any.whl' })",
        "no worker": "await open('x', { worker: '/nowhere/worker.js' })",
        "no script": "await open('x', { worker: '/blank.html' })",
        "no pyodide": "await open('x', { pyodide: '/nowhere/pyodide.mjs' })",
        "no wheel": "await open('x', { wheel: '/nowhere/libredb.whl' })",
        "not a wheel": "await open('x', { wheel: '/blank.html' })",
        "module": "await open('x', { module: { text: 'import nothing_like_it' } })",
        "text": "await open('x', { module: 'a = 1\\nb = 2' })",
        "deadline": "await open('x', { start_deadline_ms: 1 })",
        "secure": "Object.defineProperty(window, 'isSecureContext', { value: 0 }); await open('x')",
    }
    wanted = {
        "await": ("UsageError", "await connect"),
        "pyodide": ("UsageError", "the URL of pyodide.mjs"),
        "name": ("UsageError", "that of a folder"),
        "option": ("UsageError", "no option url"),
        "nothing": ("UsageError", "takes an object"),
        "VERSION": ("UsageError", "put the version of your file"),
        "no worker": ("WorkerError", "/nowhere/worker.js: the server answers 404"),
        "no script": ("WorkerError", "with text/html"),
        "no pyodide": ("WorkerError", "Pyodide is not at"),
        "no wheel": ("WorkerError", "the wheel is not at"),
        "not a wheel": ("WorkerError", "is not the wheel"),
        "module": ("WorkerError", "No module named 'nothing_like_it'"),
        "text": ("UsageError", "pass Python itself as { text"),
        "deadline": ("DeadlineError", "had not started after 1 ms"),
        "secure": ("UsageError", "not a secure context"),
    }
    for name, mistake in mistakes.items():
        found = tab.run(f"return told((async () => {{ {mistake} }})());")
        error, message = wanted[name]
        assert found.get("name") == error, f"{name}: {found}"
        assert message in found["message"], f"{name}: {found}"


def test_a_browser_without_files_is_told_from_one_that_refuses_them(tab: ClientTab) -> None:
    found = tab.run("""
      StorageManager.prototype.getDirectory = undefined;
      return told(open("x"));
    """)
    assert found["name"] == "UsageError"
    assert "OPFS" in found["message"]
