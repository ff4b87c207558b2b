"""What a lens refuses, with the place of it.

    LensError
      InvalidValueError      a value that cannot be stored, or not in this place
      DuplicateKeyError      an insert of a key that is there
      UniqueViolationError   a second owner of what a unique index lets only one have
      MissingKeyError        an update of a key that is not there
      ConflictError          a version that somebody else has replaced since
      NamespaceKindError     a namespace that belongs to a lens of another kind
      SchemaMismatchError    a table whose class is not what was recorded
      DamagedEntryError      an entry that no lens wrote like this

A wrong call, as opposed to a wrong value, is a UsageError. All attributes are None where they do not
apply. Whatever raised one of these left no trace in the store.
"""

from typing import Any

from libredb.kernel.errors import LensError


class PlacedError(LensError):
    """An error that says where: in which namespace, of which id, at which field."""

    def __init__(
        self,
        message: str,
        *,
        namespace: str | None = None,
        id: Any = None,  # noqa: A002 - the name that documents give it
        field: str | None = None,
        expected: Any = None,
        actual: Any = None,
    ) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.namespace = namespace
        self.id = id
        self.field = field
        self.expected = expected
        self.actual = actual

    def __str__(self) -> str:
        """Return the message, which a KeyError would quote."""
        return str(self.args[0])


class InvalidValueError(PlacedError, ValueError):
    """A value that cannot be stored, or not in this place."""

    code = "invalid_value"


class DuplicateKeyError(PlacedError):
    """The key of an insert is there already."""

    code = "duplicate_key"


class UniqueViolationError(PlacedError, ValueError):
    """Something else has the value that a unique index lets only one have; `id` tells what."""

    code = "unique_violation"


class MissingKeyError(PlacedError, KeyError):
    """The key is not there."""

    code = "missing_key"


class ConflictError(PlacedError):
    """The entry has another version by now: read it again, and decide again."""

    code = "conflict"


class NamespaceKindError(PlacedError):
    """The namespace belongs to a lens of another kind: `expected` was asked for, `actual` is it."""

    code = "namespace_kind"


class SchemaMismatchError(PlacedError):
    """The class of a table differs from its recorded schema in more than can be taken over."""

    code = "schema_mismatch"


class DamagedEntryError(PlacedError):
    """An entry below a lens's prefix that the lens cannot have written."""

    code = "damaged_entry"
