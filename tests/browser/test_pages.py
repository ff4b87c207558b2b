"""The pages that people use do what they show: by keyboard and mouse, twice at once, and offline.

They are served by the program of `make serve`. Few tests, each the story of somebody, because every
page that is opened waits for Python.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import libredb
from scripts.browser.pages import list_files
from scripts.browser.wheels import AXE, ROOT
from tests.browser.conftest import Tabs

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.cpython(reason="drives a browser")

LONG_MS = 180_000  # Python starts in three seconds, or in a minute where others are at work

FOCUSED = """() => {
  const { ariaLabel, labels, textContent } = document.activeElement;
  return ariaLabel ?? labels?.[0]?.textContent ?? textContent;
}"""


def start(port: int = 0, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "scripts.browser.serve", "--port", str(port), *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'adapters'}"}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def serving(port: int = 0, *arguments: str) -> Iterator[str]:
    """Start the program; in the block it serves at the address that it has said."""
    with start(port, *arguments) as process:
        assert process.stdout is not None
        said = ""
        while "http://" not in said:
            said = process.stdout.readline()
            assert said, process.communicate()
        yield said.split()[0].rstrip("/")
        process.send_signal(signal.SIGTERM)  # as Ctrl-C, which is ignored in the background
        assert process.communicate() == ("\nNo longer served.\n", "")
        assert process.returncode == 0


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def opened(tabs: Tabs) -> Iterator[Callable[[str], "Page"]]:
    """Open tabs, and make sure that none of them says anything to the console."""
    pages: list[Page] = []
    said: list[str] = []

    def note(what: Any) -> None:
        said.append(getattr(what, "text", str(what)))

    def opened(url: str) -> "Page":
        page = tabs.context.new_page()
        page.set_default_timeout(LONG_MS)
        page.on("console", note)
        page.on("pageerror", note)
        pages.append(page)
        response = page.goto(url)
        assert "script-src 'self';" in response.headers["content-security-policy"]
        return page

    yield opened
    for page in pages:
        page.close()
    assert said == []


def shows(page: "Page", id: str, text: str) -> None:  # noqa: A002 - it is one
    page.locator(f"#{id}", has_text=text).wait_for()


def tab_to(page: "Page", name: str) -> None:
    """Press Tab until a part of the page with this name has the focus."""
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        if reached[-1].startswith(name):
            return
    raise AssertionError(f"Tab never came to {name}: {reached}")


def problems(page: "Page") -> list[str]:
    """Return what the rules of axe find in light and in dark, and whether a phone has to scroll."""
    found: list[str] = []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for violation in page.evaluate("() => axe.run()")["violations"]:
            places = [node["target"] for node in violation["nodes"]]
            found.append(f"{scheme}: {violation['help']}: {places}")
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 600})
    width = page.evaluate("() => document.documentElement.scrollWidth")
    page.set_viewport_size(size or {"width": 1280, "height": 720})
    return [*found, *([f"320 pixels are not enough: {width}"] if width > 320 else [])]


def test_somebody_keeps_notes(url: str, opened: Callable[[str], "Page"], tmp_path: Path) -> None:
    page = opened(f"{url}/pages/notes/")
    shows(page, "count", "No notes yet.")
    write_many_by_keyboard(page)
    change_by_keyboard(page)
    assert problems(page) == []
    make_it_smaller(page)
    backup = tmp_path / "backup.libredb"
    back_up(page, backup)
    second = opened(f"{url}/pages/notes/")
    wait_for_another_tab(second, page)
    restore(second, backup)
    lose_the_worker(second)
    second.get_by_role("link", name="All pages").click()
    shows(second, "offline", "works without a network")
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


def back_up(page: "Page", file: Path) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name="Back up").click()
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


def restore(page: "Page", backup: Path) -> None:
    """Restore what is no backup, and a backup: without a yes, and with one."""
    page.get_by_role("button", name="Delete: note 21").click()
    shows(page, "count", "21 notes")
    choose(page, ROOT / "README.md")
    page.get_by_role("button", name="Replace all notes").click()
    shows(page, "error", "NotADatabaseError: ")
    page.get_by_role("button", name="Dismiss").click()
    choose(page, backup)
    assert problems(page) == []
    page.keyboard.press("Escape")
    page.locator("#ask").wait_for(state="hidden")
    shows(page, "count", "21 notes")
    choose(page, backup)
    page.get_by_role("button", name="Replace all notes").click()
    shows(page, "said", "Restored from backup.libredb.")
    shows(page, "count", "22 notes")


def lose_the_worker(page: "Page") -> None:
    """End the worker while it has a write: what became of it is not known, and is said so."""
    fails = "setTimeout(() => { throw new Error('made up'); })"
    page.workers[0].evaluate(f"() => {{ self.onmessage = () => {{ {fails}; }}; }}")
    page.get_by_label("New note").fill("lost")
    page.get_by_role("button", name="Add").click()
    shows(page, "error", "OutcomeUnknownError: documents.insert may have happened")
    assert problems(page) == []
    page.get_by_role("button", name="Start again").click()
    shows(page, "count", "22 notes")


def choose(page: "Page", file: Path) -> None:
    """Choose a file to restore."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Restore").click()
    chooser.value.set_files(file)


def test_somebody_writes_python(url: str, opened: Callable[[str], "Page"]) -> None:
    page = opened(f"{url}/pages/python/")
    shows(page, "view", "Nothing yet.")
    run_the_examples(page)
    assert problems(page) == []
    edit_by_keyboard(page)
    make_mistakes(page)
    stop_what_never_ends(page)
    page.get_by_role("button", name="Delete all of it").click()
    page.get_by_role("button", name="Delete all", exact=True).click()
    shows(page, "view", "Nothing yet.")
    program = page.get_by_label("Program").input_value()
    page.reload()
    assert page.get_by_label("Program").input_value() == program != ""


def run_the_examples(page: "Page") -> None:
    for title in page.locator("#example option:not([value=''])").all_inner_texts():
        page.get_by_label("Example").select_option(title)
        run(page, "Done in")
    for namespace in ("notes", "users", "settings", "accounts", "Bytes"):
        page.get_by_role("heading", name=namespace, exact=True).wait_for()


def edit_by_keyboard(page: "Page") -> None:
    """Write a loop, indent it into the function above, undo that, run, and leave the editor."""
    program = page.get_by_label("Program")
    program.fill("")
    page.keyboard.type("def half(x):\nreturn x / 2\nfor n in 1, 2:\nprint(half(n))")
    written = "def half(x):\n    return x / 2\n    for n in 1, 2:\n        print(half(n))"
    assert program.input_value() == written
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+Tab")
    outside = "def half(x):\n    return x / 2\nfor n in 1, 2:\n    print(half(n))"
    assert program.input_value() == outside
    page.keyboard.press("Tab")
    assert program.input_value() == written
    page.keyboard.press("Control+z")
    assert program.input_value() == outside
    page.keyboard.press("Control+Enter")
    page.locator("#run:enabled").wait_for()
    shows(page, "output", "0.5")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Run"


def make_mistakes(page: "Page") -> None:
    """Use a name of the run before; a traceback is as Python writes it."""
    program = page.get_by_label("Program")
    program.fill("half(8)")
    run(page, "Done in")
    shows(page, "output", "4.0")
    program.fill("print('first')\nhalf('text')")
    run(page, "It ended with an error.")
    shows(page, "output", "TypeError: unsupported operand")
    told = page.locator("#output").text_content() or ""
    assert told.startswith('first\nTraceback (most recent call last):\n  File "run ')
    assert "    return x / 2\n" in told
    program.fill("half(")
    run(page, "It ended with an error.")
    shows(page, "output", "SyntaxError: '(' was never closed")


def stop_what_never_ends(page: "Page") -> None:
    """Stop a loop: what it has printed was shown, what it has committed is there."""
    program = page.get_by_label("Program")
    program.fill(
        "libredb.kv(db, 'settings')['endless'] = 'yes'\nprint('on and on')\nwhile True:\n    pass"
    )
    page.get_by_role("button", name="Run").click()
    shows(page, "output", "on and on")
    page.get_by_role("button", name="Stop").click()
    shows(page, "said", "Python has begun anew")
    shows(page, "view", "endless")
    program.fill("print('x' * 300_000)\nhalf(1)")
    run(page, "It ended with an error.")
    shows(page, "output", "... and more than is shown\nTraceback")
    shows(page, "output", "NameError: name 'half' is not defined")
    assert len(page.locator("#output").text_content() or "") < 110_000


def run(page: "Page", outcome: str) -> None:
    """Run what is in the editor, by mouse."""
    page.get_by_role("button", name="Run").click()
    page.locator("#run:enabled").wait_for()
    assert page.inner_text("#said").startswith(outcome), page.inner_text("#output")


def test_the_pages_work_without_a_network_and_take_a_new_version(
    opened: Callable[[str], "Page"], folder: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    shutil.copytree(folder, site)
    with serving(0, str(site)) as url:
        page = opened(f"{url}/")  # the pages, where a site has none of its own
        shows(page, "offline", "This page works without a network.")
        assert problems(page) == []
    port = int(url.rpartition(":")[2])

    # Nobody serves it any more.
    page.get_by_role("link", name="Notes").click()
    shows(page, "count", "No notes yet.")
    page.get_by_role("link", name="Python").click()
    shows(page, "view", "Nothing yet.")
    page.get_by_role("link", name="All pages").click()
    shows(page, "offline", "This page works without a network.")

    # The site has another version; the page takes it when it is told to.
    index = site / "pages" / "index.html"
    index.write_text(index.read_text(encoding="utf-8").replace("libredb in a page", "Next"))
    list_files(site)
    with serving(port, str(site)) as again:
        assert again == url
        page.reload()
        assert page.title() == "libredb in a page"
        page.get_by_role("button", name="Use it").click()
        page.get_by_role("heading", name="Next").wait_for()
        shows(page, "offline", "This page works without a network.")


def test_a_port_that_is_taken_is_told_before_anything_is_made(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with start(port) as process:
        said, complaint = process.communicate()
    assert (said, process.returncode) == ("", 1)
    assert complaint.startswith(f"port {port} cannot be had: ")
    assert "make serve PORT=" in complaint


def test_the_notes_need_at_most_thirty_lines_about_their_database() -> None:
    text = (ROOT / "web" / "pages" / "notes" / "database.js").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    lines = [line for line in code.splitlines() if line.strip()]
    assert 10 < len(lines) <= 30
