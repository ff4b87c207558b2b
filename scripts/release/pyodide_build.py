"""Our wheel as Pyodide's own tool builds it, and without a network.

`pyodide build` looks up a build environment, which it would fetch. For a project in pure Python it
asks that only for variables and for what Python tells about its platform, and both are in the npm
package of Pyodide. So a folder is made that looks like the sources of Pyodide as far as it looks:

    Makefile.envs                       the variables; its target .output_vars prints them
    dist/pyodide-lock.json              of which Pyodide they are
    cpython/sysconfigdata/              what the target's Python tells about its platform

Absent on purpose: a compiler. A project with code in C would end here.
"""

import shutil
import tempfile
import zipfile
from pathlib import Path

from scripts.browser import lock_file
from scripts.browser.wheels import ROOT, PreparationError, pyodide_folder, run

TOOLS = ROOT / "requirements-release.txt"
"""What it takes, for `ensure_tools`; a Python of at least 3.12 besides."""

_SYSCONFIG = "_sysconfigdata__emscripten_wasm32-emscripten"

_VARIABLES = """\
export PYVERSION = {python}
export PYMAJOR = {major}
export PYMINOR = {minor}
export PYMICRO = {micro}
export PYODIDE_ABI_VERSION = {abi}
export PYODIDE_EMSCRIPTEN_VERSION = {emscripten}
export PYTHONINCLUDE = {root}/cpython/include
export CPYTHONINSTALL = {root}/cpython
export TARGETINSTALLDIR = {root}/cpython
export SYSCONFIGDATA_DIR = {root}/cpython/sysconfigdata
export SYSCONFIG_NAME = {sysconfig}
export CFLAGS_BASE =
export CXXFLAGS_BASE =
export LDFLAGS_BASE =

.output_vars:
	set
"""


def build_with_pyodide(programs: Path, folder: Path, checkout: Path = ROOT) -> Path:
    """Build the wheel of a checkout into `folder` with `pyodide build`, and return it.

    Args:
        programs: The folder with pyodide-build's, from `ensure_tools`.
        folder: Where the wheel shall be.
        checkout: What it is made of.

    Raises:
        PreparationError: It could not be built.
    """
    with tempfile.TemporaryDirectory(prefix="libredb-pyodide-") as name:
        root = Path(name) / "pyodide-root"
        _make_root(root)
        (Path(name) / "requirements.txt").touch()
        settings = ["env", f"PYODIDE_ROOT={root}", "SKIP_EMSCRIPTEN_VERSION_CHECK=1"]
        build = [str(programs / "pyodide"), "build", str(checkout), "--outdir", str(folder)]
        # Not isolated: an isolated build would fetch whatever backend is newest today.
        run([*settings, *build, "--no-isolation", "--skip-emscripten-install"], cwd=checkout)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _make_root(root: Path) -> None:
    """Make the folder that `pyodide build` takes for the sources of Pyodide."""
    info = lock_file.info()
    major, minor, micro = lock_file.python_version()
    variables = _VARIABLES.format(
        python=info["python"],
        major=major,
        minor=minor,
        micro=micro,
        abi=info["abi_version"],
        emscripten=info["platform"].removeprefix("emscripten_").replace("_", "."),
        root=root,
        sysconfig=_SYSCONFIG,
    )
    data, dist = root / "cpython" / "sysconfigdata", root / "dist"
    data.mkdir(parents=True)
    dist.mkdir()
    (root / "Makefile.envs").write_text(variables, encoding="utf-8")
    shutil.copy2(pyodide_folder() / lock_file.NAME, dist)
    with zipfile.ZipFile(pyodide_folder() / "python_stdlib.zip") as library:
        library.extract(f"{_SYSCONFIG}.py", data)


def require_same(one: Path, other: Path) -> None:
    """Compare two wheels byte for byte.

    Raises:
        PreparationError: They differ; says in which files.
    """
    if one.name == other.name and one.read_bytes() == other.read_bytes():
        return
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
        names = {*first.namelist(), *second.namelist()}
        differ = sorted(name for name in names if _content(first, name) != _content(second, name))
    told = ", ".join(differ) or "nothing but the archive itself"
    raise PreparationError(f"{one} and {other} are not the same; what differs: {told}")


def _content(wheel: zipfile.ZipFile, name: str) -> bytes | None:
    return wheel.read(name) if name in wheel.namelist() else None
