"""Claim: the kernel is a trust boundary, and can be read from top to bottom.

It imports nothing that could make it behave differently from one run to the next (files, clocks,
randomness). The order to read it in is a table in its `__init__.py`, and there alone.
"""

import re

import pytest

from tests.architecture.checkout import ROOT, imports, python_files, sample
from tests.architecture.rules import out_of_order, refused, unused

pytestmark = pytest.mark.cpython  # they read the checkout

# Everything here gives the same answer whenever and wherever it is asked. `threading` is for the
# lock of guard.py; what is read from the outside world comes through the port.
MAY_IMPORT = {
    "array",
    "asyncio",  # inside of a function: for `transact_async` alone, which runs in an event loop
    "bisect",
    "collections",
    "contextlib",
    "contextvars",  # as asyncio: a thread sees the context that it was started from
    "dataclasses",
    "errno",
    "functools",
    "io",
    "inspect",  # as asyncio: whether a function is an async one
    "itertools",
    "operator",  # its `call`: from an iterator of C to a function, with no step of Python between
    "re",
    "struct",
    "sys",  # whether asyncio was imported, and by that whether there can be tasks
    "threading",
    "types",
    "typing",
    "weakref",
    "zlib",
}


def reading_order(source: str) -> list[str]:
    """Return the files that the table in a docstring names, in its order."""
    return re.findall(r"^    (\w+)  +\S", source, re.MULTILINE)


def kernel_order() -> list[str]:
    path = ROOT / "libredb" / "kernel" / "__init__.py"
    return reading_order(path.read_text(encoding="utf-8"))


def test_the_table_names_every_file_of_the_kernel_once() -> None:
    order = kernel_order()
    assert sorted(order) == sorted(
        path.stem for path in python_files("libredb/kernel") if path.stem != "__init__"
    )


def test_the_port_is_read_before_the_first_file_that_uses_it() -> None:
    order = kernel_order()
    assert order.index("filesystem") < order.index("recovery") < order.index("log")


def test_kernel_files_import_only_those_above_them() -> None:
    assert out_of_order(imports("libredb/kernel"), "libredb.kernel", kernel_order()) == []


def test_kernel_files_import_nothing_else_of_ours() -> None:
    assert refused(imports("libredb/kernel"), {"libredb.kernel"}, package="libredb") == []


def test_kernel_files_import_only_the_allowed_part_of_the_standard_library() -> None:
    assert refused(imports("libredb/kernel"), MAY_IMPORT | {"libredb.kernel"}) == []


def test_everything_that_the_kernel_may_import_is_imported() -> None:
    # Six names stood there for code that was never written.
    assert unused(imports("libredb/kernel"), MAY_IMPORT) == set()


def test_the_kernel_package_itself_imports_nothing() -> None:
    assert imports("libredb/kernel")["libredb.kernel"] == []


# The same rules, on samples that break them


def test_a_table_is_read_in_its_order_and_prose_is_no_table() -> None:
    table = '"""A kernel.\n\n    second  is first\n    first   is second\n\nAnd  so on.\n"""'
    assert reading_order(table) == ["second", "first"]


def test_an_import_of_a_later_file_or_of_one_outside_the_table_is_named() -> None:
    bad = sample(
        libredb__kernel__first="import libredb.kernel.second\nimport libredb.kernel.unlisted",
        libredb__kernel__second="import libredb.kernel.first",
    )
    assert out_of_order(bad, "libredb.kernel", ["first", "second"]) == [
        "libredb.kernel.first imports libredb.kernel.second",
        "libredb.kernel.first imports libredb.kernel.unlisted",
    ]


def test_an_import_of_a_clock_is_named_wherever_it_stands() -> None:
    bad = sample(libredb__kernel__log="def now() -> float:\n    from time import time\n")
    assert refused(bad, MAY_IMPORT) == ["libredb.kernel.log imports time"]


def test_an_entry_that_nobody_uses_is_named() -> None:
    used = sample(libredb__kernel__log="from collections.abc import Callable")
    assert unused(used, {"collections", "enum"}) == {"enum"}
