"""What holds a descriptor is never copied, and gives nothing back that it did not take.

A descriptor is a number, and a number copies without a word. `copy.deepcopy` of an object that
held a database, or `dataclasses.asdict` of one, made a second object with the same number. When the
copy was dropped, its finalizer closed the descriptor; the next file the program opened was given
the number, and the next commit of the database was written into that file, and acknowledged.
"""

import copy
import gc
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from libredb_osfs import OsFileSystem
from libredb_osfs.handle import Handle
from libredb_osfs.lock import OsFileLock
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import FS

pytestmark = pytest.mark.cpython

WAYS: dict[str, Callable[[object], object]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {number}": lambda held, number=number: pickle.dumps(held, number)
        for number in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_what_holds_a_descriptor_is_not_copied(file: OsLogFile, path: str, way: str) -> None:
    lock = FS.lock(path)
    for held in (file, file.handle, lock):
        with pytest.raises(TypeError, match=f"{type(held).__name__} cannot be copied or pickled"):
            WAYS[way](held)
    gc.collect()
    assert lock.held
    lock.release()


def test_after_a_refused_copy_no_other_file_gets_the_number_of_the_log(
    file: OsLogFile, tmp_path: Path
) -> None:
    with pytest.raises(TypeError):
        copy.deepcopy({"file": file})
    gc.collect()
    with (tmp_path / "precious").open("w+b") as precious:
        precious.write(b"precious")
        precious.flush()
        assert precious.fileno() != file.handle.descriptor()
        file.write(0, b"a commit")
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert file.read(0, 8) == b"a commit"


@pytest.mark.parametrize("kind", [Handle, OsFileLock, OsLogFile])
def test_an_object_that_was_never_initialised_closes_nothing_when_it_is_dropped(
    kind: type[object], file: OsLogFile
) -> None:
    """An error in a finalizer is a warning, and so an error here."""
    half = object.__new__(kind)
    del half
    gc.collect()
    assert os.fstat(file.handle.descriptor()).st_size == 100


def test_a_file_system_holds_nothing_and_may_be_copied(path: str) -> None:
    Path(path).write_bytes(b"x")
    copies = [copy.copy(FS), copy.deepcopy(FS), pickle.loads(pickle.dumps(FS))]
    for fs in copies:
        assert isinstance(fs, OsFileSystem)
        (file,) = fs.open(path, writable=False)
        assert file.read(0, 9) == b"x"
        file.close()
