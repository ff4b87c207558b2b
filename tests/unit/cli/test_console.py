"""Claim: a console shows progress where it can be seen, and never breaks over what it prints."""

import io

import pytest

from libredb.cli.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_one_line_that_disappears() -> None:
    out, err = io.StringIO(), Terminal()
    console = Console(out, err)
    show = console.progress(2000, "things")
    show(1000)
    show(5)
    console.say("done")
    first = "   1,000 of 2,000 things"
    second = "   5 of 2,000 things".ljust(len(first))
    blank = " " * len("   5 of 2,000 things")
    assert err.getvalue() == f"\r{first}\r{second}\r{blank}\r"
    assert out.getvalue() == "done\n"


def test_progress_elsewhere_is_a_line_a_quarter() -> None:
    err = io.StringIO()
    show = Console(io.StringIO(), err).progress(100, "things")
    for done in range(101):
        show(done)
    assert err.getvalue().split("\n") == [
        *(f"   {done} of 100 things" for done in (25, 50, 75, 100)),
        "",
    ]


def test_the_width_is_that_of_columns_of_the_terminal_or_80(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert Console(io.StringIO(), Terminal()).width is None
    assert Console(Terminal(), Terminal()).width == 80
    monkeypatch.setenv("COLUMNS", "33")
    assert Console(Terminal(), Terminal()).width == 33


def test_what_a_terminal_cannot_show_becomes_a_question_mark() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    Console(out, io.StringIO()).say(f"alpha {chr(0x3B1)}")
    assert raw.getvalue() == b"alpha ?\n"
