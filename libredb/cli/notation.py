"""How keys and values are typed and shown: bytes as `escapes` says or as digits, JSON as JSON.

What is given on the command line follows the rule; what comes from stdin is taken byte by byte.
"""

from dataclasses import dataclass
from typing import Any

from libredb import UsageValueError
from libredb.cli.arguments import json_value
from libredb.cli.escapes import escape, json_text, unescape


@dataclass(frozen=True, slots=True)
class Notation:
    """What the reader can see (`encoding`), and whether bytes are hexadecimal digits."""

    encoding: str
    is_hex: bool = False
    indent: int | None = None
    """How far JSON is indented; None keeps it in one line."""

    def shown(self, data: bytes) -> str:
        """Return bytes as they are printed."""
        return data.hex() if self.is_hex else escape(data, self.encoding)

    def json(self, value: Any) -> str:  # noqa: ANN401 - whatever JSON has
        """Return JSON as it is printed."""
        return json_text(value, self.encoding, indent=self.indent)

    def data(self, given: str | bytes) -> bytes:
        """Return the bytes of what was given.

        Raises:
            UsageValueError: it does not follow the rule.
        """
        if isinstance(given, bytes):
            return given
        try:
            return bytes.fromhex(given) if self.is_hex else unescape(given)
        except ValueError as error:
            reason = "it is not pairs of hexadecimal digits" if self.is_hex else str(error)
            raise UsageValueError(f"cannot read {given!r}: {reason}") from None

    def text(self, given: str | bytes) -> str:
        """Return the text of what was given.

        Raises:
            UsageValueError: it does not follow the rule, or is no UTF-8.
        """
        data = self.data(given)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            place = f"byte {error.start + 1}"
            raise UsageValueError(f"cannot read {escape(data)!r} as text: {place}") from None


def json_of(given: str | bytes) -> Any:  # noqa: ANN401 - whatever JSON has
    """Return the JSON of what was given.

    Raises:
        UsageValueError: it is none.
    """
    try:
        return json_value(given if isinstance(given, str) else given.decode())
    except UnicodeDecodeError as error:
        reason = f"is no UTF-8 at byte {error.start + 1}"
    except ValueError as error:
        reason = str(error)
    raise UsageValueError(f"the value {reason}") from None
