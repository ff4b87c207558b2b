"""The fault profiles: what each one lets happen; the oracle and the runner say what must hold.

A profile draws a plan from a generator. Most plans have the same shape, a few lives of ordinary
work with one kind of trouble in them, because trouble is found where it meets a state that work
has made. All that is known about a profile stands here and nowhere else: documents, jobs, hunts and
tests ask for it. `floors` names counters that have to be reached, in events for each thousand
seeds: a profile that no longer reaches what it was made for fails, instead of passing for ever.
Absent on purpose: how the steps are drawn; see troubles.py.
"""

from sim.plans import troubles
from sim.plans.lenses import lenses
from sim.plans.profile import Profile

MIXED = Profile(
    name="mixed",
    number=0,
    title="all storage faults together",
    happens="two lives with any of the storage faults",
    holds="all of the below",
    clauses=("1", "2", "groups", "readers"),
    draw=troubles.mixed,
    floors={
        "latch": 150,
        "opened: cut": 60,
        "tail rewritten": 600,
        "slot chosen of two": 8,
        "crash while opening": 25,
        "crash while compacting": 20,
        "pages lost in a kill": 15,
        "shown: some of what was pending": 15,
        "shown: only what was durable": 200,
    },
    share=1.0,
)
TEAR = Profile(
    name="P1",
    number=1,
    title="tear",
    happens="the write in flight is cut at any byte",
    holds="what was acknowledged, or that plus the commit in flight; never refused",
    clauses=("1", "2"),
    draw=troubles.tear,
    floors={"nolose at write": 700, "opened: cut": 250},
)
SECTORS = Profile(
    name="P2",
    number=2,
    title="sectors",
    happens="every un-synced sector on its own; the size apart",
    holds="the same",
    clauses=("1", "2", "groups"),
    draw=troubles.sectors,
    floors={"power at write": 250, "power at sync": 250, "opened: cut": 100},
)
GROUP = Profile(
    name="P3",
    number=3,
    title="group",
    happens="the same with several pending commits",
    holds="a prefix, never less than what was synced; never refused",
    clauses=("2", "groups"),
    draw=troubles.groups,
    floors={
        "group": 1000,
        "a group was left by an exception": 50,
        "shown: some of what was pending": 90,
    },
)
SYNC_ERROR = Profile(
    name="P4",
    number=4,
    title="sync error",
    happens="EIO or ENOSPC from a sync",
    holds="the latch; that commit is a maybe; nothing succeeds later",
    clauses=("3",),
    draw=troubles.sync_errors,
    floors={"latch": 900, "error at sync": 400, "full at sync": 400},
)
WRITE_ERROR = Profile(
    name="P5",
    number=5,
    title="write error",
    happens="EIO, ENOSPC or a short count after some, all or none of the bytes",
    holds="the same",
    clauses=("3",),
    draw=troubles.write_errors,
    floors={"latch": 1000, "count at write": 300},
)
SAME_BOOT = Profile(
    name="P6",
    number=6,
    title="same-boot reopen",
    happens="pages look fine and are not on the disk; reopen, go on, power loss",
    holds="the pin rule",
    clauses=("1", "4"),
    draw=troubles.same_boot,
    floors={"pages lost in a kill": 200, "tail rewritten": 2000, "mark damaged": 10},
)
LIES = Profile(
    name="P7",
    number=7,
    title="lying or delayed sync",
    happens="a sync returns and did nothing, or lost pages",
    holds="nothing is missing but what a lie covered, and what follows; or it is refused",
    clauses=("6",),
    draw=troubles.lies,
    floors={
        "shown: only what was durable": 350,
        "shown: some of what was pending": 25,
        "refused: mark": 35,
        "refused: snapshot": 100,
        "refused: record": 50,
        "the run ended with a refusal": 150,
    },
)
BIT_ROT = Profile(
    name="P8",
    number=8,
    title="bit rot",
    happens="single bits, pairs, and pairs that hit the mark",
    holds="see the table of flips",
    clauses=("5", "6"),
    draw=lambda g: troubles.at_rest(g, ("flip", "flips", "mark+flip"), 12),
    floors={
        "flip: exact": 1000,
        "flip: refused: mark": 150,
        "flip: refused: record": 80,
        "flip: an earlier state": 15,
        "mark+flip: an earlier state": 300,
    },
    share=0.02,
)
LOST_SECTOR = Profile(
    name="P9",
    number=9,
    title="lost sector",
    happens="a synced sector is zeros, or as it was earlier",
    holds="closed: refused or exact; not closed: at most the commits in the last sectors",
    clauses=("5", "6"),
    draw=lambda g: troubles.at_rest(g, ("sector", "sector-old"), 12),
    floors={
        "sector: refused: mark": 500,
        "sector: refused: record": 100,
        "sector: an earlier state": 100,
    },
    share=0.02,
)
CUT_SHORT = Profile(
    name="P10",
    number=10,
    title="cut short",
    happens="the file loses its tail",
    holds="closed: refused; not closed: refused below the mark, else the true prefix",
    clauses=("5",),
    draw=lambda g: troubles.at_rest(g, ("cut",), 12),
    floors={
        "cut: refused: mark": 500,
        "cut: refused: corrupt": 4000,
        "cut: an earlier state": 300,
    },
    share=0.02,
)
MISPLACED = Profile(
    name="P11",
    number=11,
    title="misplaced record",
    happens="records twice, swapped, missing, of an older generation",
    holds="refused, or a true prefix",
    clauses=("5",),
    draw=lambda g: troubles.at_rest(g, troubles.MISPLACED, 12),
    floors={
        "swap: refused: record": 300,
        "omit: refused: record": 400,
        "older: refused: mark": 50,
    },
    share=0.02,
)
RECOVERY = Profile(
    name="P12",
    number=12,
    title="recovery",
    happens="faults and crashes at the calls of recovery, up to three openings deep",
    holds="as without them",
    clauses=("2", "4"),
    draw=troubles.recovery,
    floors={
        "crash while opening": 350,
        "slot chosen of two": 20,
        "tail rewritten": 800,
        "pages lost in a kill": 40,
    },
)
CREATION = Profile(
    name="P13",
    number=13,
    title="creation",
    happens="the same at the very first open",
    holds="empty or absent",
    clauses=("2", "readers"),
    draw=troubles.creation,
    ages=False,
    floors={"crash while opening": 300, "opened: created": 400},
)
COMPACTION = Profile(
    name="P14",
    number=14,
    title="compaction",
    happens="the same at the calls of a compaction",
    holds="the whole old or the whole new state",
    clauses=("1", "2", "3"),
    draw=troubles.compaction,
    floors={
        "crash while compacting": 300,
        "slot chosen of two": 100,
        "power at replace.rename": 5,
        "power at replace.sync_directory": 20,
        "power at replace.truncate": 4,
    },
)
ADAPTER_LIES = Profile(
    name="P15",
    number=15,
    title="adapter lies",
    happens="counts larger than asked, interrupts, a held lock",
    holds="the latch, or a clear error",
    clauses=("3",),
    draw=troubles.adapter_lies,
    floors={"more at write": 200, "held at lock": 1000, "latch": 400, "close raised": 100},
)
FOREIGN = Profile(
    name="P16",
    number=16,
    title="foreign file",
    happens="text, images, SQLite, zeros, other versions, fuzzed headers",
    holds="refused in every mode, not one byte changed",
    clauses=("5",),
    draw=troubles.foreign,
    ages=False,
    floors={"zeros: not_a_database": 500, "fuzzed: corrupt": 400},
    share=0.01,
)
SHORT_READ = Profile(
    name="P17",
    number=17,
    title="short read",
    happens="a read returns too little, once or always",
    holds="`IncompleteReadError`, nothing changed, the next open succeeds",
    clauses=("5", "readers"),
    draw=troubles.short_reads,
    floors={"refused: incomplete_read": 300},
)
MANY_LIVES = Profile(
    name="P18",
    number=18,
    title="many lives",
    happens="dozens of lives with all of the above",
    holds="all of the above",
    clauses=("1", "2", "4"),
    draw=troubles.many_lives,
    floors={"latch": 1500, "opened: cut": 500, "compacted": 1500, "crash while opening": 150},
    share=0.01,
    weight=20,
)
INSIDE = Profile(
    name="P19",
    number=19,
    title="interrupts inside",
    happens="KeyboardInterrupt and MemoryError between the calls of the port, inside the process",
    holds="the latch if a write was under way, else everything works",
    clauses=("3",),
    draw=troubles.inside,
    floors={
        "latch": 250,
        "works after a failure": 300,
        "interrupt at apply": 200,
        "memory at view": 300,
        "interrupt at on_recovery": 100,
    },
)
NO_SYNC = Profile(
    name="P20",
    number=20,
    title="no sync",
    happens="no sync ever does anything, as the standard of OPFS permits",
    holds="a process that is killed loses nothing; else refused, or a state that was; no mixture",
    clauses=("6",),
    draw=troubles.no_sync,
    floors={
        "shown: all": 1000,
        "shown: an earlier state": 150,
        "the run ended with a refusal": 200,
    },
)
READERS = Profile(
    name="P21",
    number=21,
    title="readers",
    happens="somebody opens the file for reading in the middle of a call of the writer, or is "
    "overtaken by it in the middle of reading",
    holds="a state that was, or is just being made; not one byte changed",
    clauses=("readers",),
    draw=troubles.readers,
    floors={"a reader during a call": 2000, "a writer while a reader reads": 900},
)
COLD_BLOCKS = Profile(
    name="P22",
    number=22,
    title="cold blocks",
    happens="reads of the snapshot that fail or are short; damage to it, or a compaction, while it "
    "is read",
    holds="an error latches nothing; damage is told, nothing is built on it, and the next open "
    "refuses it; who was overtaken reads on, or is told",
    clauses=("3", "5", "readers"),
    draw=troubles.cold_blocks,
    caches=(0, 0, 1000),
    floors={
        "a read failed": 180,
        "a short read is damage": 50,
        "a compaction failed early": 300,
        "nothing is built on damage": 400,
        "damage was not met": 50,
        "a damaged snapshot is refused": 400,
        "a reader was told of a compaction": 150,
        "a reader went on": 150,
    },
)
LENSES = Profile(
    name="P23",
    number=23,
    title="lenses",
    happens="transactions of documents, kv, tables and catalog, and any of the storage faults",
    holds="what a call meant is there in every lens, index and name, or nothing of it; a migration "
    "ran once, on all rows or on none",
    clauses=("1", "2", "lenses"),
    draw=lenses,
    floors={
        "crash while indexes change": 280,
        "crash while rows are migrated": 60,
        "lenses hold what was meant": 1300,
        "shown: only what was durable": 300,
        "put: refused by UniqueViolationError": 100,
        "drop_index: done": 80,
        "purge: done": 450,
        "rename: done": 80,
        "undo: done": 120,
        "hire: refused by UniqueViolationError": 80,
        "declare: done": 160,
        "migrate: done": 250,
        "migrate: refused by UniqueViolationError": 15,
        "undo_rows: done": 70,
    },
    weight=4,
)
_ALL = (
    MIXED,
    TEAR,
    SECTORS,
    GROUP,
    SYNC_ERROR,
    WRITE_ERROR,
    SAME_BOOT,
    LIES,
    BIT_ROT,
    LOST_SECTOR,
    CUT_SHORT,
    MISPLACED,
    RECOVERY,
    CREATION,
    COMPACTION,
    ADAPTER_LIES,
    FOREIGN,
    SHORT_READ,
    MANY_LIVES,
    INSIDE,
    NO_SYNC,
    READERS,
    COLD_BLOCKS,
    LENSES,
)
PROFILES: dict[str, Profile] = {profile.name: profile for profile in _ALL}
