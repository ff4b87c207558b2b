r"""Bytes as text that can be typed back: one rule, for what is printed and for what is given.

    what can be printed, as UTF-8    stands for itself, a blank too
    \\  \n  \r  \t                  a backslash, the end of a line, a return, a tab
    \x00 .. \xff                    any byte

So no byte can move a cursor or change a colour, nothing spans a line, and a tab always separates.
JSON has escapes of its own, `\u001b`, which are used for the same characters.
Absent on purpose: `\u` and octal escapes, each a second way to say one thing.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_NAMED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BY_NAME = {name[1]: character.encode() for character, name in _NAMED.items()}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([\\nrt])|(.?))", re.DOTALL)


def escape(data: bytes, encoding: str = "utf-8") -> str:
    """Return bytes as text; a character that `encoding` does not have is escaped as well."""
    # What is no UTF-8 becomes a lone surrogate for each byte, which is not printable.
    text = data.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text and is_encodable(text, encoding):
        return text
    return text.translate(_characters(encoding, _escaped))


def unescape(text: str) -> bytes:
    """Return the bytes of a text; what a shell has passed on that is no UTF-8 stays as it is.

    Raises:
        ValueError: a backslash stands before something else than an escape.
    """
    pieces: list[bytes] = []
    end = 0
    for found in _ESCAPE.finditer(text):
        number, name, other = found.groups()
        if other is not None:
            raise ValueError(
                f"\\{other} at character {found.start() + 1} is no escape; there are"
                " \\\\ \\n \\r \\t and \\x00 to \\xff"
            )
        pieces.append(_bytes_of(text[end : found.start()]))
        pieces.append(bytes.fromhex(number) if number else _BY_NAME[name])
        end = found.end()
    pieces.append(_bytes_of(text[end:]))
    return b"".join(pieces)


def json_text(value: Any, encoding: str = "utf-8", *, indent: int | None = None) -> str:  # noqa: ANN401 - whatever JSON has
    """Return JSON that a terminal of this encoding can show; in one line without an indent."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if all(map(str.isprintable, text.split("\n"))) and is_encodable(text, encoding):
        return text
    return text.translate(_characters(encoding, _json_escaped))


def is_encodable(text: str, encoding: str) -> bool:
    """Whether an encoding has all characters of a text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(f"half of a character stands at character {error.start + 1}") from None


class _Characters(dict[int, str]):
    """What each character is shown as, found out when it first comes up."""

    def __init__(self, encoding: str, shown: Callable[[str, str], str]) -> None:
        super().__init__()
        self._encoding = encoding
        self._shown = shown

    def __missing__(self, code: int) -> str:
        self[code] = self._shown(chr(code), self._encoding)
        return self[code]


@lru_cache(maxsize=8)
def _characters(encoding: str, shown: Callable[[str, str], str]) -> _Characters:
    return _Characters(encoding, shown)


def _escaped(character: str, encoding: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if character.isprintable() and is_encodable(character, encoding):
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _json_escaped(character: str, encoding: str) -> str:
    if character == "\n" or (character.isprintable() and is_encodable(character, encoding)):
        return character
    return json.dumps(character)[1:-1]
