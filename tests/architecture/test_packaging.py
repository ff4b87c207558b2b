"""Claim: what is built holds exactly what is meant to be shipped, and is built from pins alone.

The wheel is built from the sdist, as every installer would do it, and without a network.
"""

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT

pytestmark = pytest.mark.cpython  # they start processes and read the checkout

ADAPTERS = {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}
SOURCES = {"libredb", "adapters", "sim", "docs", "web"}
TESTS = {"tests", "conftest.py", "scripts", "Makefile"}
SETTINGS = {"pyproject.toml", "constraints.txt", "requirements-release.txt", ".gitignore"}
PROSE = {"PKG-INFO", "LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "changelog.d"}


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel_names(products: Path) -> set[str]:
    [wheel] = products.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def sdist_names(products: Path) -> set[str]:
    [sdist] = products.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def top_level(names: set[str]) -> set[str]:
    return {name.partition("/")[0] for name in names}


def test_the_wheel_holds_the_package_and_its_adapters_and_nothing_else(
    wheel_names: set[str],
) -> None:
    metadata = f"libredb-{importlib.metadata.version('libredb')}.dist-info"
    assert top_level(wheel_names) == {"libredb", metadata} | ADAPTERS


def test_the_wheel_holds_every_source_file(wheel_names: set[str]) -> None:
    assert {name for name in wheel_names if name.endswith(".py")} == {
        str(path.relative_to(source_root))
        for source_root, folder in ((ROOT, "libredb"), (ROOT / "adapters", "."))
        for path in (source_root / folder).rglob("*.py")
    }


def test_the_wheel_says_that_it_is_typed_and_carries_its_license(wheel_names: set[str]) -> None:
    assert "libredb/py.typed" in wheel_names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_names)


def test_the_sdist_holds_the_sources_and_what_describes_them(sdist_names: set[str]) -> None:
    assert top_level(sdist_names) == SOURCES | TESTS | SETTINGS | PROSE


def test_the_sdist_holds_nothing_that_was_fetched_or_made(sdist_names: set[str]) -> None:
    parts = {part for name in sdist_names for part in name.split("/")}
    assert parts & {"node_modules", ".cache", ".venv", "dist", "__pycache__"} == set()


def test_the_tests_of_an_unpacked_sdist_pass(products: Path, tmp_path: Path) -> None:
    # The root conftest was missing, and with it the plugin that every fixture needs.
    [sdist] = products.glob("*.tar.gz")
    subprocess.run(["tar", "--extract", "--file", sdist, "--directory", tmp_path], check=True)
    [unpacked] = tmp_path.iterdir()

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=unpacked, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert python("-c", "import libredb; print(libredb.__file__)").startswith(str(unpacked))

    def pytest(*arguments: str) -> str:
        return python("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)

    # All are imported, so that no file is missing; the fastest of those that need the most are run.
    collected = re.search(r"(\d+) tests collected", pytest("--collect-only", "tests"))
    assert collected is not None
    assert int(collected[1]) > 4000
    needy = ["tests/format", "tests/unit/cli/commands", "tests/docs"]
    ran = pytest(*needy, "--ignore=tests/docs/test_benchmarks.py")
    passed = re.search(r"(\d+) passed", ran)
    assert passed is not None
    assert int(passed[1]) > 100


def test_the_version_is_the_one_that_the_package_tells() -> None:
    import libredb

    assert libredb.__version__ == importlib.metadata.version("libredb")


def test_the_package_requires_no_other() -> None:
    requirements = importlib.metadata.requires("libredb") or []
    assert [line for line in requirements if "extra ==" not in line] == []


@pytest.mark.skipif(
    Path(sys.prefix).parent != ROOT, reason="only the environments of `make` are made from the pins"
)
def test_every_installed_package_is_pinned() -> None:
    pins = {
        line.strip().lower()
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    installed = {
        f"{package.name}=={package.version}".lower()
        for package in importlib.metadata.distributions()
    }
    own = ("libredb==", "pip==", "setuptools==")  # the latter two came with the interpreter
    assert {name for name in installed - pins if not name.startswith(own)} == set()
