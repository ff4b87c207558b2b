"""The files that a worker needs: our own wheel, the test wheels, and the tests as one archive.

Our wheel comes from the ordinary backend; Pyodide needs no other. The test wheels are fetched with
pip *for the target*, which is not the interpreter that runs pip, and kept in `.cache/`, so that the
network is needed once; `python -m scripts.browser.wheels` does all of that ahead of the tests.
Absent on purpose: a lock file, an index, a network of content servers.
"""

import contextlib
import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
PYODIDE = ROOT / "web" / "node_modules" / "pyodide"
SQLITE_WASM = ROOT / "web" / "node_modules" / "@sqlite.org" / "sqlite-wasm" / "dist"
PYSCRIPT = ROOT / "web" / "node_modules" / "@pyscript" / "core" / "dist"
BIOME = ROOT / "web" / "node_modules" / ".bin" / "biome"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VITE = ROOT / "web" / "node_modules" / "vite" / "bin" / "vite.js"

_REQUIREMENTS = ROOT / "web" / "requirements-pyodide.txt"
# Pyodide 314 is CPython 3.14 for this platform; most wheels are for any.
_TARGET = [
    *("--no-deps", "--only-binary=:all:", "--python-version", "3.14", "--implementation", "cp"),
    *("--abi", "cp314", "--platform", "pyemscripten_2026_0_wasm32"),
    *("--abi", "none", "--platform", "any"),
]
_IGNORED_FOLDERS = {"__pycache__", ".pytest_cache", ".hypothesis", "node_modules"}


class PreparationError(RuntimeError):
    """Something that the worker needs could not be made or fetched; says what to run."""


def pyodide_folder() -> Path:
    """Return the folder of the pinned Pyodide, installing it with npm if it is not there.

    With it come the tools that check the JavaScript of this repository and its pages, the bundler
    that a test builds an app with, the PyScript of a test, and the SQLite that it is measured
    against: one lock file, one install.
    """
    tools = (BIOME, AXE, VITE)
    wanted = (PYODIDE / "pyodide.mjs", SQLITE_WASM / "index.mjs", PYSCRIPT / "core.js", *tools)
    if not all(path.is_file() for path in wanted):
        run(["npm", "ci"], cwd=ROOT / "web")
    return PYODIDE


def fetch_test_wheels() -> list[Path]:
    """Return the pinned wheels of pytest and its company, fetching them if they are not there."""
    return fetch_wheels(_REQUIREMENTS)


def fetch_wheels(requirements: Path) -> list[Path]:
    """Return the wheels that a file pins, for Pyodide, fetching them if they are not there."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = CACHE / "pyodide-wheels" / digest
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = tempfile.mkdtemp(dir=folder.parent)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", partial]
        run([*download, *_TARGET, "-r", str(requirements)], cwd=ROOT)
        with contextlib.suppress(OSError):  # another run may have been quicker
            Path(partial).rename(folder)
        shutil.rmtree(partial, ignore_errors=True)
    return sorted(folder.glob("*.whl"))


def build_wheel(folder: Path, checkout: Path = ROOT) -> Path:
    """Build the wheel of a checkout, this one or another, into `folder` and return it."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    run([*build, "--outdir", str(folder), str(checkout)], cwd=checkout)
    (wheel,) = folder.glob("*.whl")
    return wheel


def archive(folders: Mapping[str, Path]) -> bytes:
    """Return a zip archive of files and folders under the names given, caches left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name, path in folders.items():
            for file in _files_below(path):
                inner = f"{name}/{file.relative_to(path).as_posix()}" if path.is_dir() else name
                target.write(file, inner)
    return buffer.getvalue()


def _files_below(path: Path) -> Iterator[Path]:
    """Yield every file worth shipping, ascending by name."""
    if path.is_file():
        yield path
    elif path.is_dir() and path.name not in _IGNORED_FOLDERS:
        for inner in sorted(path.iterdir()):
            yield from _files_below(inner)


def run(command: list[str], *, cwd: Path) -> None:
    """Run a command, or raise with what it said."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PreparationError(f"cannot run {' '.join(command)}: {error}") from error
    if done.returncode != 0:
        raise PreparationError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main() -> None:
    """Install the pinned Pyodide and fetch the test wheels, unless they are there."""
    print(pyodide_folder())
    for wheel in fetch_test_wheels():
        print(wheel)


if __name__ == "__main__":
    main()
