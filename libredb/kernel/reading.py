"""A reading: what was found at a path, before anything is done about it.

Absent on purpose: how it is read, and how it becomes a log; see placement.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from libredb.kernel.errors import LogFileError
from libredb.kernel.filesystem import LogFile
from libredb.kernel.record import FileHeader
from libredb.kernel.recovery import Replay


@dataclass(slots=True)
class Reading:
    """What was read at a path: a log (`found`), a refusal (`error`), or nothing yet (neither)."""

    exists: bool
    """Whether there is a file that may hold a log."""
    size_bytes: int
    """The size of all files that were found."""
    length_bytes: int = 0
    file: LogFile | None = None
    """The file that was chosen, if one was; it is open, and has `length_bytes`."""
    check: int = 0
    """Of reading only: the CRC-32 of the file; two readings that agree in it found the same."""
    header: FileHeader | None = None
    """Its header, also when the rest of it is refused."""
    found: Replay | None = None
    error: LogFileError | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no commit was found, and nothing that may have been one."""
        return self.error is None and (self.found is None or not self.found.version)

    def checked(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces of the file, and note their check."""
        for piece in pieces:
            self.check = crc32(piece, self.check)
            yield piece

    def require(self, *, but: tuple[type[LogFileError], ...] = ()) -> None:
        """Raise the refusal, unless it is one of `but`.

        It is handed over: an exception and a reading that know each other would keep the file.
        """
        if self.error is None or isinstance(self.error, but):
            return
        error, self.error = self.error, None
        try:
            raise error
        finally:
            del error  # its traceback knows what is here
