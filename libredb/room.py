"""Room kept ahead: why a log file may be longer than what was written to it.

A sync that changes the length of a file also has to write the journal of the file system, and takes
half as long again as one that does not, or twice as long. So the first write after a sync that
would grow the file first fills it with zeros up to the next step, and the commits that follow
overwrite zeros:

    | records | this write |  zeros, up to a multiple of the step  |
    ^ offset 0      the end of the file before ^ this write: zeros are never put below it

Room is a favour and no promise: where it is refused (disk full, quota, a limit on file sizes), what
was filled is cut off again and the write goes on without it.

Only the policy is here, numbers in and numbers out; an adapter fills, cuts, and tells what came of
it. Absent on purpose: I/O; room in a file that is not the database yet, because behind a header
that is not on the disk, zeros look like the rest of something lost; and clocks.
"""


class Room:
    """Where a file ends, and whether a write that grows it is worth room.

    Invariant: a write is worth room if and only if

    1.  the file is in its place: `open` found it, or `replace` put it there;
    2.  a sync returned that had begun after the last growth and the last truncate;
    3.  it grows the file, by at most `small_bytes`: beyond that, writing twice costs more than the
        journal;
    4.  it ends beyond the room that was refused last.

    For 2, every growth has an end of its own, and a sync is known by the end that it began with: if
    another thread grew the file after the call, that growth is not covered.
    By 2 only the first of several unsynced commits pays for it. By 4 a full disk is asked again
    only after the log has grown through what it refused: at most one vain attempt in a step.
    """

    __slots__ = ("_placed", "_refused_end", "_small_bytes", "_step_bytes", "_synced_end", "end")

    def __init__(
        self, step_bytes: int, small_bytes: int, *, end: int = 0, placed: bool = False
    ) -> None:
        """Keep room up to multiples of `step_bytes` in a file that ends at `end`."""
        self._step_bytes = step_bytes
        self._small_bytes = small_bytes
        self._placed = placed
        self._synced_end = -1
        self._refused_end = 0
        self.end: int = end
        """Where the file ends, room included; a write that does not end beyond it asks nothing."""

    def grows(self, end: int) -> bool:
        """Note a write that ends at `end`, beyond `self.end`; return whether 1, 2 and 4 hold."""
        worth = self._synced_end == self.end and self._placed and end > self._refused_end
        self.end = end
        return worth

    def wanted(self, end: int, size: int) -> int:
        """Return where room for that write is to end in a file of `size`, or 0 if 3 fails.

        The size is the true one: zeros go where the file ends, not where its owner believes it
        does.
        """
        if size < end <= size + self._small_bytes:
            return (end // self._step_bytes + 1) * self._step_bytes
        return 0

    def granted(self, room_end: int) -> None:
        """Note that there are zeros up to `room_end`."""
        self.end = room_end

    def refused(self, room_end: int) -> None:
        """Note that there is no room up to `room_end`, and that the attempt was undone."""
        self._refused_end = room_end

    def synced(self, end: int) -> None:
        """Note that a sync returned; `end` is what `self.end` was when it began."""
        self._synced_end = end

    def truncated(self, length: int) -> None:
        """Note that the file was cut to `length`, which may have given space back."""
        self.end = length
        self._synced_end = -1
        self._refused_end = 0

    def placed(self) -> None:
        """Note that the file is the database now."""
        self._placed = True
