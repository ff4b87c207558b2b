"""Files that the TypeScript LibreDB wrote, whole, cut or damaged, are refused and never changed.

They are recorded outside of this repository: the environment variable LIBREDB_FIXTURES names the
folder, whose part `typescript-libredb` has them. What each refusal is called follows from the first
six bytes alone.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import FileSystem, LogFileError
from sim.world.filesystem import SimFileSystem
from tests.support.files import contents, put

PATH = "app.libredb"
MAGIC = b"LRDB"


@pytest.fixture
def recorded() -> Path:
    root = os.environ.get("LIBREDB_FIXTURES")
    if not root:
        pytest.skip("LIBREDB_FIXTURES does not name the folder of recorded files")
    folder = Path(root) / "typescript-libredb"
    assert (folder / "manifest.json").is_file(), f"{folder} holds no recorded files"
    return folder


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def code_for(data: bytes) -> str:
    """Return how a file that is not a database of this format has to be refused."""
    if not data.startswith(MAGIC):
        return "not_a_database"
    version = int.from_bytes(data[4:6], "big")
    if len(data) < 6 or version == 2:
        return "corrupt"
    return "legacy_format" if version == 1 else "unsupported_version"


def refused_in_memory(data: bytes) -> None:
    fs = SimFileSystem()
    fs.install(PATH, data)
    with pytest.raises(LogFileError) as refusal:
        libredb.open(PATH, fs=fs)
    assert refusal.value.code == code_for(data)
    verdict = libredb.verify(PATH, fs=fs)
    assert verdict.error is not None
    assert (verdict.outcome, verdict.error.code) == ("refused", code_for(data))
    assert fs.images(PATH) == [data]


def test_every_recorded_file_is_refused_unless_it_is_empty(recorded: Path) -> None:
    files = [path.read_bytes() for path in sorted((recorded / "files").iterdir())]
    assert len(files) >= 29
    for data in files:
        if data:
            refused_in_memory(data)
    assert {code_for(data) for data in files if data} == {"not_a_database", "legacy_format"}


def test_recorded_files_are_refused_unchanged_on_every_file_system(
    recorded: Path, fs: FileSystem, db_path: str
) -> None:
    for case in load(recorded / "manifest.json")["cases"]:
        data = (recorded / "files" / case["file"]).read_bytes()
        put(fs, db_path, data)
        if case["size"] == 0:
            continue
        with pytest.raises(LogFileError) as refusal:
            libredb.open(db_path, fs=fs)
        assert refusal.value.code == {"v0": "not_a_database", "v1": "legacy_format"}[case["format"]]
        assert b"".join(contents(fs, db_path)) == data


def test_every_recorded_variant_and_every_foreign_file_is_refused(recorded: Path) -> None:
    variants = load(recorded / "variants.json")
    assert len(variants) >= 190
    for variant in variants:
        name = variant.get("file")
        data = (recorded / "files" / name).read_bytes() if name else bytes.fromhex(variant["hex"])
        refused_in_memory(data)


def damaged(table: Any) -> Iterator[bytes]:
    base = bytes.fromhex(table["base_hex"])
    for length, *_ in table["cuts"]:
        yield base[:length]
    for offset, mask, *_ in table["flips"]:
        flipped = bytearray(base)
        flipped[offset] ^= mask
        yield bytes(flipped)


@pytest.mark.parametrize("name", ["v0_single", "v0_small", "v1_single", "v1_small"])
def test_no_cut_and_no_flip_makes_an_older_file_look_like_a_database(
    recorded: Path, name: str
) -> None:
    cases = [data for data in damaged(load(recorded / f"table_{name}.json")) if data]
    assert len(cases) > 80
    for data in cases:
        refused_in_memory(data)
