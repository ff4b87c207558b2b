"""A console with colours and progress bars, by `rich`; only on a terminal, and only if it is there.

Colours are those of the terminal, so that they can be read on light and on dark. They change no
word: without them every line is the same.
"""

from typing import TextIO

from rich.console import Console as Rich
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from libredb.cli.console import Console, Progress, Style

STYLES: dict[Style, str] = {"head": "bold", "good": "green", "bad": "bold red", "faint": "dim"}


class RichConsole(Console):
    """A console whose lines are coloured, where stdout and stderr are terminals."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        """Print on `out`, and show progress bars on `err`."""
        super().__init__(out, err)
        self._rich = Rich(file=out, soft_wrap=True, highlight=False)
        self._rich_err = Rich(file=err)
        self._bar: Bar | None = None

    def progress(self, total: int, what: str) -> Progress:
        """Return a function that moves a bar; it disappears before anything else is printed."""
        if not self._rich_err.is_terminal:
            return super().progress(total, what)
        self._erase_progress()
        columns = (BarColumn(), TaskProgressColumn(), TextColumn(what), TimeRemainingColumn())
        bar = Bar(*columns, console=self._rich_err, auto_refresh=False, transient=True)
        task = bar.add_task(what, total=total)

        def show(done: int) -> None:
            if self._bar is not bar:
                self._erase_progress()
                self._bar = bar
                bar.start()
            bar.update(task, completed=done, refresh=True)

        return show

    def _erase_progress(self) -> None:
        super()._erase_progress()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _styled(self, text: str, style: Style) -> str:
        if not style or not self._rich.is_terminal:
            return text
        with self._rich.capture() as captured:
            self._rich.print(Text(text, style=STYLES[style]), end="", soft_wrap=True)
        return captured.get()
