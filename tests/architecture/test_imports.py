"""Claim: the boundaries that the architecture draws are the ones that the imports keep.

The kernel is the trust boundary. It imports nothing that could make it behave differently from
one run to the next (files, clocks, randomness), and its files can be read in order. Everything
else is told what it may see.
"""

from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, imports, module_name, python_files

pytestmark = pytest.mark.cpython  # they read the checkout

READING_ORDER = (
    "errors",
    "store",
    "transaction",
    "record",
    "recovery",
    "filesystem",
    "log",
    "guard",
    "database",
    "opening",
)

# Everything here gives the same answer whenever and wherever it is asked. `threading` is for the
# lock of database.py; what is read from the outside world comes through the port.
KERNEL_MAY_IMPORT = {
    "__future__",
    "abc",
    "bisect",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "errno",
    "functools",
    "inspect",
    "itertools",
    "operator",
    "re",
    "struct",
    "threading",
    "types",
    "typing",
    "zlib",
}

ADAPTER_MAY_IMPORT = {"libredb.kernel.filesystem", "libredb.kernel.errors"}
LENS_MAY_IMPORT = {"libredb.kernel.transaction", "libredb.kernel.errors"}


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def offenders(files: list[Path], package: str, allowed: set[str]) -> list[str]:
    """Name each import from `package` that is not allowed, as "importer imports imported"."""
    return [
        f"{module_name(path)} imports {imported}"
        for path in files
        for imported, _ in imports(path)
        if is_within(imported, package) and imported not in allowed
    ]


def test_the_reading_order_names_every_kernel_file() -> None:
    names = {path.stem for path in python_files("libredb/kernel")}
    assert names - {"__init__"} == set(READING_ORDER)


def test_kernel_files_import_only_the_allowed_part_of_the_standard_library() -> None:
    outside = [
        f"{module_name(path)} imports {imported}"
        for path in python_files("libredb/kernel")
        for imported, _ in imports(path)
        if not is_within(imported, "libredb.kernel")
        and imported.partition(".")[0] not in KERNEL_MAY_IMPORT
    ]
    assert outside == []


@pytest.mark.parametrize("position", range(len(READING_ORDER)), ids=READING_ORDER)
def test_kernel_files_import_only_earlier_ones(position: int) -> None:
    path = ROOT / "libredb" / "kernel" / f"{READING_ORDER[position]}.py"
    earlier = {f"libredb.kernel.{name}" for name in READING_ORDER[:position]}
    assert offenders([path], "libredb", earlier) == []


def test_the_kernel_package_itself_imports_nothing() -> None:
    assert imports(ROOT / "libredb" / "kernel" / "__init__.py") == []


def test_adapters_import_only_the_port_and_the_errors() -> None:
    assert offenders(python_files("adapters"), "libredb", ADAPTER_MAY_IMPORT) == []


def test_lenses_import_only_the_store_port_and_the_errors() -> None:
    assert offenders(python_files("libredb/lens"), "libredb.kernel", LENS_MAY_IMPORT) == []


def test_nothing_that_is_shipped_imports_the_simulator_or_the_tests() -> None:
    shipped = python_files("libredb", "adapters")
    assert offenders(shipped, "sim", set()) + offenders(shipped, "tests", set()) == []


def test_only_the_command_line_imports_interop() -> None:
    others = [
        ROOT / "libredb" / "__init__.py",
        *python_files("libredb/kernel", "libredb/lens", "adapters"),
    ]
    assert offenders(others, "libredb.interop", set()) == []


def test_the_package_imports_adapters_only_inside_functions() -> None:
    # At the top of a file it would be a cycle: importing an adapter first would fail.
    adapters = {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}
    at_the_top = [
        f"{module_name(path)} imports {imported}"
        for path in python_files("libredb")
        for imported, inside_function in imports(path)
        if imported.partition(".")[0] in adapters and not inside_function
    ]
    assert at_the_top == []
