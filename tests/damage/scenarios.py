"""Everything that may happen to a log while nobody looks, and the outcomes that are allowed.

A scenario yields cases: damaged bytes, what the file had shown, and which part of that had been
acknowledged as durable. `classify` gives every case one class:

    kept        every acknowledged commit is there, and nothing that was never committed
    refused     the file is refused, and (see test_damage_through_open.py) not changed
    lost last   a prefix that lacks the last acknowledged commit, or some of the last group
    older       as a whole, what a lying device had acknowledged and then taken back
    lost many   a prefix that lacks more than that
    wrong       a state that never was

A scenario names the classes that are allowed for it. All cases come from small logs and are
enumerated, not drawn; a simulation seed decides only the content of values and of garbage.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations

from libredb import GroupCommit
from sim.world.generator import Generator
from tests.damage.damage import cuts, filled, flips, mixtures, sectors
from tests.damage.logs import (
    MARK_OFFSET,
    RECORDS_OFFSET,
    SECTOR,
    State,
    Writer,
    Written,
    judge,
    make_commit,
    make_commits,
    sized_commit,
)

CLASSES = ("kept", "refused", "lost last", "older", "lost many", "wrong")
MEANINGFUL = [*range(36), *range(MARK_OFFSET, MARK_OFFSET + 12)]
"""The bytes of the two pages that mean anything."""


@dataclass(frozen=True, slots=True)
class Case:
    """Damaged bytes; `states[acknowledged:]` may be shown, and what a class of loss names."""

    data: bytes
    states: Sequence[State]
    acknowledged: int
    last_group: int = 1
    older: State | None = None


@dataclass(frozen=True)
class Scenario:
    """A way to be damaged, and what may come of it."""

    name: str
    cases: Callable[[Generator], Iterator[Case]]
    allowed: frozenset[str]


def classify(case: Case) -> str:
    """Return the class of what recovery makes of a case."""
    shown = judge(case.data)
    if shown is None:
        return "refused"
    for index in range(len(case.states) - 1, -1, -1):
        if case.states[index] == shown:
            missing = case.acknowledged - index
            if missing <= 0:
                return "kept"
            return "lost last" if missing <= case.last_group else "lost many"
    return "older" if shown == case.older else "wrong"


@cache
def outcomes(scenario: Scenario) -> Counter[str]:
    """Return how many cases of a scenario came out in each class."""
    return Counter(classify(case) for case in scenario.cases(Generator(20)))


# A crash in the middle of a commit, a group, or a window


def in_flight(generator: Generator) -> Iterator[Case]:
    """The record being written reaches the disk up to any byte; zeros or garbage follow."""
    writer = Writer(make_commits(generator, 5))
    before = writer.image()
    writer.commit(make_commit(6, generator.octets(120)))
    after = writer.image()
    garbage = generator.octets(after.end - before.end)
    for cut in range(before.end, after.end + 1):
        rest = after.end - cut
        for tail in (b"", bytes(rest), garbage[:rest]):
            yield Case(after.data[:cut] + tail, after.states, 5)


def lost_sectors(writer: Writer, start: int, acknowledged: int, garbage: bytes) -> Iterator[Case]:
    """Each sector from `start` on is new, zeros or garbage, in every combination."""
    log = writer.image()
    sources = [log.data, filled(log.data, start, log.end, bytes(log.end))]
    if garbage:
        sources.append(filled(log.data, start, log.end, garbage))
    for data in mixtures(sectors(start, log.end), *sources):
        yield Case(data, log.states, acknowledged)


def group_of_five(generator: Generator) -> Iterator[Case]:
    """A group in flight, in seven or eight sectors."""
    for before, largest in ((3, 480), (4, 540), (6, 580)):
        writer = Writer(make_commits(generator, before))
        start = writer.db.log_bytes
        writer.group(
            *make_commits(generator, 5, first=before + 1, smallest=largest - 120, largest=largest)
        )
        garbage = generator.octets(writer.db.log_bytes - start)
        yield from lost_sectors(writer, start, before, garbage)


def group_of_even_sizes(generator: Generator) -> Iterator[Case]:
    """The same with sizes that are a multiple of 8, one of them with a sector for each record."""
    for sizes in ([SECTOR] * 6, [SECTOR - 8] * 6, [256] * 6, [96, 520, 512, 504, 64, 512]):
        writer = Writer([sized_commit(1, sizes[0], generator)])
        start = writer.db.log_bytes
        writer.group(
            *(sized_commit(number, size, generator) for number, size in enumerate(sizes[1:], 2))
        )
        garbage = generator.octets(writer.db.log_bytes - start)
        yield from lost_sectors(writer, start, 1, garbage)


def window(generator: Generator) -> Iterator[Case]:
    """Seven commits in a window, synced after any of them; what was not synced may be lost."""
    count = 7
    for synced in (chosen for r in range(count + 1) for chosen in combinations(range(count), r)):
        writer = Writer(group_commit=GroupCommit(commits=count + 1))
        durable, start = 0, RECORDS_OFFSET
        for index, commit in enumerate(make_commits(generator, count, smallest=90, largest=300)):
            writer.commit(commit)
            if index in synced:
                writer.db.sync()
                durable, start = index + 1, writer.db.log_bytes
        if durable < count:
            yield from lost_sectors(writer, start, durable, b"")


def own_bytes(generator: Generator) -> Iterator[Case]:
    """A value that contains the records of its own log, torn anywhere, or with sectors lost."""
    writer = Writer(make_commits(generator, 12))
    before = writer.image()
    writer.commit(make_commit(13, before.data[RECORDS_OFFSET:]))
    after = writer.image()
    for cut in range(before.end, after.end):
        yield Case(after.data[:cut], after.states, 12)
        yield Case(after.data[:cut] + bytes(after.end - cut), after.states, 12)
    yield from lost_sectors(writer, before.end, 12, b"")


def newer_copy(generator: Generator, *, later: int) -> Iterator[Case]:
    """A value with records of a copy of this file that lived on (it has the same salt), torn."""
    writer = Writer(make_commits(generator, 12))
    copy = writer.fork()
    copy.commit(*make_commits(generator, later, first=13))
    log = copy.image()
    before = writer.image()
    writer.commit(make_commit(13, log.data[log.starts[-4] :]))
    after = writer.image()
    for cut in range(before.end, after.end):
        yield Case(after.data[:cut], after.states, 12)


def older_generation(generator: Generator) -> Iterator[Case]:
    """Blocks of the file before a compaction show through behind the end of the new one."""
    writer = Writer(make_commits(generator, 12))
    old = writer.image()
    writer.compact()
    writer.commit(*make_commits(generator, 4, first=13))
    new = writer.image()
    for start in old.starts[:-1]:
        for shift in (0, 1, 8):
            yield Case(new.data + old.data[start + shift :], new.states, 4)
    for cut in range(new.end, len(old.data)):
        yield Case(new.data + old.data[new.end : cut], new.states, 4)


def zeros_behind(generator: Generator) -> Iterator[Case]:
    """Zeros follow the last record: reserved room, or a file that grew without its data."""
    log = Writer(make_commits(generator, 6)).image()
    for count in (*range(1, 64), SECTOR, 4096, 1 << 16):
        yield Case(log.data + bytes(count), log.states, 6)


# Damage to bytes that had been durable


def log_of_twenty(generator: Generator, *, closed: bool, group: int = 1) -> Written:
    """Return a log of twenty commits, the last `group` of them a group."""
    commits = make_commits(generator, 20)
    writer = Writer(commits[: 20 - group])
    writer.group(*commits[20 - group :])
    return writer.closed() if closed else writer.image()


def every_bit(generator: Generator, *, closed: bool, group: int) -> Iterator[Case]:
    """One bit is flipped, of a log of twenty commits."""
    log = log_of_twenty(generator, closed=closed, group=group)
    for data in flips(log.data, [*MEANINGFUL, *range(RECORDS_OFFSET, log.end)]):
        yield Case(data, log.states, 20, group)


def cut_closed(generator: Generator) -> Iterator[Case]:
    """A closed file ends early, at every length from 1."""
    log = log_of_twenty(generator, closed=True)
    for data in cuts(log.data, range(1, log.end)):
        yield Case(data, log.states, 20)


def marked_half_way(generator: Generator) -> tuple[Written, int]:
    """Return a log of twenty commits that was not closed, and where its mark is: after ten."""
    commits = make_commits(generator, 20)
    writer = Writer(commits[:10])
    writer.reopen()
    writer.commit(*commits[10:])
    log = writer.image()
    return log, log.starts[10]


def cut_unclosed(generator: Generator, *, below_the_mark: bool) -> Iterator[Case]:
    """A file that was not closed ends early; its mark covers ten commits of twenty."""
    log, mark = marked_half_way(generator)
    lengths = range(1, mark) if below_the_mark else range(mark, log.end)
    for data in cuts(log.data, lengths):
        yield Case(data, log.states, 20, last_group=10)


def last_sector(generator: Generator) -> Iterator[Case]:
    """The last sector of a closed file reads as zeros."""
    for count in range(10, 50):
        log = Writer(make_commits(generator, count)).closed()
        low, high = sectors(RECORDS_OFFSET, log.end)[-1]
        yield Case(filled(log.data, low, high, bytes(SECTOR)), log.states, count)


def any_sector(generator: Generator) -> Iterator[Case]:
    """Any one sector of a closed file reads as zeros or as garbage."""
    log = Writer(make_commits(generator, 40)).closed()
    for low, high in sectors(0, log.end):
        for filling in (bytes(SECTOR), generator.octets(SECTOR)):
            yield Case(filled(log.data, low, high, filling), log.states, 40)


def misplaced(generator: Generator, *, closed: bool) -> Iterator[Case]:
    """Records are repeated, swapped, missing or moved."""
    writer = Writer(make_commits(generator, 14))
    log = writer.closed() if closed else writer.image()
    records, plain = log.records(), list(range(14))
    orders = [
        [*plain[5:9], *plain[:5], *plain[9:]],
        [*plain[:4], *plain[9:], *plain[4:9]],
        plain[::-1],
    ]
    for index in range(13):
        orders.append([*plain, index])
        orders.append([*plain[: index + 1], *plain[index:]])
        orders.append([*plain[:index], index + 1, index, *plain[index + 2 :]])
        orders.append([*plain[:index], *plain[index + 1 :]])
    for order in orders:
        data = log.data[:RECORDS_OFFSET] + b"".join(records[index] for index in order)
        yield Case(data, log.states, 14)


def half_snapshot(generator: Generator) -> Iterator[Case]:
    """A compacted file loses its mark and is cut within the snapshot."""
    writer = Writer(make_commits(generator, 12))
    writer.compact(piece_bytes=64)
    log = writer.image()
    unmarked = filled(log.data, MARK_OFFSET, MARK_OFFSET + SECTOR, bytes(SECTOR))
    for data in cuts(unmarked, range(RECORDS_OFFSET, log.end)):
        yield Case(data, log.states, 0)


# A device that lies, and what no format can see


def retried(
    length: int, retried_length: int, generator: Generator, *, grouped: bool
) -> list[Written]:
    """Return three logs: of five commits, of three more, and of others in the place of these."""
    base = Writer(make_commits(generator, 5))
    first, second = base.fork(), base.fork()
    commits = [make_commit(number, generator.octets(length)) for number in (6, 7, 8)]
    if grouped:
        first.group(*commits)
    else:
        first.commit(*commits)
    second.commit(make_commit(6, generator.octets(retried_length)))
    return [base.image(), first.image(), second.image()]


def tail_returns(generator: Generator, *, grouped: bool, same_length: bool) -> Iterator[Case]:
    """Commits 6, 7 and 8 vanish in a power loss, 6' is committed, and they return behind it."""
    for length in range(40, 100):
        shorter = 0 if same_length else generator.between(1, 30)
        _, old, new = retried(length, length - shorter, generator, grouped=grouped)
        yield Case(new.data + old.data[new.end :], new.states, 6)
        yield Case(new.data + old.data[old.starts[6] :], new.states, 6)


def sectors_return(generator: Generator, *, grouped: bool) -> Iterator[Case]:
    """The same, but any combination of sectors reads as it did before 6' was committed."""
    for length in range(300, 440, 10):
        shorter = generator.pick((0, generator.between(1, 120)))
        base, old, new = retried(length, length - shorter, generator, grouped=grouped)
        whole = new.data + old.data[new.end :]
        for data in mixtures(sectors(base.end, old.end), whole, old.data):
            yield Case(data, new.states, 6, older=old.states[-1])


def same_salt(generator: Generator) -> Iterator[Case]:
    """An older copy was put back by hand, and blocks of the later file show through behind it."""
    later = Writer(make_commits(generator, 12)).image()
    for keep in range(3, 9):
        copy = later.data[: later.starts[keep]]
        states = [*later.states[: keep + 1], {b"never": b"written"}]
        for end in later.starts[keep + 1 :]:
            yield Case(copy + later.data[len(copy) : end], states, keep)


def scenario(name: str, cases: Callable[[Generator], Iterator[Case]], *allowed: str) -> Scenario:
    """Return a scenario; the classes it allows come last."""
    return Scenario(name, cases, frozenset(allowed))


CRASHES = (
    scenario("record in flight: torn, zeros or garbage from any byte on", in_flight, "kept"),
    scenario("group of 5 in flight: sectors new, zeros or garbage", group_of_five, "kept"),
    scenario("the same, record sizes a multiple of 8", group_of_even_sizes, "kept"),
    scenario("window of 7, synced after any of them: sectors new or zeros", window, "kept"),
    scenario("value with the bytes of its own log: torn, sectors lost", own_bytes, "kept"),
    scenario(
        "value with the bytes of a much newer copy of its log, torn",
        partial(newer_copy, later=300),
        "kept",
    ),
    scenario("bytes of an older generation behind the end", older_generation, "kept"),
    scenario("zeros behind the end", zeros_behind, "kept"),
)
"""Nothing is refused and nothing acknowledged is lost."""

DAMAGE_CLOSED = (
    scenario(
        "closed: every bit flipped", partial(every_bit, closed=True, group=1), "kept", "refused"
    ),
    scenario("closed: cut short, every length from 1", cut_closed, "refused"),
    scenario("closed: last sector zeros", last_sector, "refused"),
    scenario("closed: any one sector zeros or garbage", any_sector, "kept", "refused"),
    scenario(
        "closed: records repeated, swapped, missing, moved",
        partial(misplaced, closed=True),
        "kept",
        "refused",
    ),
    scenario("compacted, mark lost: cut within the snapshot", half_snapshot, "refused"),
)
"""Nothing acknowledged is lost in silence."""

DAMAGE_UNCLOSED = (
    scenario(
        "not closed: every bit flipped",
        partial(every_bit, closed=False, group=1),
        "kept",
        "refused",
        "lost last",
    ),
    scenario(
        "not closed, the last 5 commits a group: every bit flipped",
        partial(every_bit, closed=False, group=5),
        "kept",
        "refused",
        "lost last",
    ),
    scenario(
        "not closed: cut below the mark", partial(cut_unclosed, below_the_mark=True), "refused"
    ),
    scenario(
        "not closed: cut behind the mark (10 commits)",
        partial(cut_unclosed, below_the_mark=False),
        "lost last",
    ),
    scenario(
        "not closed: records repeated, swapped, missing, moved",
        partial(misplaced, closed=False),
        "kept",
        "refused",
        "lost last",
    ),
)
"""At most the last commit or group is lost, and a cut shows a true prefix."""

LIMITS = (
    scenario(
        "a lost group is back behind the commit made after it, length differs",
        partial(tail_returns, grouped=True, same_length=False),
        "kept",
    ),
    scenario(
        "a lost group is back behind the commit made after it, same length",
        partial(tail_returns, grouped=True, same_length=True),
        "kept",
    ),
    scenario(
        "lost synced commits are back behind the commit made after them, length differs",
        partial(tail_returns, grouped=False, same_length=False),
        "refused",
    ),
    scenario(
        "lost synced commits are back behind the commit made after them, same length",
        partial(tail_returns, grouped=False, same_length=True),
        "refused",
    ),
    scenario(
        "sectors of a lost group are back in any combination",
        partial(sectors_return, grouped=True),
        "kept",
        "lost last",
        "older",
    ),
    scenario(
        "sectors of lost synced commits are back in any combination",
        partial(sectors_return, grouped=False),
        "refused",
        "older",
    ),
    scenario(
        "value with the bytes of a slightly newer copy of its log, torn",
        partial(newer_copy, later=5),
        "kept",
        "refused",
    ),
    scenario("older copy put back by hand, later blocks behind it", same_salt, "wrong"),
)
"""Outside of the contract: the device lied, or the file was replaced behind the database's back."""

TABLES = {
    "A crash, in the middle of anything": CRASHES,
    "Damage to a file that was closed": DAMAGE_CLOSED,
    "Damage to a file that was not closed": DAMAGE_UNCLOSED,
    "Devices that lie, and copies by hand": LIMITS,
}
