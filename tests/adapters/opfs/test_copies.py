"""The files of the browser have one owner: what holds them is never copied.

A copy of the file system gave the files back to the browser when it was dropped, while the
database that used them was still open.
"""

import copy
import gc
import pickle
from collections.abc import Callable

import pytest
from libredb_opfs import OpfsFileSystem

from tests.adapters.opfs.support import make

WAYS: dict[str, Callable[[object], object]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_holds_the_files_of_the_browser_is_not_copied(way: str) -> None:
    fs, bridge = make()
    file, lock = fs.create_next("app", None), fs.lock("app")
    bridge.calls.clear()
    for held in (fs, file, lock):
        with pytest.raises(TypeError, match=f"{type(held).__name__} cannot be copied or pickled"):
            WAYS[way](held)
    gc.collect()
    assert bridge.calls == [], "a copy that was dropped gave the files back"
    assert lock.held
    assert file.write(0, b"still open") == 10


def test_a_file_system_that_was_never_initialised_gives_nothing_back() -> None:
    """An error in a finalizer is a warning, and so an error here."""
    half = OpfsFileSystem.__new__(OpfsFileSystem)
    del half
    gc.collect()
