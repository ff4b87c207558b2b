"""Somebody writes Python: runs the examples, makes mistakes, and stops what never ends."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages.helpers import FOCUSED, problems, shows

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.cpython(reason="drives a browser")


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
