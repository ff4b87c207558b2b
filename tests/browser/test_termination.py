"""Every acknowledged commit is there after the worker was terminated or the browser killed.

What this does not show is a power loss: the operating system lives on, and what `flush` did or did
not do is in its cache either way. That is what the simulator is for.
"""

import os
import random
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Playwright

from scripts.browser.engines import kill
from tests.browser.conftest import Site

pytestmark = pytest.mark.cpython(reason="drives a browser")

TERMINATIONS = int(os.environ.get("LIBREDB_TERMINATIONS", "6"))
BROWSER_KILLS = int(os.environ.get("LIBREDB_BROWSER_KILLS", "2"))


def test_no_acknowledged_commit_is_lost_when_the_worker_is_terminated(
    site: Site, page: Page
) -> None:
    choose = random.Random(4)
    acknowledged = 0
    ready = [site.start_worker(page)]  # one loads while one works
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
    ready = [site.start_worker(page)]
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
    site = site.elsewhere(tmp_path)
    for _ in range(BROWSER_KILLS):
        with site.browser(playwright) as tabs:
            page = tabs.open()
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
            kill(tmp_path, site.engine)
        assert found >= acknowledged, "acknowledged commits are missing"
        acknowledged = max(posted)
    with site.browser(playwright) as tabs:
        found = site.start_worker(tabs.open()).run("inside.append('killed', 0)")
    assert found >= acknowledged > 0
