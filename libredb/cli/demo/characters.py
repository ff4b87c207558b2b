"""The real data of the demo: every named character of the Unicode database that Python carries.

    names        a kv         "GREEK SMALL LETTER ALPHA" -> "0003B1"
    characters   documents    {"id": "0003B1", "name": .., "category": "Ll"}, by category as well

Six hexadecimal digits put ids in the order of code points, so that a block of Unicode is one range
of them. Both entries of a character are written by one commit.
"""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import libredb
from libredb import KV, Database, Documents
from libredb.cli.console import Progress

CHARACTERS_PER_COMMIT = 1_000


class Character(NamedTuple):
    """A named character."""

    code: int
    category: str
    name: str

    @property
    def id(self) -> str:
        """What its document is found by."""
        return id_of(self.code)

    @property
    def document(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"id": self.id, "name": self.name, "category": self.category}


def id_of(code: int) -> str:
    """Return the id of a code point."""
    return f"{code:06X}"


def character_of(document: dict[str, Any]) -> Character:
    """Return the character that a document is about."""
    return Character(int(document["id"], 16), document["category"], document["name"])


def names_in(db: Database) -> KV[str]:
    """Return the kv that leads from names to ids."""
    return libredb.kv(db, "names")


def documents_in(db: Database) -> Documents[str]:
    """Return the characters."""
    return libredb.documents(db, "characters")


def named_characters(limit: int | None = None) -> list[Character]:
    """Return all named characters in the order of their code points, or the first `limit`."""
    characters: list[Character] = []
    for code in range(sys.maxunicode + 1):
        if len(characters) == limit:
            break
        name = unicodedata.name(chr(code), None)
        if name is not None:
            characters.append(Character(code, unicodedata.category(chr(code)), name))
    return characters


def parts_of(characters: Sequence[Character]) -> Iterator[tuple[int, Sequence[Character]]]:
    """Yield the characters in parts, and behind each how many that makes."""
    for start in range(0, len(characters), CHARACTERS_PER_COMMIT):
        part = characters[start : start + CHARACTERS_PER_COMMIT]
        yield start + len(part), part


def load(db: Database, characters: Sequence[Character], show: Progress) -> int:
    """Store both entries of every character; return the count of commits, each durable."""
    names, documents = names_in(db), documents_in(db)
    documents.create_index("category")
    commits = 1
    for done, part in parts_of(characters):
        with db.transaction() as tx:
            names.on(tx).set_many((each.name, each.id) for each in part)
            documents.on(tx).insert_many(each.document for each in part)
        commits += 1
        show(done)
    return commits


def problems(db: Database, characters: Sequence[Character], show: Progress) -> list[str]:
    """Say which characters are not found both ways, and whether there are entries beside."""
    names, documents = names_in(db), documents_in(db)
    found: list[str] = []
    for done, part in parts_of(characters):
        by_code = documents.get_many([each.id for each in part])
        by_name = names.get_many([each.name for each in part])
        for each, document, id_ in zip(part, by_code, by_name, strict=True):
            ways = {"code": document == each.document, "name": id_ == each.id}
            lost = [way for way, is_found in ways.items() if not is_found]
            found += [f"U+{each.code:04X} {each.name}: not found by {way}" for way in lost]
        show(done)
    for what, count in (("documents", documents.count()), ("names", len(names))):
        if count != len(characters):
            found.append(f"{count} {what}, not {len(characters)}")
    return found
