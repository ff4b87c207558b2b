"""What only happens between a client and a server.

    ProtocolError         a message is none, or of another protocol: client and server differ
    DeadlineError         the time of a call was up before it began; it has not happened
    RemoteFunctionError   a function that a user registered has raised something

All other errors are those of the database, and cross by their `code` too.
"""

from libredb import LibreDBError


class ProtocolError(LibreDBError):
    """A message that this server does not understand. Nothing happened."""

    code = "protocol"


class DeadlineError(LibreDBError, TimeoutError):
    """The time of a call was up before it began: it has not happened."""

    code = "deadline"


class RemoteFunctionError(LibreDBError):
    """A registered function raised an exception that is none of the database."""

    code = "remote_function"

    def __init__(self, name: str, class_name: str, text: str, traceback: str) -> None:
        """Say which function, and what it raised."""
        super().__init__(f"{name}() raised {class_name}: {text}")
        self.function = name
        self.class_name = class_name
        self.text = text
        self.traceback = traceback
