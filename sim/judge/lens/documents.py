"""What calls of documents mean: those that have an id of their own, and those whose id is counted.

Absent on purpose: where an index is used, and in which order; `checks` asks for the same answers.
"""

from collections.abc import Callable
from typing import Any

from sim.judge.lens.facts import Document, Refusal, State

INDEX_NAMES = ("level,at", "tags", "mail")
_LEVELS: tuple[Any, ...] = (..., None, "info", "warn")
_NUMBERS: tuple[Any, ...] = (0, 1, 1.5, -3, 1 << 60)
_TAGS: tuple[Any, ...] = (..., [], ["a"], ["a", "b", "a"], "text of a", ["b", "c"])
_MAILS: tuple[Any, ...] = (..., None, "m0", "m1", "m2")


class MeantDocuments(State):
    """What documents have to hold."""

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
        self.begin("notes")
        self.indexes[INDEX_NAMES[which]] = True
        self._check_unique()
        return INDEX_NAMES[which]

    def drop_index(self, which: int) -> None:
        """Delete an index."""
        if self.indexes.pop(INDEX_NAMES[which], None) is None:
            raise Refusal("MissingKeyError")

    def _write(self, document: Document) -> str:
        self.begin("notes")
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

    # Documents whose ids are counted

    def begin_task(self, shape: int) -> int:
        """Write a document, which gets an id that none ever had."""
        self.begin("tasks")
        self.counts["tasks"] = number = self.counts.get("tasks", 0) + 1
        self.tasks[str(number)] = {"id": number, **document_of(shape)}
        return number

    def end_task(self, number: int) -> bool:
        """Delete one of them."""
        return self.tasks.pop(str(number), None) is not None


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
