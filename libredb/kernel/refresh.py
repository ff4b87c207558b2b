"""A reader that goes on: what a writer has committed since, without reading the rest again.

What a reader has read is still the beginning of the log if and only if
  (1) the path leads to the same file,
  (2) which has the same header, and with it salt, generation and check seed,
  (3) and the record it applied last still stands where it stood: the same 24 header bytes.
A compaction breaks (1) or (2). A crash may take commits back that were not durable, and others may
have followed in their place; that breaks (3), because a body check is chained to all before it.
Then everything is read anew. Otherwise the whole valid records behind the end are applied. What
follows them is judged by nobody here: a writer may be in the middle of it.
Absent on purpose: waiting for a writer. Whoever wants to see more asks again.
"""

from collections import deque
from collections.abc import Callable, Iterator
from threading import get_ident
from weakref import ref

from libredb.kernel import record
from libredb.kernel.errors import CorruptLogError
from libredb.kernel.guard import current_task
from libredb.kernel.level import Level, Op
from libredb.kernel.log import PIECE_BYTES, Log, ask
from libredb.kernel.placement import Place
from libredb.kernel.record import MARK_LENGTH, MARK_OFFSET, RECORD_HEADER_LENGTH
from libredb.kernel.recovery import Replay
from libredb.kernel.stream import RecordStream, Whole
from libredb.kernel.transaction import ENDED, ReadTransaction


class Reached:
    """How far a reader has come in a log that is not its own.

    Invariant: `log` tells of the last commit that was applied, whose record starts at `_start`
    (None: there is none). The file, as it was read, proves what ends at `_proven`; `_unproven` has
    version and end of each commit after that.
    """

    def __init__(self, log: Log, found: Replay) -> None:
        """Begin where opening has come."""
        self.log = log
        self._start: int | None = found.starts[-1] if found.starts else None
        self._proven = log.durable_end
        durable = found.durable_version
        ends = [*found.starts[durable - found.header.base_version + 1 :], found.end]
        pending = range(durable + 1, found.version + 1)
        self._unproven: deque[tuple[int, int]] = deque(zip(pending, ends, strict=False))

    def mark_if_there(self) -> int | None:
        """Return the durable mark, 0 if it is damaged, as long as what was read is still there.

        Return None if it is no longer the beginning of the log.
        """
        log = self.log
        if not ask("find", log.path, log.file.in_place):  # (1)
            return None
        pages = ask("read", log.path, log.file.read, 0, MARK_OFFSET + MARK_LENGTH)
        if not pages.startswith(log.header.encode()):  # (2)
            return None
        if self._start is not None and not self._has_last_record(self._start):  # (3)
            return None
        mark = pages[MARK_OFFSET:]
        return record.decode_mark(mark, log.check_seed) or 0 if len(mark) == MARK_LENGTH else None

    def _has_last_record(self, start: int) -> bool:
        log = self.log
        data = ask("read", log.path, log.file.read, start, RECORD_HEADER_LENGTH)
        header = record.decode_record_header(data, 0, log.check_seed)
        if header is None:
            return False
        version, _, length = header  # the body check covers what is not compared
        end = start + RECORD_HEADER_LENGTH + length
        check = data[record.PROOF_LENGTH :]
        return (version, end, check) == (log.version, log.end, log.last_check.to_bytes(4))

    def following(self) -> Iterator[tuple[Whole, list[Op]]]:
        """Yield each whole record behind the end, with its ops; `advance` before the next one.

        Raises:
            StorageError: storage failed.
            CorruptLogError: a valid record holds no ops.
        """
        log = self.log
        size = ask("measure", log.path, log.file.size)
        stream = RecordStream(log.header, size)
        stream.version, stream.end, stream.last_check = log.version, log.end, log.last_check
        for offset in range(log.end, size, PIECE_BYTES):
            wanted = min(PIECE_BYTES, size - offset)
            for whole in stream.feed(ask("read", log.path, log.file.read, offset, wanted)):
                yield whole, ops_of(log.path, log.end, whole)
            if stream.stopped:
                return

    def advance(self, whole: Whole) -> None:
        """Note that this record was applied."""
        version, unsynced, check, _, start, stop = whole
        log = self.log
        self._start = log.end
        log.version, log.end, log.last_check = version, log.end + stop - start, check
        self._unproven.append((version, log.end))
        self.prove(below=version - unsynced)

    def prove(self, *, below: int = 0, mark: int = 0) -> None:
        """Note that the commits below a version were synced, or those that end before a mark."""
        log, unproven = self.log, self._unproven
        while unproven and (unproven[0][0] < below or unproven[0][1] <= mark):
            log.durable_version, self._proven = unproven.popleft()
        log.durable_end = self._proven


class Refresher:
    """What a database that is open for reading needs in order to go on."""

    def __init__(
        self, reached: Reached | None, read: Callable[[Place], tuple[Reached | None, Level]]
    ) -> None:
        """Begin where opening has come, None in an empty file; `read` reads everything anew."""
        self.reached = reached
        self.read: Callable[[Place], tuple[Reached | None, Level]] = read
        self._reads: dict[ref[ReadTransaction], tuple[int, object]] = {}

    def note_read(self, tx: ReadTransaction) -> None:
        """Note whose `read()` has `tx`: this task of this thread; a `tx` that goes is forgotten."""
        self._reads[ref(tx, self._reads.pop)] = get_ident(), current_task()

    def has_own_read(self) -> bool:
        """Whether a `read()` of this task of this thread has not ended."""
        me = get_ident(), current_task()
        own = [watch() for watch, whose in tuple(self._reads.items()) if whose == me]
        return any(tx is not None and tx._read_refusal != ENDED for tx in own)  # noqa: SLF001 - nobody else asks # pyright: ignore[reportPrivateUsage] - as above


def ops_of(path: str, offset: int, whole: Whole) -> list[Op]:
    """Return the ops of the record at `offset`, which is valid.

    Raises:
        CorruptLogError: it holds none that are well-formed.
    """
    *_, data, start, stop = whole
    ops = record.decode_ops(data, start + RECORD_HEADER_LENGTH, stop)
    if ops is None:
        reason = "a valid record holds malformed ops; report this"
        raise CorruptLogError(path, offset + RECORD_HEADER_LENGTH, reason)
    return ops
