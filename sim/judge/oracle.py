"""What a database may show, told from what it acknowledged. Shares no code with the kernel.

Every commit is one of four things: durable (acknowledged, no crash may take it), volatile (it
returned, but nobody promised yet), maybe (it raised: either outcome is right) or aborted (it must
never be seen).

    base      the contents after the last durable commit, and its version
    later     the commits after it, in order, volatile or maybe

After a crash, a database may show `base` plus any prefix of `later`, and nothing else. Pin rule:
once an open for writing has shown a state, that state is the new base, and what it did not show is
gone. With a lying disk (`honest` False) the promise is weaker: whatever is shown was once the
state of the database, on some timeline; never a mixture.
Absent on purpose: the format. Versions are compared where the oracle can count them.
"""

from collections.abc import Iterable
from typing import NamedTuple

Contents = dict[bytes, bytes]
Writes = list[tuple[bytes, bytes | None]]


class Violation(Exception):  # noqa: N818 - a verdict on the database
    """The database broke a clause of its contract."""

    def __init__(self, clause: str, message: str) -> None:
        """Name the clause, and say what was seen."""
        super().__init__(clause, message)  # both: pickle makes it again from these
        self.clause = clause

    def __str__(self) -> str:
        return ": ".join(self.args)


class Later(NamedTuple):
    """A commit that no crash has to keep."""

    writes: Writes
    version: int | None
    returned: bool


class Oracle:
    """What one database promised so far."""

    def __init__(self, *, honest: bool = True) -> None:
        """Begin with a database that is not there yet, which is as good as an empty one."""
        self.base: Contents = {}
        self.base_version: int | None = 0
        self.later: list[Later] = []
        self.current: Contents = {}
        self.honest = honest
        self.known: list[Contents] = [{}]
        self.exists = False
        self.kept = 0
        """How many of `later` must be shown, because only the process died."""
        self.unsure = False
        """Whether `later` may be gone already, because nobody looked since the power went."""

    # What the database said.

    def returned(self, writes: Writes, version: int) -> None:
        """Note a commit that returned and is visible; it is volatile so far."""
        self.later.append(Later(writes, version, True))
        _apply(self.current, writes)
        if not self.honest:
            self.known.append(dict(self.current))

    def raised(self, writes: Writes, version: int | None) -> None:
        """Note a commit, or a compaction (no writes or version), that raised: it is a maybe."""
        self.later.append(Later(writes, version, False))
        if not self.honest:
            state = dict(self.current)
            _apply(state, writes)
            self.known.append(state)

    def acknowledged(self, version: int) -> None:
        """Note that the database vouched for every commit up to `version`."""
        later = self.later
        while later and (later[0].version or 0) <= version:
            commit = later.pop(0)
            _apply(self.base, commit.writes)
            self.base_version = commit.version
            self.kept = max(0, self.kept - 1)

    def compacted(self, version: int) -> None:
        """Note a compaction: everything is durable, and the versions went on."""
        self.acknowledged(1 << 62)
        self.base_version = version

    def process_died(self) -> None:
        """Note a crash of the process alone: what returned is still there, until the power goes."""
        if self.unsure:
            return
        returned = [index + 1 for index, commit in enumerate(self.later) if commit.returned]
        self.kept = max(returned, default=0)

    def may_have_lost(self) -> None:
        """Note a crash that may take everything that is not durable."""
        self.kept = 0
        self.unsure = True

    # What the database showed.

    def shown(self, contents: Contents, version: int, *, pinned: bool) -> str:
        """Judge what an open showed; return which of the possible states it was.

        Args:
            contents: All entries.
            version: The version the database gave.
            pinned: Whether the open was for writing, so that no crash may show less from now on.

        Raises:
            Violation: no state that was possible looks like this.
        """
        verdict = self._find(contents, version) if self.honest else self._find_known(contents)
        if pinned:
            self.base = dict(contents)
            self.base_version = version
            self.later = []
            self.kept = 0
            self.unsure = False
            self.current = dict(contents)
            self.exists = True
        return verdict

    def _find(self, contents: Contents, version: int) -> str:
        state = self.base
        if contents == state and self.base_version in (version, None) and not self.kept:
            return "all" if not self.later else "only what was durable"
        state = dict(state)
        for index, commit in enumerate(self.later):
            _apply(state, commit.writes)
            fits = contents == state and commit.version in (version, None)
            if fits and index + 1 >= self.kept:
                return "all" if index + 1 == len(self.later) else "some of what was pending"
        raise Violation(
            "prefix",
            f"version {version} with {len(contents)} entries is no state that could be; durable "
            f"was {self.base_version} with {len(self.base)} entries, "
            f"{len(self.later)} commits pending",
        )

    def _find_known(self, contents: Contents) -> str:
        if contents == self.current:
            return "all"
        if contents in self.known:
            return "an earlier state"
        raise Violation("prefix", f"{len(contents)} entries that never were the state together")

    # What a running database must answer.

    def check_get(self, key: bytes, value: bytes | None) -> None:
        """Judge the answer of `get` outside a transaction."""
        if self.current.get(key) != value:
            raise Violation("read", f"get({key!r}) is not what was committed")


def check_scan(
    found: Iterable[tuple[bytes, bytes]], view: Contents, bounds: tuple[bytes, bytes | None]
) -> None:
    """Judge an unlimited forward scan of `view`, the half-open range `bounds` of it."""
    start, end = bounds
    keys = sorted(key for key in view if key >= start and (end is None or key < end))
    if list(found) != [(key, view[key]) for key in keys]:
        raise Violation("read", f"scan({start!r}, {end!r}) is not what was committed")


def _apply(contents: Contents, writes: Writes) -> None:
    for key, value in writes:
        if value is None:
            contents.pop(key, None)
        else:
            contents[key] = value
