"""What calls of the catalog mean: which namespaces there are, and what they are called.

Absent on purpose: how many keys a namespace has that is dropped, which is its own affair.
"""

from sim.judge.lens.facts import DECLARED, ROLES, Refusal, State


class MeantNames(State):
    """What the catalog has to hold."""

    def rename(self, role: int) -> None:
        """Give a namespace its other name."""
        name = self._existing(role)
        self.names[ROLES[role]] = other_name(name)

    def rename_onto(self, role: int, other: int) -> None:
        """Give a namespace the name that another one has."""
        if ROLES[other] in self.names:
            self._existing(role)
            if role != other:
                raise Refusal("DuplicateKeyError")

    def mistake(self) -> None:
        """Open a namespace as another kind."""
        if "notes" in self.names:
            raise Refusal("NamespaceKindError")

    def drop(self, role: int) -> None:
        """Delete a namespace and all that it keeps."""
        self._existing(role)
        del self.names[ROLES[role]]
        getattr(self, ROLES[role]).clear()
        if ROLES[role] == "notes":
            self.indexes.clear()
        if ROLES[role] == "tasks":
            self.counts.pop("tasks", None)
        if ROLES[role] == "people":  # what is declared comes with the next one, and nothing else
            self.declared = {name: how for name, how in self.declared.items() if how == DECLARED}

    def rename_table(self, which: int) -> None:
        """Give a table its other name."""
        self.rename(ROLES.index("people") + which)

    def drop_table(self, which: int) -> None:
        """Delete a table."""
        self.drop(ROLES.index("people") + which)

    def _existing(self, role: int) -> str:
        if ROLES[role] not in self.names:
            raise Refusal("MissingKeyError")
        return self.names[ROLES[role]]


def other_name(name: str) -> str:
    """Return the other name of a namespace."""
    return name.removesuffix(" two") if name.endswith(" two") else name + " two"
