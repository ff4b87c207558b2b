"""A mutant: a way to break the kernel or a lens, as replacements of text in its source.

It is a mistake that somebody could make. `old` has to be in the file exactly once; when the source
changes so that it is not, loading the mutant fails loudly, and it has to be brought up to date.
Absent on purpose: mutation by machine. Each of ours has a meaning, and a profile, an enumeration or
a test that was made to find it.
"""

from typing import NamedTuple

from sim.plans.profile import Profile


class Mutant(NamedTuple):
    """One mistake.

    Attributes:
        name: What is wrong, as a sentence.
        file: The file that is changed: of the kernel, or with its folder in front, "lens/kv.py".
        changes: Pairs of what stands there, exactly once, and what stands there instead.
        killer: Who finds it quickly, and is run by the suite: a profile or an enumeration, or
            tests, as pytest names them.
    """

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    killer: str


def one(name: str, file: str, old: str, new: str, killer: Profile | str) -> Mutant:
    """Return a mutant of one change."""
    return Mutant(name, file, ((old, new),), killer if isinstance(killer, str) else killer.name)


def is_test(killer: str) -> bool:
    """Tell whether a killer is a file of tests, or one of its tests."""
    return killer.startswith("tests/")
