"""What a command prints, for people: lines on stdout, progress on stderr.

On a terminal, progress is one line that rewrites itself and disappears; in a file or a pipe it is
a line for each quarter. Deliberately absent: colours, and anything wider than 80 columns.
"""

from collections.abc import Callable
from typing import TextIO

Progress = Callable[[int], None]
"""Called with how many are done."""


class Console:
    """Where a command prints. A progress line is erased before anything else is printed."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        """Print on `out` and report progress on `err`."""
        self._out = out
        self._err = err
        self._progress_length = 0

    def say(self, text: str = "") -> None:
        """Print a line; what the terminal cannot show becomes a question mark."""
        self._erase_progress()
        encoding = self._out.encoding or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding), file=self._out, flush=True)

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
