"""What a database may show, told from what it acknowledged. Shares no code with the kernel.

Every commit is one of four things: durable (acknowledged, no crash may take it), volatile (it
returned, but nobody promised yet), maybe (it raised: either outcome is right) or aborted (it must
never be seen).

    base      the contents after the last durable commit, and its version
    later     the commits after it, in order, volatile or maybe

After a crash, a database may show `base` plus any prefix of `later`, and nothing else. Pin rule:
once an open for writing has shown a state, that state is the new base, and what it did not show is
gone.
A sync that lied makes nothing durable, whatever the database acknowledges: what it covered, and all
that follows, stays in `later`. What an open under a lie shows is no base yet either; what it
replaced may come back, and is kept among the `excuses`. Once a power loss or lost pages have made
something of the lie, the file may also be refused. All that ends when everything is on the disk.
Absent on purpose: the format. Versions are compared where the oracle can count them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

Contents = dict[bytes, bytes]
Writes = list[tuple[bytes, bytes | None]]
Versions = tuple[int, int]
"""The lowest and the highest version that something may have."""


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
    versions: Versions
    returned: bool


class State(NamedTuple):
    """A state that a database may show."""

    contents: Contents
    versions: Versions


class Oracle:
    """What one database promised so far.

    Attributes:
        current: What an open database shows.
        version: The last commit that is visible in it.
        acknowledged_version: The last commit that the database said is durable.
        exists: Whether there is a database at all.
        kept: How many of `later` must be shown, because only the process died.
        unsure: Whether `later` may be gone already, because nobody looked since the power went.
        lying: Whether a sync lied, and not everything is on the disk since.
        harmed: Whether something was lost since then.
    """

    def __init__(self, record_bytes: int = 1 << 20) -> None:
        """Begin with a database that is not there yet.

        Args:
            record_bytes: How many bytes each record of a snapshot has at least, but the last.
        """
        self._record_bytes = record_bytes
        self.begin_anew()

    def begin_anew(self, version: int | None = None) -> None:
        """Forget everything; a database that is not there is as good as an empty one.

        Args:
            version: The last commit of a database without entries, if one is there.
        """
        self.base: Contents = {}
        self.base_version = version or 0
        self.later: list[Later] = []
        self.current: Contents = {}
        self.version = version or 0
        self.acknowledged_version = version or 0
        self.exists = version is not None
        self.kept = 0
        self.unsure = False
        self.lying = False
        self.harmed = False
        self.excuses: list[State] = []

    # What the database said.

    def returned(self, writes: Writes, version: int) -> None:
        """Note a commit that returned and is visible; it is volatile so far."""
        self.later.append(Later(writes, (version, version), True))
        self.version = version
        _apply(self.current, writes)

    def raised(self, writes: Writes, version: int) -> None:
        """Note a commit that raised: it is a maybe."""
        self.later.append(Later(writes, (version, version), False))

    def compacting(self) -> None:
        """Note a compaction that did not return: a maybe that changes nothing but the version."""
        low, high = self.versions_of_compaction()
        self.later.append(Later([], (low, high), False))

    def acknowledged(self, version: int) -> None:
        """Note that the database acknowledged every commit up to `version`."""
        self.acknowledged_version = max(self.acknowledged_version, version)
        if self.lying:
            return
        later = self.later
        while later and later[0].versions[1] <= version:
            commit = later.pop(0)
            _apply(self.base, commit.writes)
            self.base_version = commit.versions[1]
            self.kept = max(0, self.kept - 1)

    def compacted(self, version: int) -> None:
        """Note a compaction that returned: everything is durable, and the versions went on."""
        if self.lying:  # of a file that was never synced anything may be left, also nothing
            self.excuses.append(State({}, (0, 0)))
            self.later.append(Later([], (version, version), True))
        self.acknowledged(version)
        if not self.lying:
            self.base_version = version
        self.version = version

    def versions_of_compaction(self) -> Versions:
        """Return the version after a compaction: it rises by the number of snapshot records.

        That is none without entries, and at most one for as many bytes as fill one; an entry takes
        8 bytes besides its own there, and 4 more if it has a block to itself.
        """
        size = sum(len(key) + len(value) + 12 for key, value in self.current.items())
        most = 1 + size // self._record_bytes if self.current else 0
        return self.version + min(1, most), self.version + most

    @property
    def may_be_missing(self) -> bool:
        """Whether there may be no file at all."""
        nothing = State({}, (0, 0))
        return not self.exists or (self.harmed and nothing in self.excuses)

    # What happened to it.

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
        self.harmed = self.lying

    def lied(self) -> None:
        """Note that a sync returned and did not do its work."""
        self.lying = True

    def settled(self) -> None:
        """Note that everything is on the disk, whatever lied before."""
        self.lying = False
        self.harmed = False
        self.excuses = []
        self.acknowledged(self.acknowledged_version)

    # What the database showed.

    def candidates(self) -> Iterator[State]:
        """Yield every state that an open may show now, the longest prefix last, excuses apart."""
        state = dict(self.base)
        if not self.kept:
            yield State(state, (self.base_version, self.base_version))
        for index, commit in enumerate(self.later):
            state = dict(state)
            _apply(state, commit.writes)
            if index + 1 >= self.kept:
                yield State(state, commit.versions)

    def shown(self, contents: Contents, version: int, *, pinned: bool) -> str:
        """Judge what an open showed; return which of the possible states it was.

        Args:
            contents: All entries.
            version: The version the database gave.
            pinned: Whether the open was for writing, so that no crash may show less from now on.

        Raises:
            Violation: no state that was possible looks like this.
        """
        verdict = self._find(contents, version)
        if pinned:
            self.kept = 0
            if self.lying:
                self.excuses += self.candidates()
            self.base = dict(contents)
            self.base_version = self.version = self.acknowledged_version = version
            self.later = []
            self.unsure = False
            self.current = dict(contents)
            self.exists = True
        return verdict

    def _find(self, contents: Contents, version: int) -> str:
        last = self.base_version if not self.later else self.later[-1].versions[1]
        for index, (state, (low, high)) in enumerate(self.candidates(), start=self.kept):
            if contents == state and low <= version <= high:
                if index == len(self.later):
                    return "all"
                return "some of what was pending" if index else "only what was durable"
        for state, (low, high) in self.excuses:
            if self.harmed and contents == state and low <= version <= high:
                return "an earlier state"
        raise Violation(
            "prefix",
            f"version {version} with {len(contents)} entries is no state that could be; durable "
            f"was {self.base_version} with {len(self.base)} entries, the last is {last} with "
            f"{len(self.current)}, {len(self.later)} commits pending",
        )

    # What a running database must answer.

    def check_get(self, key: bytes, value: bytes | None) -> None:
        """Judge the answer of `get` outside a transaction."""
        if self.current.get(key) != value:
            raise Violation("read", f"get({key!r}) is not what was committed")


def check_scan(
    found: Iterable[tuple[bytes, bytes]],
    view: Contents,
    bounds: tuple[bytes, bytes | None],
    *,
    reverse: bool = False,
    limit: int | None = None,
) -> None:
    """Judge a scan of `view`, the half-open range `bounds` of it."""
    start, end = bounds
    keys = [key for key in view if key >= start and (end is None or key < end)]
    keys.sort(reverse=reverse)
    if list(found) != [(key, view[key]) for key in keys[:limit]]:
        options = f"{start!r}, {end!r}, reverse={reverse}, limit={limit}"
        raise Violation("read", f"scan({options}) is not what was committed")


def _apply(contents: Contents, writes: Writes) -> None:
    for key, value in writes:
        if value is None:
            contents.pop(key, None)
        else:
            contents[key] = value
