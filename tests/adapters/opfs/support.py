"""A bridge made of two bytearrays, in the place of the browser's.

What a real browser does is shown by tests/browser; here are the refusals that a browser gives only
when it is full, private, or lying, and the rules that need no browser at all. Border: these tests
see the Python side of the adapter and this bridge, and never a browser.
"""

from collections.abc import Callable, Sequence
from typing import Any

from libredb_opfs import OpfsFileSystem
from libredb_opfs.filesystem import STAGING_BYTES


class FakeBridge:
    """Two files in memory, with the quirks of a browser on request."""

    def __init__(self, staging: bytearray) -> None:
        self.staging = staging
        self.files = [bytearray(), bytearray()]
        self.calls: list[str] = []
        self.told: tuple[str, str] = ("", "")
        self.interrupt: BaseException | None = None
        self.count: Callable[[int], int] = lambda length: length
        self.room: Callable[[int], int] = lambda length: length

    def refusal(self) -> Sequence[str]:
        return self.told

    def size(self, slot: int, /) -> int:
        return -1 if any(self.told) else len(self.files[slot])

    def read(self, slot: int, offset: int, length: int, /) -> int:
        piece = self.files[slot][offset : offset + length]
        self.staging[: len(piece)] = piece
        return self.count(len(piece))

    def write(self, slot: int, offset: int, length: int, /) -> int:
        self.calls.append("write")
        file = self.files[slot]
        file.extend(bytes(max(0, offset - len(file))))
        file[offset : offset + length] = self.staging[:length]
        return -1 if any(self.told) else self.count(length)

    def fill(self, slot: int, start: int, end: int, /) -> int:
        self.calls.append("fill")
        file = self.files[slot]
        assert start == len(file), "zeros are put behind the end and nowhere else"
        file.extend(bytes(end - start))
        return self.room(end - start)

    def flush(self, slot: int, /) -> int:
        self.calls.append("flush")
        return -1 if any(self.told) else 0

    def truncate(self, slot: int, length: int, /) -> int:
        del self.files[slot][length:]
        self.files[slot].extend(bytes(length - len(self.files[slot])))
        self.calls.append(f"truncate to {length}")
        return 0

    def close(self) -> None:
        if self.interrupt is not None:
            raise self.interrupt
        self.calls.append("close")


def make() -> tuple[OpfsFileSystem, FakeBridge]:
    staging = bytearray(STAGING_BYTES)
    bridge = FakeBridge(staging)
    return OpfsFileSystem("app", bridge, staging), bridge


class JsException(Exception):  # noqa: N818 - its name in Pyodide
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def answer(value: object) -> Callable[..., Any]:
    async def function(*arguments: object) -> object:
        if isinstance(value, BaseException):
            raise value
        return value

    return function


def run(awaitable: Any) -> Any:
    """Run a coroutine that never really waits; in a browser there is an event loop already."""
    try:
        awaitable.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")
