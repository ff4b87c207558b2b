"""What a command prints: results on stdout, progress and complaints on stderr.

On a terminal, tables are cut to its width, progress is one line that rewrites itself and
disappears, and with `rich` installed (the extra `cli`) there are colours: rich_console.py. In a
file or a pipe nothing is cut, and progress is a line for each quarter. What the encoding of stdout
lacks is escaped in data, and a question mark in words.
Absent on purpose: colours without `rich`, and anything in words wider than 80 columns.
"""

import os
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TextIO

from libredb.cli.escapes import escape, json_text
from libredb.cli.layout import layout
from libredb.cli.streams import write_bytes

Progress = Callable[[int], None]
"""Called with how many are done."""

Style = Literal["", "head", "good", "bad", "faint"]
"""How a line is meant: the head of something, good or bad news, or beside the point."""

DEFAULT_COLUMNS = 80


class Console:
    """Where a command prints. A progress line is erased before anything else is printed."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        """Print on `out` and report progress on `err`."""
        self._out = out
        self._err = err
        self._progress_length = 0
        self.encoding: str = out.encoding or "utf-8"
        self.is_terminal: bool = out.isatty()

    @property
    def width(self) -> int | None:
        """The columns of the terminal, None where it is none."""
        return columns_of(self._out) if self.is_terminal else None

    # Words

    def say(self, text: str = "", style: Style = "") -> None:
        """Print a line at once; what the terminal cannot show becomes a question mark."""
        self.write(text.encode(self.encoding, "replace").decode(self.encoding), style)
        self._out.flush()

    def complain(self, text: str) -> None:
        """Print what is wrong, on stderr; a path in it can hold anything."""
        self.note(f"libredb: {text}")

    def note(self, text: str) -> None:
        """Print what is no result, on stderr."""
        self.finish()
        lines = [escape(line.encode("utf-8", "replace")) for line in text.split("\n")]
        if self._err.isatty():
            width = columns_of(self._err)
            lines = [part for line in lines for part in wrapped(line, width) or [""]]
        shown = "\n".join(lines).replace("\\\\", "\\")
        encoding = self._err.encoding or "utf-8"
        shown = shown.encode(encoding, "backslashreplace").decode(encoding)
        print(shown, file=self._err, flush=True)

    # Data

    def text(self, data: bytes) -> str:
        """Return bytes as text that this console can show, and that can be typed back."""
        return escape(data, self.encoding)

    def json(self, value: Any, *, indent: int | None = None) -> str:  # noqa: ANN401 - whatever JSON has
        """Return JSON that this console can show, in one line without an indent."""
        return json_text(value, self.encoding, indent=indent)

    def write(self, text: str, style: Style = "", *, end: str = "\n") -> None:
        """Print a line of data, which is already what this console can show."""
        self._erase_progress()
        self._out.write(self._styled(text, style) + end)

    def write_bytes(self, data: bytes) -> None:
        """Print bytes as they are, and nothing else."""
        self._erase_progress()
        write_bytes(self._out, data)

    def table(
        self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, indent: str = ""
    ) -> None:
        """Print a table; its cells are what this console can show, None is empty."""
        for line in layout(heads, rows, self.width, indent=indent):
            self.write(line.text, "head" if line.is_head else "")

    def paragraph(self, text: str) -> None:
        """Print words as lines of at most 80 columns, or fewer on a narrow terminal.

        All of them begin with the spaces that the text begins with.
        """
        for line in wrapped(text, min(self.width or DEFAULT_COLUMNS, DEFAULT_COLUMNS)):
            self.write(line)

    def finish(self) -> None:
        """Hand over what was printed, and erase the progress line."""
        self._erase_progress()
        self._out.flush()

    # Progress

    def progress(self, total: int, what: str) -> Progress:
        """Return a function that shows how many of `total` are done."""
        quarters = 0

        def show(done: int) -> None:
            nonlocal quarters
            line = f"   {done:,} of {total:,} {what}"
            if self._err.isatty():
                self._err.write("\r" + line.ljust(self._progress_length))
                self._err.flush()
                self._progress_length = len(line)
            elif done * 4 // total > quarters:
                quarters = done * 4 // total
                print(line, file=self._err, flush=True)

        return show

    def _erase_progress(self) -> None:
        if self._progress_length:
            self._err.write("\r" + " " * self._progress_length + "\r")
            self._err.flush()
            self._progress_length = 0

    def _styled(self, text: str, style: Style) -> str:
        return text


def wrapped(text: str, width: int) -> list[str]:
    """Return words as lines; a word that is too long for a line, a path for example, stays one."""
    words = text.lstrip(" ")
    indent = text[: len(text) - len(words)]
    return textwrap.wrap(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def columns_of(terminal: TextIO) -> int:
    """Return how wide a terminal is: what COLUMNS says, what it says itself, or 80."""
    told = os.environ.get("COLUMNS", "")
    if told.isdigit() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(terminal.fileno()).columns or DEFAULT_COLUMNS
    except OSError:
        return DEFAULT_COLUMNS
