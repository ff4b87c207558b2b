"""What is in OPFS outlives pages and browsers, belongs to one tab at a time, and has a limit."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Playwright

import libredb
from tests.browser import inside
from tests.browser.conftest import Site, Tabs

pytestmark = pytest.mark.cpython(reason="drives a browser")


def test_data_survives_a_reload(site: Site, page: Page) -> None:
    assert site.start_worker(page).run("inside.append('reload', 5)") == 5
    page.reload()
    assert site.start_worker(page).run("inside.append('reload', 5)") == 10


def test_data_survives_a_reload_without_close(site: Site, page: Page) -> None:
    worker = site.start_worker(page)
    worker.begin("inside.live('reload-open')")
    page.wait_for_timeout(100)
    while not (posted := worker.take()):
        page.wait_for_timeout(50)
    page.reload()
    assert site.start_worker(page).run("inside.append('reload-open', 0)") >= posted[-1]


def test_data_survives_the_browser(site: Site, playwright: Playwright, tmp_path: Path) -> None:
    elsewhere = site.elsewhere(tmp_path)
    for number in (4, 8, 12):
        with elsewhere.browser(playwright) as tabs:
            assert elsewhere.start_worker(tabs.open()).run("inside.append('browser', 4)") == number


def test_a_second_tab_is_refused_in_bounded_time_until_the_first_closes(
    site: Site, tabs: Tabs
) -> None:
    first, second = tabs.open(), tabs.open()
    holder, guest = site.start_worker(first), site.start_worker(second)
    holder.run("inside.hold('tabs')")
    for patience in (0.0, 1.0):
        refused = guest.run(f"inside.try_acquire('tabs', {patience})")
        assert refused["code"] == "locked"
        assert patience * 0.9 <= refused["seconds"] < patience + 1
    holder.run("inside.close_database()")
    assert guest.run("inside.try_acquire('tabs', 0)")["code"] == "locked"
    holder.run("inside.close_files()")
    assert guest.run("inside.try_acquire('tabs', 0)")["code"] is None
    second.close()
    first.close()


def test_a_second_tab_gets_what_a_closed_tab_left_open(site: Site, tabs: Tabs) -> None:
    first, second = tabs.open(), tabs.open()
    guest = site.start_worker(second)
    assert site.start_worker(first).run("inside.append('closed-tab', 3)") == 3
    assert site.start_worker(first).run("inside.hold('closed-tab')") == 3
    first.close()
    assert guest.run("inside.append('closed-tab', 3)") == 6
    second.close()


@pytest.mark.engine("chromium", reason="sets the quota through its developer tools")
def test_an_exhausted_quota_latches_and_loses_nothing(site: Site, tabs: Tabs, page: Page) -> None:
    worker = site.start_worker(page)
    begun = worker.run("inside.append('quota', 10)")
    devtools = tabs.context.new_cdp_session(page)
    for room in (300_000, 100_000, 5_000):
        usage = page.evaluate("async () => (await navigator.storage.estimate()).usage")
        quota = {"origin": site.url, "quotaSize": usage + room}
        devtools.send("Storage.overrideQuotaForOrigin", quota)
        told = worker.run("inside.fill('quota')")
        assert told["errno"] == "ENOSPC", told
        assert "quota" in told["text"].lower(), told
        assert told["later"] == "failed"
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": site.url})
        again = worker.run("inside.append('quota', 1)")
        # The refused commit's outcome is unknown; every acknowledged one is there.
        assert again - 1 in {told["last"], told["last"] + 1}
        assert told["last"] >= begun
        begun = again


@pytest.mark.engine("chromium", reason="sets the quota through its developer tools")
def test_a_compaction_beyond_the_quota_changes_nothing_and_the_database_goes_on(
    site: Site, tabs: Tabs, page: Page
) -> None:
    worker = site.start_worker(page)
    assert worker.run("inside.append('no-room', 100)") == 100
    assert worker.run("inside.hold('no-room')") == 100
    devtools = tabs.context.new_cdp_session(page)
    for room in (0, 10_000, 50_000):
        usage = page.evaluate("async () => (await navigator.storage.estimate()).usage")
        quota = {"origin": site.url, "quotaSize": usage + room}
        devtools.send("Storage.overrideQuotaForOrigin", quota)
        told = worker.run("inside.compact_held()")
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": site.url})
        assert told == {"errno": "ENOSPC", "last": 100}, f"{room} bytes of room"
    assert worker.run("inside.compact_held()") == {"errno": None, "last": 100}
    worker.run("inside.close_database()")
    worker.run("inside.close_files()")
    assert worker.run("inside.append('no-room', 1)") == 101


@pytest.mark.engine("firefox", reason="sets the quota by a preference that only Firefox has")
def test_a_quota_that_ends_in_short_counts_loses_nothing_and_ends_with_more_room(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    # Firefox raises nothing: the write that does not fit returns 0. A site gets 10 MiB of these.
    limit = "dom.quotaManager.temporaryStorage.fixedLimit"
    elsewhere = site.elsewhere(tmp_path)
    with elsewhere.browser(playwright, preferences={limit: 50 * 1024}) as tabs:
        worker = elsewhere.start_worker(tabs.open())
        told = worker.run("inside.fill('short')")
        assert told["errno"] == "ENOSPC", told
        assert "claims to have written 0 of" in told["text"], told
        assert told["later"] == "failed"
        assert told["last"] > 1000
        last = worker.run("inside.hold('short')")
        assert last in {told["last"], told["last"] + 1}
        assert worker.run("inside.compact_held()") == {"errno": "ENOSPC", "last": last}
    with elsewhere.browser(playwright, preferences={limit: -1}) as tabs:
        assert elsewhere.start_worker(tabs.open()).run("inside.append('short', 10)") == last + 10


def test_a_worker_that_asks_for_persistence_hears_that_only_pages_may(
    site: Site, page: Page
) -> None:
    worker = site.start_worker(page)
    with pytest.raises(Error, match=r"NotInPageError.*navigator\.storage\.persist"):
        worker.run("inside.libredb_opfs.request_persistence()")
    assert page.evaluate("() => navigator.storage.persist()") in {True, False}


def test_a_database_moves_from_the_browser_to_cpython(
    site: Site, page: Page, tmp_path: Path
) -> None:
    worker = site.start_worker(page)
    assert worker.run("inside.append('to-cpython', 300)") == 300
    path = tmp_path / "app.libredb"
    path.write_bytes(base64.b64decode(worker.run("inside.export('to-cpython')")))
    assert libredb.verify(path).outcome == "clean"
    with libredb.open(path) as db:
        assert inside.check(db) == 300
        inside.write(db, 301)
    with libredb.open(path) as db:
        assert inside.check(db) == 301


def test_a_database_moves_from_cpython_to_the_browser(
    site: Site, page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "app.libredb"
    with libredb.open(path) as db:
        for number in range(1, 301):
            inside.write(db, number)
    image = base64.b64encode(path.read_bytes()).decode()
    worker = site.start_worker(page)
    assert worker.run(f"inside.install('from-cpython', {image!r})") == 300
    assert worker.run("inside.append('from-cpython', 5)") == 305
