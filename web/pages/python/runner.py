"""Runs what is in the editor of the page, beside the database, and tells while it runs.

Each run gets a channel of its own, and posts there what it prints, line by line, then the value of
a last expression, or a traceback. Names live on from one run to the next, as in a notebook, until
the worker is ended; so does what the code did to `db`, which is the database itself.
Absent on purpose: `await` at the top. A server answers one request after the other.
"""

import importlib
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import TextIOBase
from itertools import count
from typing import Any

import libredb
from libredb.remote import register

# Only Pyodide has these two.
BroadcastChannel: Any = importlib.import_module("js").BroadcastChannel
eval_code: Callable[..., object] = importlib.import_module("pyodide.code").eval_code

MOST_CHARACTERS = 100_000
"""How much of one run is shown; a page that is flooded cannot even be asked to stop."""

names: dict[str, object] = {"__name__": "__main__", "libredb": libredb}
numbers = count(1)


class Output(TextIOBase):
    """What a run says; a line is posted when it ends."""

    def __init__(self, channel: str) -> None:
        """Post to a channel, by its name."""
        self._channel = BroadcastChannel.new(channel)
        self._line = ""
        self._left = MOST_CHARACTERS

    def write(self, text: str) -> int:
        """Take what is printed."""
        self._line += text
        if "\n" in text or len(self._line) > MOST_CHARACTERS:
            self.end("printed")
        return len(text)

    def end(self, kind: str, more: str = "") -> None:
        """Post what was not posted yet, and more: of a kind, printed, value or failure."""
        text, self._line = self._line + more, ""
        if kind != "failure":
            text = self._cut(text)
        if text:
            self._channel.postMessage(f"{kind} {text}")

    def _cut(self, text: str) -> str:
        left, self._left = self._left, max(0, self._left - len(text))
        if len(text) <= left:
            return text
        return f"{text[:left]}\n... and more than is shown\n" if left else ""

    def close(self) -> None:
        """Give the channel back."""
        self._channel.close()


@register
def run(db: libredb.Database, code: str, channel: str) -> bool:
    """Run some code; return whether it came to its end."""
    names["db"] = db
    place = f"run {next(numbers)}"
    output = Output(channel)
    try:
        with redirect_stdout(output), redirect_stderr(output):
            value = eval_code(code, names, filename=place)
        output.end("printed")
        if value is not None:
            output.end("value", f"{value!r}\n")
    except BaseException as error:  # noqa: BLE001 - exit() too: Python goes on here
        output.end("printed")
        output.end("failure", _told(error, place))
        return False
    finally:
        output.close()
    return True


def _told(error: BaseException, place: str) -> str:
    """Return a traceback as Python writes it, from the code of the editor on."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename != place:
        step = step.tb_next
    return "".join(traceback.format_exception(error.with_traceback(step)))
