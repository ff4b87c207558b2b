"""Claim: one idea has one word, and the words that docs/glossary.md rules out are not used for it.

A word with a remark in parentheses has another meaning here, which no pattern can tell from the one
that is ruled out; it is left to readers. The research notes are left alone: they are about other
systems. Elsewhere a word is used only by whoever says why.
"""

import re
from collections.abc import Iterable

import pytest

from tests.architecture.checkout import ROOT, project_files

pytestmark = pytest.mark.cpython  # they read the checkout

GLOSSARY = ROOT / "docs" / "glossary.md"
LOOKED_AT = ("libredb", "adapters", "sim", "docs", "README.md", "CONTRIBUTING.md")
LEFT_ALONE = ("docs/research", "docs/glossary.md")
SUFFIXES = {".py", ".js", ".md"}

FILE_SYSTEM = "the journal that a file system keeps for itself"
DOM = "in names that browsers give to exceptions and functions"
OPFS = "what OPFS calls it"
POSIX = "what POSIX calls it"
STREAM = "a stream of text, where nothing is durable"
ABSENT = "says that there is none"

# Where a word is used that the glossary rules out, and why. An entry that is not needed fails.
ALLOWED = {
    "adapters/libredb_opfs/bridge.js:buffer": "what JavaScript and Pyodide call bytes in memory",
    "adapters/libredb_opfs/bridge.js:flush": OPFS,
    "adapters/libredb_opfs/browser.py:flush": OPFS,
    "adapters/libredb_opfs/filesystem.py:buffer": ABSENT,
    "adapters/libredb_opfs/filesystem.py:flush": OPFS,
    "adapters/libredb_opfs/filesystem.py:journal": FILE_SYSTEM,
    "adapters/libredb_osfs/logfile.py:buffer": ABSENT,
    "adapters/libredb_osfs/logfile.py:journal": FILE_SYSTEM,
    "adapters/libredb_osfs/sync.py:fsync": POSIX,
    "docs/benchmarks.md:flush": OPFS,
    "docs/benchmarks.md:wal": "what SQLite calls its mode",
    "docs/browser.md:flush": OPFS,
    "libredb/remote/message.py:epoch": "that of an owner, which the glossary has as well",
    "libredb/room.py:journal": FILE_SYSTEM,
    "libredb/testing/store/reading.py:buffer": "what Python's buffer protocol is about",
    "sim/mutants/mutant.py:mutation": "the name of a way of testing",
    "docs/browser.md:fsync": POSIX,
    "docs/browser.md:journal": FILE_SYSTEM,
    "docs/browser.md:query": DOM,
    "docs/guide/browser.md:query": DOM,
    "docs/guide/python-in-a-page.md:query": DOM,
    "docs/design.md:flush": OPFS,
    "docs/design.md:journal": FILE_SYSTEM,
    "docs/durability.md:flush": OPFS,
    "docs/durability.md:fsync": POSIX,
    "docs/guide/import-export.md:buffer": "what Python calls the bytes of a stream",
    "docs/guide/import-export.md:collation": "what SQLite calls it",
    "docs/simulation.md:fsync": POSIX,
    "libredb/cli/console.py:flush": STREAM,
    "libredb/cli/commands/export.py:buffer": "what Python calls the bytes of a stream",
    "libredb/cli/commands/export.py:flush": STREAM,
    "libredb/cli/commands/import_.py:buffer": "what Python calls the bytes of a stream",
    "libredb/interop/importing.py:flush": STREAM,
    "libredb/interop/sqlite/exporting.py:journal": "the setting of SQLite",
    "libredb/interop/sqlite/shape.py:collation": "what SQLite calls it",
    "libredb/cli/main.py:flush": STREAM,
    "libredb/cli/streams.py:buffer": "what Python calls the bytes behind a stream of text",
    "libredb/cli/streams.py:flush": STREAM,
    "sim/__main__.py:flush": STREAM,
    "sim/hunts/hunt.py:flush": STREAM,
    "sim/hunts/loading.py:mutation": "the name of a way of testing",
    "sim/world/handles.py:buffer": ABSENT,
}

# Words that are ruled out and still used in many places; each goes from here with its last use.
NOT_YET: set[str] = set()


def forbidden_words(page: str) -> set[str]:
    """Return the words of the last column, in their plainest form, without those with a remark."""
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    cells = [row.strip("| ").split(" | ") for row in rows]
    texts = [cell[2] for cell in cells if len(cell) == 3 and cell[0] != "use"]
    words = {word.strip() for text in texts for word in re.split(r",(?![^(]*\))", text)}
    return {plain(word) for word in words if word and "(" not in word and "---" not in word}


def plain(word: str) -> str:
    """Return a verb without its ending, except in a phrase."""
    return word if " " in word else word.lower().removesuffix("ed")


def pattern(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{word}(?:s|es|d|ed|er|ing)?\b", re.IGNORECASE)


def words_of(text: str) -> str:
    """Return a text with its names taken apart: `sync_fileNow` is three words."""
    return re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", text)


def uses(texts: Iterable[tuple[str, str]], words: Iterable[str]) -> set[str]:
    """Name each word that a text uses, as "path:word"."""
    patterns = {word: pattern(word) for word in words}
    return {
        f"{path}:{word}"
        for path, text in texts
        for word, found in patterns.items()
        if found.search(words_of(text))
    }


def texts() -> list[tuple[str, str]]:
    names = [(str(path.relative_to(ROOT)), path) for path in project_files()]
    return [
        (name, path.read_text(encoding="utf-8"))
        for name, path in names
        if name.startswith(LOOKED_AT) and not name.startswith(LEFT_ALONE)
        if path.suffix in SUFFIXES
    ]


def test_no_word_is_used_that_the_glossary_rules_out_unless_it_says_why() -> None:
    words = forbidden_words(GLOSSARY.read_text(encoding="utf-8")) - NOT_YET
    used = uses(texts(), words)
    assert used - set(ALLOWED) == set(), "say it in the word of docs/glossary.md"
    assert set(ALLOWED) - used == set(), "this exception is needed no more"


def test_words_that_are_still_used_are_ruled_out_and_used() -> None:
    assert forbidden_words(GLOSSARY.read_text(encoding="utf-8")) >= NOT_YET
    assert {use.partition(":")[2] for use in uses(texts(), NOT_YET)} == NOT_YET


def test_no_word_is_both_used_and_ruled_out() -> None:
    page = GLOSSARY.read_text(encoding="utf-8")
    used = {
        word.strip("` ").lower()
        for row in page.splitlines()
        if row.startswith("| ")
        for word in row.strip("| ").split(" | ")[0].split(",")
    }
    assert used & forbidden_words(page) == set()


# The same rules, on samples


def test_a_remark_keeps_a_word_and_verbs_lose_their_ending() -> None:
    row = "| sync | a meaning | flushed, page (of a, or b), as is |"
    assert forbidden_words(row) == {"flush", "as is"}


@pytest.mark.parametrize("text", ["_flush(x)", "doFlush()", "FLUSH", "is flushed", "# flushing"])
def test_a_word_is_found_in_names_and_in_prose(text: str) -> None:
    assert uses([("a.py", text)], ["flush"]) == {"a.py:flush"}


@pytest.mark.parametrize("text", ["Iterator", "walk", "itemise", "frameless"])
def test_a_word_inside_of_another_is_another_word(text: str) -> None:
    assert uses([("a.py", text)], ["iterate", "wal", "item", "frame"]) == set()
