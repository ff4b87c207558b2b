"""The clauses of the contract, and which words a violation uses when one of them is broken.

docs/durability.md states the contract; a `Violation` names what broke in a word, and a profile or
enumeration names the clauses that it is evidence for. The table "Which clause is proved by what" of
docs/simulation.md is made from all three.
Absent on purpose: the contract itself, word for word; it has a page of its own.
"""

from typing import NamedTuple


class Clause(NamedTuple):
    """One promise to the user.

    Attributes:
        name: How profiles refer to it.
        text: What it says, in a line.
        broken: The words that a violation of it begins with.
    """

    name: str
    text: str
    broken: tuple[str, ...]


CLAUSES: tuple[Clause, ...] = (
    Clause("1", "1. a commit that returned is durable", ("prefix", "window", "version")),
    Clause(
        "2",
        "2. after a crash, a prefix of the commits that holds all that were acknowledged",
        ("prefix", "refused", "read", "backup"),
    ),
    Clause(
        "3",
        "3. a failure latches; the outcome is unknown; closing writes nothing",
        ("latch", "error", "close"),
    ),
    Clause(
        "4",
        "4. what an open for writing shows survives",
        ("prefix", "cut", "lock", "report"),
    ),
    Clause(
        "5",
        "5. foreign, newer, older and damaged files are refused, unchanged",
        ("unchanged", "foreign", "damage"),
    ),
    Clause(
        "6",
        "6. outside the model: lying disks, damage to the end of a file that was not closed",
        ("prefix", "damage"),
    ),
    Clause("groups", "groups and windows: fewer than N pending, always a suffix", ("window",)),
    Clause("readers", "a reader changes nothing", ("unchanged", "read")),
    Clause(
        "lenses",
        "lenses: an index and what it indexes agree, a name leads to what is there, and of a call "
        "there is all or nothing",
        ("lens",),
    ),
)
