"""What calls of lenses mean, done on plain dicts: all of them together.

A call is done by the lenses, and by what is here; both have to end alike, and what is here is
written beside the lenses in the same transaction, see `facts`. So whatever a crash leaves of a
commit, it leaves of both, and after any opening one tells what the other has to hold. No code is
shared with the lenses. Absent on purpose: their layout.
"""

import json

from sim.judge.lens.documents import MeantDocuments
from sim.judge.lens.facts import PREFIX, Facts
from sim.judge.lens.looks import LOOKS, meant_answer
from sim.judge.lens.names import MeantNames
from sim.judge.lens.rows import MeantRows
from sim.judge.lens.settings import MeantSettings


class Meant(MeantDocuments, MeantSettings, MeantRows, MeantNames):
    """Everything that lenses have to hold, and each call as it is meant."""

    def look(self, which: int) -> str:
        """Ask tables a question."""
        return meant_answer(LOOKS[which], self)

    def undo(self, number: int, shape: int) -> None:
        """Work with two lenses, and wish that it had not happened."""


def meant_by(facts: Facts) -> Meant:
    """Return what these keys and values say."""
    meant = Meant()
    for key, value in facts.items():
        part, name = key[len(PREFIX) :].decode().split("/", 1)
        getattr(meant, part)[name] = json.loads(value)
    return meant
