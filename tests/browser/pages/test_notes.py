"""Somebody keeps notes: by keyboard and mouse, twice at once, with a backup and a lost worker."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import libredb
from scripts.browser.wheels import ROOT
from tests.browser.pages.helpers import FOCUSED, problems, shows, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from scripts.browser.engines import Engine

pytestmark = pytest.mark.cpython(reason="drives a browser")

KEEP_OFFERED = """() => {
  const make = URL.createObjectURL;
  window.offered = new Promise((keep) => {
    URL.createObjectURL = (blob) => {
      blob.bytes().then((bytes) => keep(bytes.toBase64()));
      return make(blob);
    };
  });
}"""

FAIL_INSIDE = """() => {
  self.onmessage = () => setTimeout(() => { throw new Error('made up'); });
}"""

FAIL_FROM_OUTSIDE = """() => {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function () {
    Worker.prototype.postMessage = post;
    setTimeout(() => this.dispatchEvent(new ErrorEvent("error", { message: "made up" })));
  };
}"""


def test_somebody_keeps_notes(
    url: str, opened: Callable[[str], "Page"], tmp_path: Path, engine: "Engine"
) -> None:
    page = opened(f"{url}/pages/notes/")
    shows(page, "count", "No notes yet.")
    write_many_by_keyboard(page)
    change_by_keyboard(page)
    assert problems(page) == []
    make_it_smaller(page)
    backup = tmp_path / "backup.libredb"
    back_up(page, backup, engine)
    second = opened(f"{url}/pages/notes/")
    wait_for_another_tab(second, page)
    restore(second, backup, engine)
    lose_the_worker(second, engine)
    second.get_by_role("link", name="All pages").click()
    shows(second, "offline", "works without a network")
    if engine.name == "firefox":
        return  # Playwright waits for a navigation there; test_client_life.py goes back in both
    second.evaluate("() => history.back()")  # what is brought back from the cache does not load
    shows(second, "count", "22 notes")
    second.get_by_label("New note").fill("one more")  # what was shown before says nothing
    second.get_by_role("button", name="Add").click()
    shows(second, "count", "23 notes")


def write_many_by_keyboard(page: "Page") -> None:
    tab_to(page, "New note")
    for number in range(22):
        page.keyboard.insert_text(f"note {number}" if number else "buy milk\nand bread")
        page.keyboard.press("Control+Enter")
        shows(page, "count", "1 note," if number == 0 else f"{number + 1} notes, newest first")
    assert page.locator("#notes li").count() == 20
    tab_to(page, "Show more")
    page.keyboard.press("Enter")
    page.locator("#notes li").nth(21).wait_for()
    assert page.evaluate(FOCUSED) == "Edit: note 1"


def change_by_keyboard(page: "Page") -> None:
    page.get_by_label("Search").focus()
    page.keyboard.type("BREAD milk")
    shows(page, "count", "1 note with BREAD milk")
    tab_to(page, "Edit: buy milk")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Home")
    page.keyboard.type("do not ")
    page.keyboard.press("Control+Enter")
    shows(page, "notes", "do not buy milk")
    tab_to(page, "Delete: do not buy milk")
    page.keyboard.press("Enter")
    shows(page, "count", "0 notes with")
    assert page.evaluate(FOCUSED) == "Put it back"
    page.keyboard.press("Enter")
    shows(page, "notes", "do not buy milk")


def make_it_smaller(page: "Page") -> None:
    """Delete something big: its room is given back when somebody asks for it."""
    page.get_by_label("New note").fill(f"big{' ' * 1_200_000}")
    page.get_by_role("button", name="Add").click()
    shows(page, "count", "23 notes")
    page.get_by_role("button", name="Delete: big").click()
    page.get_by_role("button", name="Make it smaller").click()
    shows(page, "said", "1.2 MB before")


def back_up(page: "Page", file: Path, engine: "Engine") -> None:
    """Take what is downloaded; nobody is told of that in Firefox, so there what the link has."""
    button = page.get_by_role("button", name="Back up")
    if engine.name == "firefox":
        page.evaluate(KEEP_OFFERED)
        button.click()
        file.write_bytes(base64.b64decode(page.evaluate("() => window.offered")))
    else:
        with page.expect_download() as download:
            button.click()
        download.value.save_as(file)
    with libredb.open(file) as db:
        assert libredb.documents(db, "notes").count() == 22


def wait_for_another_tab(page: "Page", other: "Page") -> None:
    shows(page, "starting", "DatabaseLockedError: ")
    assert problems(page) == []
    page.get_by_role("button", name="Wait for it").click()
    page.get_by_role("button", name="Stop waiting").click()
    shows(page, "starting", "DatabaseLockedError: ")
    page.get_by_role("button", name="Wait for it").click()
    shows(page, "starting", "Waiting until the other tab is closed")
    other.close()
    shows(page, "count", "22 notes")


def restore(page: "Page", backup: Path, engine: "Engine") -> None:
    """Restore what is no backup, and a backup: without a yes, and with one."""
    page.get_by_role("button", name="Delete: note 21").click()
    shows(page, "count", "21 notes")
    choose(page, ROOT / "README.md", engine)
    page.get_by_role("button", name="Replace all notes").click()
    shows(page, "error", "NotADatabaseError: ")
    page.get_by_role("button", name="Dismiss").click()
    choose(page, backup, engine)
    assert problems(page) == []
    page.keyboard.press("Escape")
    page.locator("#ask").wait_for(state="hidden")
    shows(page, "count", "21 notes")
    choose(page, backup, engine)
    page.get_by_role("button", name="Replace all notes").click()
    shows(page, "said", "Restored from backup.libredb.")
    shows(page, "count", "22 notes")


def lose_the_worker(page: "Page", engine: "Engine") -> None:
    """End the worker while it has a write: what became of it is not known, and is said so."""
    if engine.name == "firefox":  # Playwright knows the first worker of a page there, and no other
        page.evaluate(FAIL_FROM_OUTSIDE)
    else:
        page.workers[0].evaluate(FAIL_INSIDE)
    page.get_by_label("New note").fill("lost")
    page.get_by_role("button", name="Add").click()
    shows(page, "error", "OutcomeUnknownError: documents.insert may have happened")
    assert problems(page) == []
    page.get_by_role("button", name="Start again").click()
    shows(page, "count", "22 notes")


def choose(page: "Page", file: Path, engine: "Engine") -> None:
    """Choose a file to restore; in Firefox nobody is told of a second dialog."""
    if engine.name == "firefox":
        page.locator("input[type=file]").set_input_files(file)
        return
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Restore").click()
    chooser.value.set_files(file)


def test_the_notes_need_at_most_thirty_lines_about_their_database() -> None:
    text = (ROOT / "web" / "pages" / "notes" / "database.js").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    lines = [line for line in code.splitlines() if line.strip()]
    assert 10 < len(lines) <= 30
