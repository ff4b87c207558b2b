"""Every acknowledged commit is there after the worker was terminated or the browser killed.

What this does not show is a power loss: the operating system lives on, and what `flush` did or did
not do is in its cache either way. That is what the simulator is for.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright

from scripts.browser.engines import ARGUMENTS, ensure_chromium
from tests.browser.conftest import Site

pytestmark = pytest.mark.cpython(reason="drives a browser")

TERMINATIONS = int(os.environ.get("LIBREDB_TERMINATIONS", "20"))
BROWSER_KILLS = int(os.environ.get("LIBREDB_BROWSER_KILLS", "5"))


def test_no_acknowledged_commit_is_lost_when_the_worker_is_terminated(
    site: Site, page: Page
) -> None:
    choose = random.Random(4)
    acknowledged = 0
    ready = [site.start_worker(page), site.start_worker(page)]  # two load while one works
    for _ in range(TERMINATIONS):
        ready.append(site.start_worker(page))
        worker = ready.pop(0)
        worker.begin("inside.live('terminated')")
        found, *commits = worker.terminate_after(choose.randint(2, 120), choose.random() * 2)
        assert found >= acknowledged, "acknowledged commits are missing"
        acknowledged = max([found, *commits])
    assert ready[0].run("inside.append('terminated', 0)") >= acknowledged
    for worker in ready:
        worker.terminate()


def test_a_worker_that_fails_before_its_end_fails_the_test_that_waits_for_it(
    site: Site, page: Page
) -> None:
    """Its error was dropped, and the page waited for ever for what it was to post."""
    worker = site.start_worker(page)
    worker.begin("inside.check(None)")
    with pytest.raises(Error, match="AttributeError"):
        worker.terminate_after(1, 0)
    with pytest.raises(Error, match="AttributeError"):
        worker.take()


def test_compaction_is_whole_wherever_the_worker_is_terminated(site: Site, page: Page) -> None:
    calls: list[str] = []
    last = site.start_worker(page).run("inside.append('compaction', 20)")
    ready = [site.start_worker(page), site.start_worker(page)]
    while "done" not in calls:
        ready.append(site.start_worker(page))
        worker = ready.pop(0)
        worker.begin(f"inside.compact_until('compaction', {len(calls) + 1})")
        # `check` inside has compared the whole state; one fewer than `last + 3` is one too few.
        committed, call = worker.terminate_after(2, 0)
        assert committed == last + 3
        last = committed
        calls.append(call)
    assert ready[0].run("inside.append('compaction', 1)") == last + 1
    for worker in ready:
        worker.terminate()
    assert calls == [
        *("size", "flush"),  # the next slot is emptied; opening has left nothing in it,
        *("write", "write", "flush"),  # gets the pages and the records,
        *("write", "flush"),  # its mark,
        *("write", "flush"),  # and its header;
        *("size", "truncate", "flush"),  # then the old slot is emptied
        "done",
    ]


def test_no_acknowledged_commit_is_lost_when_the_browser_is_killed(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    choose = random.Random(5)
    acknowledged = 0
    for _ in range(BROWSER_KILLS):
        with killed_browser(playwright, tmp_path) as (page, kill):
            site.open_page(page)
            worker = site.start_worker(page)
            worker.begin("inside.live('killed')")
            posted: list[int] = []
            while not posted:
                posted += worker.take()
                page.wait_for_timeout(20)
            found = posted[0]
            end = time.monotonic() + choose.random() / 3
            while time.monotonic() < end:
                posted += worker.take()
            kill()
        assert found >= acknowledged, "acknowledged commits are missing"
        acknowledged = max(posted)
    elsewhere = Site(site.url, site.load, tmp_path)
    with elsewhere.browser(playwright) as tabs:
        found = elsewhere.start_worker(tabs.open()).run("inside.append('killed', 0)")
    assert found >= acknowledged > 0


def connect(playwright: Playwright, port: int) -> Browser:
    """Connect to a browser that has just started; on a busy machine it may need a second call."""
    for _ in range(3):
        with suppress(Error):
            return playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
    return playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", timeout=120_000)


@contextmanager
def killed_browser(
    playwright: Playwright, profile: Path
) -> Iterator[tuple[Page, Callable[[], None]]]:
    """Start a browser as a process of our own, which SIGKILL ends with all its children."""
    port_file = profile / "DevToolsActivePort"
    port_file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [
            ensure_chromium(),
            "--headless",
            f"--user-data-dir={profile}",
            "--remote-debugging-port=0",
            *ARGUMENTS,
        ],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def kill() -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    try:
        while not port_file.is_file() or "\n" not in port_file.read_text():
            assert process.poll() is None, "the browser ended by itself"
            time.sleep(0.02)
        port = int(port_file.read_text().splitlines()[0])
        browser = connect(playwright, port)
        yield browser.contexts[0].new_page(), kill
        with suppress(Error):
            browser.close()  # the connection to it, that is; the browser has gone
    finally:
        if process.poll() is None:
            kill()
