"""Claim: the borders that the architecture draws are the ones that the imports keep.

Around the kernel (test_kernel.py) lie the adapters below the lower port, the lenses above the upper
one, and what is outside of both. Each part is told what it may see; whatever is not named in an
allow-list here is refused, and whatever is named is used.
"""

import re
import sys

import pytest

from tests.architecture.checkout import ROOT, imports, module_name, python_files, sample
from tests.architecture.rules import (
    Imports,
    circles,
    is_within,
    out_of_order,
    refused,
    unused,
    uses,
)

pytestmark = pytest.mark.cpython  # they read the checkout

PORTS = {"libredb.kernel.filesystem", "libredb.kernel.transaction"}
ERRORS = "libredb.kernel.errors"

# What keeps room ahead of a log is the same for all who keep any, and pure.
ADAPTERS_MAY_IMPORT = {"libredb.kernel.filesystem", ERRORS, "libredb.room"}
LENSES_MAY_IMPORT = {"libredb.kernel.transaction", ERRORS}

KITS_MAY_IMPORT = {*PORTS, ERRORS, "libredb.testing"}
LENS_KIT = "libredb.testing.lens"

ADAPTERS = {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}
FOR_PAGES = "libredb_web"
FOR_PAGES_MAY_IMPORT = {"libredb.kernel.filesystem", "libredb.lens", "libredb.remote"}
SIM_LAYERS = ["world", "plans", "judge", "campaigns", "mutants", "hunts"]


def test_adapters_import_only_the_port_the_errors_and_what_they_share() -> None:
    assert refused(_of_the_port(), ADAPTERS_MAY_IMPORT, package="libredb") == []


def test_everything_that_adapters_may_import_is_imported() -> None:
    there = {module_name(path) for path in python_files("libredb")}
    assert unused(_of_the_port(), ADAPTERS_MAY_IMPORT & there) == set()


def test_adapters_do_not_import_one_another() -> None:
    for adapter in ADAPTERS - {FOR_PAGES}:
        for other in ADAPTERS - {adapter}:
            assert refused(imports(f"adapters/{adapter}"), package=other) == []


def test_what_is_for_pages_stands_on_lenses_the_server_and_the_files_of_a_browser() -> None:
    found = imports(f"adapters/{FOR_PAGES}")
    inside = {name: [use for use in uses if "." in use.module] for name, uses in found.items()}
    assert refused(inside, FOR_PAGES_MAY_IMPORT, package="libredb") == []
    assert unused(inside, FOR_PAGES_MAY_IMPORT) == set()
    assert refused(found, package="libredb_osfs") == []
    assert unused(found, {"libredb_opfs"}) == set()


def test_lenses_import_only_the_store_port_and_the_errors() -> None:
    assert refused(imports("libredb/lens"), LENSES_MAY_IMPORT, package="libredb.kernel") == []


def test_lenses_import_only_those_above_them_in_their_table() -> None:
    order = lens_order()
    files = {name: found for name, found in imports("libredb/lens").items() if found}
    assert {name for name in files if _place(name, order) is None} == set()
    assert {name for name in order if not any(is_within(file, name) for file in files)} == set()
    assert _out_of_table(files, order) == []


def test_the_kits_for_third_parties_import_only_ports_and_errors() -> None:
    kits = _without(imports("libredb/testing"), LENS_KIT)
    assert kits, "there are kits"
    assert refused(kits, KITS_MAY_IMPORT, package="libredb") == []
    assert refused(kits, package=LENS_KIT) == []


def test_the_kit_for_lenses_imports_the_lenses_besides() -> None:
    kit = imports("libredb/testing/lens")
    assert refused(kit, {*KITS_MAY_IMPORT, "libredb.lens"}, package="libredb") == []
    assert unused(kit, {"libredb.lens"}) == set()


def test_the_kits_for_third_parties_need_no_pytest_and_nothing_else() -> None:
    assert refused(imports("libredb/testing"), {"libredb", *sys.stdlib_module_names}) == []


def test_nothing_that_is_shipped_imports_what_is_not() -> None:
    for package in ("sim", "tests", "scripts"):
        assert refused(imports("libredb", "adapters"), package=package) == []


def test_only_tests_import_the_simulator_and_it_imports_no_test() -> None:
    assert refused(imports("scripts"), package="sim") == []
    assert refused(imports("sim"), package="tests") == []


def test_scripts_import_no_test() -> None:
    assert refused(imports("scripts"), package="tests") == []


def test_the_command_line_is_imported_by_itself_alone() -> None:
    others = _without(imports("libredb", "adapters"), "libredb.cli", "libredb.__main__")
    assert refused(others, package="libredb.cli") == []


def test_only_the_command_line_imports_interop() -> None:
    others = _without(imports("libredb", "adapters"), "libredb.cli", "libredb.interop")
    assert refused(others, package="libredb.interop") == []


def test_only_itself_and_what_a_page_asks_import_what_answers_clients() -> None:
    others = _without(imports("libredb", "adapters"), "libredb.remote", f"{FOR_PAGES}.serving")
    assert refused(others, package="libredb.remote") == []


def test_what_answers_clients_imports_public_names_and_lenses() -> None:
    found = imports("libredb/remote")
    assert refused(found, package="libredb.kernel") == []
    assert refused(found, package="libredb.cli") == []


def test_the_package_imports_adapters_only_inside_functions() -> None:
    # At the top of a file it would be a circle: importing an adapter first would fail.
    assert _adapters_at_the_top(imports("libredb")) == []


def test_layers_of_the_simulator_import_only_those_before_them_or_say_why() -> None:
    found = out_of_order(_layers(imports("sim")), "sim", SIM_LAYERS)
    assert found == []


def test_every_folder_of_the_simulator_is_a_layer() -> None:
    assert {path.parent.name for path in (ROOT / "sim").glob("*/__init__.py")} == set(SIM_LAYERS)


def test_no_files_import_one_another_in_a_circle() -> None:
    everything = imports("libredb", "adapters", "sim", "scripts")
    assert len(everything) > 50
    assert circles(everything) == []


def lens_order() -> list[str]:
    """Return what the table in the docstring of the lenses names, in its order."""
    page = (ROOT / "libredb/lens/__init__.py").read_text(encoding="utf-8")
    return [
        f"libredb.lens.{name}" for name in re.findall(r"^    ([a-z_.]+) {2,}\S", page, re.MULTILINE)
    ]


def _place(module: str, order: list[str]) -> int | None:
    return next((place for place, name in enumerate(order) if is_within(module, name)), None)


def _out_of_table(imports: Imports, order: list[str]) -> list[str]:
    """Name each import of what a table has further down, or does not have."""
    found: list[str] = []
    for module, imported in uses(imports):
        if is_within(imported, "libredb.lens"):
            own, other = _place(module, order), _place(imported, order)
            if own is None or other is None or other > own:
                found.append(f"{module} imports {imported}")
    return found


def _without(imports: Imports, *packages: str) -> Imports:
    """Return the modules that are in none of these packages."""
    return {
        module: found
        for module, found in imports.items()
        if not any(is_within(module, package) for package in packages)
    }


def _of_the_port() -> Imports:
    """Return the adapters that keep the promises of the file system."""
    return _without(imports("adapters"), FOR_PAGES)


def _layers(imports: Imports) -> Imports:
    """Return the modules of the layers; `python -m sim` itself stands above them."""
    return _without(imports, "sim.__main__")


def _adapters_at_the_top(imports: Imports) -> list[str]:
    return [
        f"{module} imports {imported}"
        for module, found in imports.items()
        for imported, inside_function in found
        if imported.partition(".")[0] in ADAPTERS and not inside_function
    ]


# The same rules, on samples that break them


def test_an_adapter_that_imports_the_package_or_the_store_is_named() -> None:
    bad = sample(
        libredb_osfs="import libredb\nfrom libredb.kernel.level import Entry",
        libredb_osfs__lock="from libredb.kernel.errors import StorageError",
    )
    assert refused(bad, ADAPTERS_MAY_IMPORT, package="libredb") == [
        "libredb_osfs imports libredb",
        "libredb_osfs imports libredb.kernel.level",
    ]


def test_a_kit_that_imports_pytest_is_named() -> None:
    bad = sample(libredb__testing__store="import contextlib\nimport pytest")
    assert refused(bad, {"libredb", *sys.stdlib_module_names}) == [
        "libredb.testing.store imports pytest"
    ]


def test_a_kit_that_imports_a_lens_or_the_kernel_is_named() -> None:
    source = "import libredb.lens.kv\nimport libredb.kernel.database\nimport libredb.testing.lens"
    bad = sample(libredb__testing__store=source)
    assert refused(bad, KITS_MAY_IMPORT, package="libredb") == [
        "libredb.testing.store imports libredb.lens.kv",
        "libredb.testing.store imports libredb.kernel.database",
    ]
    assert refused(_without(bad, LENS_KIT), package=LENS_KIT) == [
        "libredb.testing.store imports libredb.testing.lens"
    ]


def test_a_package_whose_name_begins_alike_is_another_one() -> None:
    alike = sample(libredb__cli="import simulation, testsuite")
    assert refused(alike, package="sim") + refused(alike, package="tests") == []


def test_an_adapter_at_the_top_of_a_file_is_named_and_one_in_a_function_is_not() -> None:
    source = "def find():\n    from libredb_osfs import OsFileSystem\n"
    assert _adapters_at_the_top(sample(libredb=source)) == []
    source = "if True:\n    from libredb_osfs import OsFileSystem\n"
    assert _adapters_at_the_top(sample(libredb=source)) == ["libredb imports libredb_osfs"]


def test_a_layer_that_imports_a_later_one_is_named() -> None:
    bad = sample(
        sim__world__disk="import sim.judge.oracle",
        sim__judge__oracle="import sim.world.disk\nimport sim.__main__",
    )
    assert out_of_order(bad, "sim", SIM_LAYERS) == [
        "sim.world.disk imports sim.judge.oracle",
        "sim.judge.oracle imports sim.__main__",
    ]


def test_a_circle_of_three_is_found_once_and_what_leads_into_it_is_not_in_it() -> None:
    bad = sample(
        a="import b",
        b="def late():\n    import c",
        c="import a\nimport d",
        d="import os",
        e="import a",
    )
    assert circles(bad) == [{"a", "b", "c"}]


def test_a_lens_that_imports_what_its_table_has_further_down_is_named() -> None:
    imports = sample(
        libredb__lens__keys__first="from libredb.lens.second import x",
        libredb__lens__second="from libredb.lens.keys.first import y; import libredb.lens.nowhere",
    )
    order = ["libredb.lens.keys.first", "libredb.lens.second"]
    assert _out_of_table(imports, order) == [
        "libredb.lens.keys.first imports libredb.lens.second",
        "libredb.lens.second imports libredb.lens.nowhere",
    ]
