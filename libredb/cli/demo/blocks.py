"""A few blocks of Unicode and their characters as typed tables, to be joined.

    blocks    Block("Greek and Coptic", 0x0370, 0x03FF)        found by its name
    letters   Letter(0x03B1, "Greek and Coptic", "GREEK ..")   found by code point, and by block

Python knows the names of characters and not those of blocks, so these are some that many know.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import libredb
from libredb import Database, Table
from libredb.cli.demo.characters import Character


@dataclass(frozen=True, slots=True)
class Block:
    """A block: its first and its last code point."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A character of a block."""

    code: int
    block: str
    name: str


BLOCKS = (
    Block("Basic Latin", 0x0000, 0x007F),
    Block("Greek and Coptic", 0x0370, 0x03FF),
    Block("Cyrillic", 0x0400, 0x04FF),
    Block("Hebrew", 0x0590, 0x05FF),
    Block("Arabic", 0x0600, 0x06FF),
    Block("Devanagari", 0x0900, 0x097F),
    Block("Thai", 0x0E00, 0x0E7F),
    Block("Currency Symbols", 0x20A0, 0x20CF),
    Block("Arrows", 0x2190, 0x21FF),
    Block("Hiragana", 0x3040, 0x309F),
)


def blocks_in(db: Database) -> Table[Block]:
    """Return the table of blocks."""
    return libredb.table(db, "blocks", Block, key="name")


def letters_in(db: Database) -> Table[Letter]:
    """Return the table of their characters."""
    return libredb.table(db, "letters", Letter, key="code", index=["block"])


def load(db: Database, characters: Sequence[Character]) -> int:
    """Fill both tables in one commit; return how many rows they have."""
    blocks, letters = blocks_in(db), letters_in(db)
    rows = [
        Letter(each.code, block.name, each.name)
        for block in BLOCKS
        for each in characters
        if block.first <= each.code <= block.last
    ]
    with db.transaction() as tx:
        return blocks.on(tx).insert_many(BLOCKS) + letters.on(tx).insert_many(rows)
