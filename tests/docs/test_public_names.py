"""Claim: what is public says so, explains itself, and takes nothing away from its user.

`open` is public and not in `__all__`: `from libredb import *` would hide Python's own. So a test
that goes through the public names goes through PUBLIC.
"""

import builtins
import inspect
import types
from pathlib import Path

import pytest

import libredb

ROOT = Path(__file__).resolve().parents[2]

PUBLIC = sorted([*libredb.__all__, "open"])


def explains_itself(thing: object) -> bool:
    """Whether a docstring begins with a whole sentence on its first line."""
    first_line = (inspect.getdoc(thing) or "").split("\n")[0]
    return first_line[:1].isupper() and first_line.endswith(".")


def test_a_star_import_leaves_the_builtins_alone() -> None:
    namespace: dict[str, object] = {}
    exec("from libredb import *", namespace)
    assert {"Database", "verify"} <= set(namespace)
    taken = {name for name in vars(builtins) if name in namespace} - {"__builtins__"}
    assert taken == set()


def test_every_name_of_the_package_is_public_or_has_an_underscore() -> None:
    plain = {
        name
        for name in dir(libredb)
        if not name.startswith("_") and not isinstance(getattr(libredb, name), types.ModuleType)
    }
    not_ours = {"Callable", "Iterable", "TYPE_CHECKING"}
    assert plain - not_ours == set(PUBLIC) - {"__version__"}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_and_class_explains_itself(name: str) -> None:
    thing = getattr(libredb, name)
    if isinstance(thing, type | types.FunctionType):
        assert explains_itself(thing)


def test_a_docstring_that_does_not_begin_with_a_sentence_explains_nothing() -> None:
    def without() -> None:
        pass

    def half() -> None:
        """Open a database and
        return it.
        """  # noqa: D205 - the bad sample

    assert not explains_itself(without)
    assert not explains_itself(half)
    assert explains_itself(libredb.open)


@pytest.mark.cpython  # the pages are not part of the package
def test_the_readme_calls_every_public_function() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "guide" / "lenses.md").read_text(encoding="utf-8")
    functions = {name for name in PUBLIC if inspect.isfunction(getattr(libredb, name))}
    assert {"open", "restore", "verify", "documents", "table", "kv"} <= functions
    on_rows = {name for name in functions if is_of_conditions(getattr(libredb, name))}
    assert {name for name in functions - on_rows if f"libredb.{name}(" not in readme} == set()
    assert {name for name in on_rows if f"libredb.{name}(" not in guide} == set()


def is_of_conditions(function: types.FunctionType) -> bool:
    """Whether a function is for conditions and orders of tables, which only the guide explains."""
    return function.__module__ == "libredb.lens.table.recording"
