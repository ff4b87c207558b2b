"""The real data of the demo: every named character of the Unicode database that Python carries.

    key                                value
    character/0003B1                   Ll GREEK SMALL LETTER ALPHA      category and name
    name/GREEK SMALL LETTER ALPHA      0003B1                           code point

Keys are ordered by byte. Six hexadecimal digits put code points in the order of their numbers, so
that a block of Unicode is one range of keys.
"""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from libredb import Database, ReadTransaction
from libredb.cli.console import Progress

CHARACTERS_PER_COMMIT = 500


class Character(NamedTuple):
    """A named character, and its two entries."""

    code: int
    category: str
    name: str

    def by_code(self) -> tuple[bytes, bytes]:
        """Return the entry that is found by code point."""
        return character_key(self.code), f"{self.category} {self.name}".encode()

    def by_name(self) -> tuple[bytes, bytes]:
        """Return the entry that is found by name."""
        return name_key(self.name), f"{self.code:06X}".encode()


def character_key(code: int) -> bytes:
    """Return the key of a code point."""
    return b"character/%06X" % code


def name_key(name: str) -> bytes:
    """Return the key of a name."""
    return f"name/{name}".encode()


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


def load(db: Database, characters: Sequence[Character], show: Progress) -> int:
    """Store both entries of every character; return the count of commits, each durable."""
    commits = 0
    for start in range(0, len(characters), CHARACTERS_PER_COMMIT):
        part = characters[start : start + CHARACTERS_PER_COMMIT]
        with db.transaction() as tx:
            for character in part:
                tx.set(*character.by_code())
                tx.set(*character.by_name())
        commits += 1
        show(start + len(part))
    return commits


def in_block(db: Database, first: int, last: int) -> Iterator[Character]:
    """Yield the characters `first` to `last`, both included, from one range scan."""
    for key, value in db.scan(character_key(first), character_key(last + 1)):
        category, name = value.decode().split(" ", 1)
        yield Character(int(key.rpartition(b"/")[2], 16), category, name)


def problems(tx: ReadTransaction, characters: Sequence[Character], show: Progress) -> list[str]:
    """Say which characters are not found both ways, and whether there are entries beside."""
    found: list[str] = []
    for done, character in enumerate(characters, start=1):
        for way, (key, value) in (("code", character.by_code()), ("name", character.by_name())):
            if tx.get(key) != value:
                found.append(f"U+{character.code:04X} {character.name}: not found by {way}")
        if done % CHARACTERS_PER_COMMIT == 0 or done == len(characters):
            show(done)
    for prefix in (b"character", b"name"):
        count = sum(1 for _ in tx.scan(prefix + b"/", prefix + b"0"))
        if count != len(characters):
            found.append(f"{count} entries below {prefix.decode()}/, not {len(characters)}")
    return found
