"""An image: the bytes of a log file as closing leaves it, in pieces, and every record judged.

A backup makes one, and may be read slowly: it reads a file of its own that nobody writes to any
more, up to the end noted when it was asked for. Writing it to a path and restoring it elsewhere put
it in place as a compaction does, the header last of all, so that whatever fails leaves what was
there. A backup is a copy, salt and all; a restored database is another one, with a salt of its own,
so that no record of the one can ever pass for one of the other.
Absent on purpose: compression, and backups of a part.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain

from libredb.kernel import record
from libredb.kernel.errors import (
    CorruptLogError,
    LogFileError,
    UsageError,
    UsageTypeError,
)
from libredb.kernel.filesystem import LogFile, Uncopyable
from libredb.kernel.log import PIECE_BYTES, Log, ask, pieces_between, read_exactly
from libredb.kernel.placement import Place
from libredb.kernel.reading import Reading
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET, FileHeader
from libredb.kernel.recovery import check_file_header
from libredb.kernel.stream import RecordStream, Whole

NOT_CLOSED = (
    "this is the file of a database that was not closed; open and close it, or use backup()"
)


class ImageStream(RecordStream):
    """Takes the records of an image, or of a log up to a known end, and refuses what is none."""

    def __init__(self, path: str, header: FileHeader, end: int) -> None:
        """Begin at the first record of what ends at `end`; `path` is for messages."""
        super().__init__(header, end)
        self._path = path

    def feed(self, piece: bytes) -> Iterator[Whole]:
        """Yield each record that this piece makes whole.

        Raises:
            CorruptLogError: a record is damaged, or is not the one that follows.
        """
        yield from super().feed(piece)
        if self.stopped and (self.end < self._length or self.rest):
            reason = "the record here is damaged, or is not the next one"
            if self.end == self._length:
                reason = f"something follows here, and the image says it ends at byte {self.end}"
            raise CorruptLogError(self._path, self.end, reason)

    def require_end(self) -> None:
        """Refuse an image that ends too early."""
        if self.end < self._length:
            reason = f"the records end here, and the image says they end at byte {self._length}"
            raise CorruptLogError(self._path, self.end, reason)


class Image(Uncopyable):
    """The iterator that `Database.backup` returns."""

    def __init__(
        self,
        file: LogFile,
        log: Log,
        *,
        is_open: Callable[[], bool],
        is_current: Callable[[], bool],
    ) -> None:
        """Note where `log` ends; `file` is a handle on its file, and closed here."""
        self._file = file
        self._path = log.path
        self._pieces = _read(file, log.path, log.header, log.end, is_open, is_current)

    def __iter__(self) -> Iterator[bytes]:
        """Return itself: an image is read once."""
        return self

    def __next__(self) -> bytes:
        """Return the next piece."""
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the file back; reading on ends the image. Calling it again is fine."""
        self._pieces.close()
        ask("close", self._path, self._file.close)

    def __del__(self) -> None:
        """Give the file of an image that was dropped back."""
        if file := getattr(self, "_file", None):
            file.close()


def _read(
    file: LogFile,
    path: str,
    header: FileHeader,
    end: int,
    is_open: Callable[[], bool],
    is_current: Callable[[], bool],
) -> Generator[bytes, None, None]:
    """Yield the two pages as closing leaves them, then the records in pieces, judged.

    It does not know its `Image`: an image that is dropped goes at once, and its file with it.
    """
    pages = header.encode().ljust(record.MARK_OFFSET, b"\0")
    pages += record.encode_mark(end, header.check_seed)
    yield pages.ljust(RECORDS_OFFSET, b"\0")
    stream = ImageStream(path, header, end)
    for offset in range(RECORDS_OFFSET, end, PIECE_BYTES):
        if not is_open():
            raise UsageError("the database was closed before its backup was read")
        try:
            piece = read_exactly(path, file, offset, min(PIECE_BYTES, end - offset))
            for _ in stream.feed(piece):
                pass
        except LogFileError as error:
            if is_current():
                raise
            raise UsageError(
                "the database was compacted before its backup was read, and here that empties the "
                "file; call backup() again"
            ) from error
        yield piece
    stream.require_end()


class ImageReader:
    """Takes an image apart, whoever made it: the header and the mark, then one payload a record."""

    def __init__(self, name: str, pieces: Iterable[bytes]) -> None:
        """Read the first two pages; `name` is for messages.

        Raises:
            LogFileError: this is not the image of a closed database.
            UsageTypeError: a piece is no bytes.
        """
        self._name = name
        self._pieces = iter(pieces)
        pages = b""
        while len(pages) < RECORDS_OFFSET and (piece := next(self._pieces, None)) is not None:
            pages += require_bytes(piece)
        self._first, pages = pages[RECORDS_OFFSET:], pages[:RECORDS_OFFSET]
        self.header: FileHeader = check_file_header(
            name, pages[: record.FILE_HEADER_LENGTH], len(pages)
        )
        mark = record.decode_mark(pages[record.MARK_OFFSET :], self.header.check_seed)
        if mark is None:
            raise CorruptLogError(name, record.MARK_OFFSET, NOT_CLOSED)
        self._end = mark

    def payloads(self) -> Iterator[bytes]:
        """Yield the payloads in order, and refuse what is damaged or does not end where it says."""
        stream = ImageStream(self._name, self.header, self._end)
        for piece in chain([self._first], self._pieces):
            for *_, data, start, end in stream.feed(require_bytes(piece)):
                yield data[start + RECORD_HEADER_LENGTH : end]
        stream.require_end()


def write_image(image: Image, place: Place) -> None:
    """Put a copy of `image` in place; see `Database.backup_to`."""
    try:
        current = lock_and_look(place)
        reader = ImageReader(place.path, image)
        _put(place, current, reader.header, reader.payloads())
    finally:
        image.close()
        place.release()


def restore(pieces: Iterable[bytes], name: str, place: Place, *, replace: bool) -> None:
    """Put what an image holds in place, as a database of its own; see `libredb.restore`."""
    try:
        current = lock_and_look(place)
        if not replace:
            current = place.read(writable=True)
            if not current.is_empty:
                raise UsageError(
                    f"there is a database at {place.path!r} already; replace=True replaces it"
                )
        reader = ImageReader(name, pieces)
        generation = max(h.generation for h in (reader.header, current.header) if h) + 1
        header = place.new_header(
            generation, reader.header.snapshot_records, reader.header.base_version
        )
        _put(place, current, header, reader.payloads())
    finally:
        place.release()


def pieces_of(place: Place) -> Iterator[bytes]:
    """Yield the bytes of the file at a place.

    Raises:
        StorageNotFoundError: nothing is there.
        LogFileError: it is not a database.
    """
    try:
        reading = place.look(writable=False)
        reading.require()
        if reading.file is None:
            raise place.not_found()
        yield from pieces_between(place.path, reading.file, 0, reading.length_bytes)
    finally:
        place.release()


def lock_and_look(place: Place) -> Reading:
    """Lock the place and return the database that is there, damaged or not.

    Where nothing is, an empty one is made first. A crash half-way then leaves that one, and not two
    pages of zeros with records behind them, which nobody could tell from a database that lost its
    header.

    Raises:
        LogFileError: something else is there, and stays.
    """
    place.lock()
    current = place.look(writable=True)
    current.require(but=(CorruptLogError,))
    if current.file is None and current.error is None:
        place.create()
        place.close_files()
        current = place.look(writable=True)
    return current


def _put(place: Place, current: Reading, header: FileHeader, payloads: Iterator[bytes]) -> None:
    """Write a log of `payloads` beside the current file, read it back, and put it in place."""
    log = place.prepare(current.file, header, payloads)
    try:
        stream = ImageStream(place.path, header, log.end)
        for piece in pieces_between(place.path, log.file, RECORDS_OFFSET, log.end):
            for _ in stream.feed(piece):
                pass
        stream.require_end()
    except BaseException:
        place.discard(current.file)
        raise
    place.put(current.file, log)


def require_bytes(piece: object) -> bytes:
    """Return a piece of an image."""
    if not isinstance(piece, bytes):
        raise UsageTypeError(f"an image comes in pieces of bytes, not of {type(piece).__name__}")
    return piece
