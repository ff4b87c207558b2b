"""Claim: the text of the project is English, knows no machine but the reader's, and excuses itself.

What is looked at: every file that is or would be committed. Forbidden words are put together from
pieces here, because this file is looked at too.
"""

import re
import unicodedata
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, project_files

pytestmark = pytest.mark.cpython  # they read the checkout

PICTOGRAPHS = re.compile("[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")

# The home folder inside Pyodide is a place in memory, the same for everybody.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:ro{2}t|wo[r]k|ho[m]e/(?!pyodide\b)\w+|fa[r]m)\b")

REGISTRIES = re.compile(
    r"pypi\.(?:org|io)|pythonhosted\.|npm(?:js|mirror)\.|yarnpkg\.|\.debian\.(?:org|net)"
    r"|crates\.io|proxy\.golang|conda\.anaconda"
)

# Addresses in source and configuration are of this machine alone. Prose may link to its sources.
PROSE = {".md", ".html", ".svg"}
LOCKS = {"package-lock.json"}  # npm writes the authors' funding pages into it
ADDRESS = re.compile(r"\b\w+://([^\s/:\"'`<>)\]]+)|(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])")
LOCAL = {"127.0.0.1", "localhost"}

EXCUSE = re.compile(r"#\s*(?:noqa|(?:type|pyright):\s*ignore|pragma:\s*no\s?\w+)\b[^#]*")
EXCUSE_WITH_REASON = re.compile(
    r"#\s*(?:noqa: [A-Z0-9, ]+|(?:type|pyright): ignore\[[\w, -]+\]|pragma: no \w+) - \w.*"
)


def texts() -> list[tuple[Path, str]]:
    """Return the path and the content of every text file; a zero byte tells the others."""
    contents = ((path.relative_to(ROOT), path.read_bytes()) for path in project_files())
    return [(path, data.decode("utf-8")) for path, data in contents if b"\0" not in data]


def matches(pattern: re.Pattern[str], files: list[tuple[Path, str]]) -> list[str]:
    """Name each place that the pattern matches, as "path:line: what stands there"."""
    return [
        f"{path}:{number}: {found.group(0)}"
        for path, text in files
        for number, line in enumerate(text.splitlines(), start=1)
        for found in pattern.finditer(line)
    ]


def is_english_letter(character: str) -> bool:
    name = unicodedata.name(character, "")
    return name.startswith("LATIN ") or name in {"MICRO SIGN", "FEMININE ORDINAL INDICATOR"}


def test_no_file_holds_a_pictograph() -> None:
    assert matches(PICTOGRAPHS, texts()) == []


def test_every_letter_is_latin() -> None:
    foreign = [
        f"{path}: {character!r} ({unicodedata.name(character, 'no name')})"
        for path, text in texts()
        for character in sorted(set(text))
        if character.isalpha() and not is_english_letter(character)
    ]
    assert foreign == []


def test_no_file_names_a_place_on_one_machine() -> None:
    assert matches(MACHINE_PATHS, texts()) == []


def test_no_file_names_a_package_registry() -> None:
    assert matches(REGISTRIES, texts()) == []


def test_source_and_configuration_name_no_address_but_this_machine() -> None:
    files = [item for item in texts() if item[0].suffix not in PROSE and item[0].name not in LOCKS]
    strangers = [
        place for place in matches(ADDRESS, files) if not LOCAL & set(re.split(r"[:/ ]+", place))
    ]
    assert strangers == []


def test_only_the_ci_script_knows_where_the_shared_fixtures_are() -> None:
    places = matches(re.compile(r"\.\./sha[r]ed"), texts())
    assert {place.partition(":")[0] for place in places} <= {".ci/run"}


def test_every_exception_to_a_rule_carries_its_reason() -> None:
    files = [item for item in texts() if item[0].suffix == ".py"]
    bare = [place for place in matches(EXCUSE, files) if not EXCUSE_WITH_REASON.search(place)]
    assert bare == []


def test_changelog_fragments_are_named_for_towncrier() -> None:
    well_named = re.compile(r"(?:\+[\w-]+|\d+)\.(?:added|changed|fixed|removed)\.md")
    fragments = {path.name for path in (ROOT / "changelog.d").iterdir()} - {"README.md"}
    assert {name for name in fragments if not well_named.fullmatch(name)} == set()
