"""What calls of lenses mean, done on plain dicts, and kept in the database beside the lenses.

Each call writes what it meant in the same transaction, as JSON under raw keys, one a fact:

    lens/notes/n3          the document of that id
    lens/indexes/mail      there is an index of that name
    lens/settings/k1       [value, deadline]
    lens/tasks/7           a document whose id was counted
    lens/raw/r2            a raw key, set through a mapping
    lens/names/notes       what the namespace is called; there is none without it
    lens/counts/calls      how many calls there were, which is also what the clock says

So whatever a crash leaves of a commit, it leaves of both, and after any opening one tells what the
other has to hold. No code is shared with the lenses. Absent on purpose: their layout.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

Document = dict[str, Any]
Facts = dict[bytes, bytes]

PREFIX = b"lens/"
END = b"lens0"
RAW = b"raw/"
DOCUMENTS, INDEXES = b"lens/notes/", b"lens/indexes/"
ROLES = ("notes", "settings", "tasks")
INDEX_NAMES = ("level,at", "tags", "mail")
_LEVELS: tuple[Any, ...] = (..., None, "info", "warn")
_NUMBERS: tuple[Any, ...] = (0, 1, 1.5, -3, 1 << 60)
_TAGS: tuple[Any, ...] = (..., [], ["a"], ["a", "b", "a"], "text of a", ["b", "c"])
_MAILS: tuple[Any, ...] = (..., None, "m0", "m1", "m2")


class Refusal(Exception):  # noqa: N818 - what a call is expected to raise, not an error of ours
    """A call must be refused, by the error of this name."""


@dataclass(slots=True)
class Meant:
    """Everything that lenses have to hold, each part a dict from names to what is JSON."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    notes: dict[str, Document] = field(default_factory=dict[str, Document])
    indexes: dict[str, bool] = field(default_factory=dict[str, bool])
    settings: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    tasks: dict[str, Document] = field(default_factory=dict[str, Document])
    raw: dict[str, str] = field(default_factory=dict[str, str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def now(self) -> int:
        """What the clock says, in seconds."""
        return self.counts.get("calls", 0)

    def facts(self) -> Facts:
        """Return the keys and values that say this."""
        return {
            PREFIX + f"{part.name}/{name}".encode(): json.dumps(value).encode()
            for part in fields(self)
            for name, value in getattr(self, part.name).items()
        }

    def visible(self, later: int = 0) -> dict[str, Any]:
        """Return the settings that are not expired, or will not be so many seconds later."""
        now, settings = self.now + later, self.settings.items()
        return {key: value for key, (value, until) in settings if until is None or now < until}

    # Documents

    def put(self, number: int, shape: int) -> str:
        """Write a document, whether it is there or not."""
        return self._write({"id": f"n{number}", **document_of(shape)})

    def put_if(self, number: int, shape: int, stale: int) -> str:
        """Write a document if its version is the one that was read."""
        if stale:
            raise Refusal("ConflictError")
        return self.put(number, shape)

    def insert(self, number: int, shape: int) -> str:
        """Write a document that must not be there."""
        if f"n{number}" in self.notes:
            raise Refusal("DuplicateKeyError")
        return self.put(number, shape)

    def insert_two(self, number: int, other: int, shape: int) -> list[str]:
        """Write two documents, or none."""
        if number == other or {f"n{number}", f"n{other}"} & {*self.notes}:
            raise Refusal("DuplicateKeyError")
        return [self.put(number, shape), self.put(other, shape // 2)]

    def add(self, shape: int) -> str:
        """Write a document that gets an id."""
        return self._write({"id": f"i{self.now}", **document_of(shape)})

    def update(self, number: int, kind: int, value: int) -> bool:
        """Change a document."""
        document = self.notes.get(f"n{number}")
        if document is None:
            return False
        _PATCHES[kind](document, value)
        self._check_unique()
        return True

    def update_all(self, value: int) -> int:
        """Set a field of all documents that have a level."""
        return self._set_all("warn", "at", value)

    def give_mail(self, value: int) -> int:
        """Set the unique field of all documents that have a level, which is one too many of two."""
        count = self._set_all("info", "mail", f"m{value}")
        self._check_unique()
        return count

    def upsert(self, value: int) -> str:
        """Update the document that has a mail, or make one."""
        found = [each for each in self.notes.values() if each.get("mail") == f"m{value}"]
        if len(found) > 1:
            raise Refusal("UsageValueError")
        for each in found:
            each["at"] = 9
            return "updated"
        self._write({"id": f"i{self.now}", "mail": f"m{value}", "at": 9})
        return "inserted"

    def delete(self, number: int) -> bool:
        """Delete a document."""
        return self.notes.pop(f"n{number}", None) is not None

    def delete_tagged(self, value: int) -> int:
        """Delete the documents that have a tag, or it in their text."""
        return self._delete(lambda each: "abc"[value] in (each.get("tags") or ()))

    def clear(self) -> int:
        """Delete all documents."""
        return self._delete(lambda _: True)

    def create_index(self, which: int) -> str:
        """Make an index, which may meet two owners."""
        self._begin("notes")
        self.indexes[INDEX_NAMES[which]] = True
        self._check_unique()
        return INDEX_NAMES[which]

    def drop_index(self, which: int) -> None:
        """Delete an index."""
        if self.indexes.pop(INDEX_NAMES[which], None) is None:
            raise Refusal("MissingKeyError")

    def _begin(self, role: str) -> None:
        self.names.setdefault(role, role)

    def _write(self, document: Document) -> str:
        self._begin("notes")
        self.notes[document["id"]] = document
        self._check_unique()
        return document["id"]

    def _set_all(self, level: str, name: str, value: object) -> int:
        found = [each for each in self.notes.values() if each.get("level") == level]
        for each in found:
            each[name] = value
        return len(found)

    def _delete(self, test: Callable[[Document], bool]) -> int:
        found = [name for name, each in self.notes.items() if test(each)]
        for name in found:
            del self.notes[name]
        return len(found)

    def _check_unique(self) -> None:
        """Refuse what a call leaves behind if two documents have one mail."""
        mails = [each["mail"] for each in self.notes.values() if each.get("mail") is not None]
        if "mail" in self.indexes and len(mails) > len({*mails}):
            raise Refusal("UniqueViolationError")

    # The kv

    def set(self, key: int, value: int, ttl: int) -> None:
        """Set a key, with a deadline or without one."""
        self._begin("settings")
        self.settings[f"k{key}"] = [value_of(value), self.now + ttl if ttl else None]

    def set_two(self, key: int, other: int, value: int) -> None:
        """Set two keys, or one twice."""
        self.set(key, value, 0)
        self.set(other, value + 1, 0)

    def set_if(self, key: int, value: int, stale: int) -> bool:
        """Set a key if its version is the one that was read; its deadline stays."""
        if not stale:
            self._set_again(f"k{key}", value_of(value))
        return not stale

    def set_old(self, key: int, value: int) -> bool | None:
        """Delete a key, set it again, and set it if it has the version from before that."""
        if not self.forget(key):
            return None
        self.set(key, value, 0)
        return False

    def incr(self, key: int, by: int) -> int:
        """Add to a number; its deadline stays."""
        old = self.visible().get(f"k{key}", 0)
        if type(old) is not int:
            raise Refusal("InvalidValueError")
        self._set_again(f"k{key}", old + by)
        return old + by

    def forget(self, key: int) -> bool:
        """Delete a key."""
        was_there = f"k{key}" in self.visible()
        self.settings.pop(f"k{key}", None)
        return was_there

    def forget_range(self, key: int, other: int) -> int:
        """Delete a range of keys."""
        return sum(self.forget(number) for number in range(key, other))

    def purge(self) -> int:
        """Delete what is expired, and nothing else."""
        gone = self.settings.keys() - self.visible().keys()
        for key in gone:
            del self.settings[key]
        return len(gone)

    def _set_again(self, key: str, value: object) -> None:
        self._begin("settings")
        deadline = self.settings[key][1] if key in self.visible() else None
        self.settings[key] = [value, deadline]

    # Documents whose ids are counted

    def begin_task(self, shape: int) -> int:
        """Write a document, which gets an id that none ever had."""
        self._begin("tasks")
        self.counts["tasks"] = number = self.counts.get("tasks", 0) + 1
        self.tasks[str(number)] = {"id": number, **document_of(shape)}
        return number

    def end_task(self, number: int) -> bool:
        """Delete one of them."""
        return self.tasks.pop(str(number), None) is not None

    # The catalog

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

    def _existing(self, role: int) -> str:
        if ROLES[role] not in self.names:
            raise Refusal("MissingKeyError")
        return self.names[ROLES[role]]

    # What is no single lens

    def undo(self, number: int, shape: int) -> None:
        """Work with two lenses, and wish that it had not happened."""

    def keep(self, number: int, value: int) -> None:
        """Set a raw key through a mapping."""
        self.raw[f"r{number}"] = f"v{value}"

    def lose(self, number: int) -> bool:
        """Delete a raw key through a mapping."""
        return self.raw.pop(f"r{number}", None) is not None


def meant_by(facts: Facts) -> Meant:
    """Return what these keys and values say."""
    meant = Meant()
    for key, value in facts.items():
        part, name = key[len(PREFIX) :].decode().split("/", 1)
        getattr(meant, part)[name] = json.loads(value)
    return meant


def is_of_lenses(key: bytes) -> bool:
    """Return whether only calls of lenses may change a key."""
    return key.startswith((PREFIX, RAW, b"\xfe"))


def document_of(shape: int) -> Document:
    """Return a document without an id, of one of 600 shapes."""
    shape, level = divmod(shape, len(_LEVELS))
    shape, number = divmod(shape, len(_NUMBERS))
    mail, tags = divmod(shape, len(_TAGS))
    values = {
        "level": _LEVELS[level],
        "at": _NUMBERS[number],
        "tags": _TAGS[tags],
        "mail": _MAILS[mail],
    }
    return {name: value for name, value in values.items() if value is not ...}


def value_of(number: int) -> int | str:
    """Return a value of a setting: mostly a number."""
    return number if number % 4 else f"text {number}"


def other_name(name: str) -> str:
    """Return the other name of a namespace."""
    return name.removesuffix(" two") if name.endswith(" two") else name + " two"


# What updates do


def _count_up(document: Document, value: int) -> None:
    document["at"] = document.get("at", 0) + value


def _set_level(document: Document, value: int) -> None:
    document["level"] = (None, "info", "warn")[value]


def _set_mail(document: Document, value: int) -> None:
    document["mail"] = f"m{value}"


def _unset_mail(document: Document, _: int) -> None:
    document.pop("mail", None)


def _push(document: Document, value: int) -> None:
    _tags_of(document, []).append("abc"[value])


def _pull(document: Document, value: int) -> None:
    if "tags" in document:
        document["tags"] = [tag for tag in _tags_of(document, []) if tag != "abc"[value]]


def _set_tags(document: Document, value: int) -> None:
    document["tags"] = (["c", "c"], [], "text of b")[value]


def _tags_of(document: Document, default: list[str]) -> list[str]:
    tags = document.setdefault("tags", default)
    if type(tags) is not list:
        raise Refusal("InvalidValueError")
    return tags  # pyright: ignore[reportUnknownVariableType] - of text, as all lists here


_PATCHES = (_count_up, _set_level, _set_mail, _unset_mail, _push, _pull, _set_tags)
