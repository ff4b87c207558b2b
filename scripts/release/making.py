"""Makes the folder of a release, step by step.

It is the folder of scripts/browser/static_site.py, with a second wheel whose modules are compiled,
which `pyodide.loadPackage("libredb")` loads instead, the tarball of the npm package, for who has a
bundler, and smaller copies of what can be made smaller.

Absent on purpose: Pyodide's own packages, which the lock file no longer lists, and publishing.
"""

import tempfile
from pathlib import Path

from scripts.browser.client import copy_client
from scripts.browser.lock_file import load_instead
from scripts.browser.npm_package import make_package
from scripts.browser.pages import list_files
from scripts.browser.static_site import make_site
from scripts.browser.tools import ensure_tools
from scripts.release import compressed
from scripts.release.compiled import compile_wheel
from scripts.release.pyodide_build import TOOLS, build_with_pyodide, require_same

_STALE = ("libredb-*.whl", "micropip-*.whl", "libredb-*.tgz")


def make_release(folder: Path, interpreter: str, *, quality: int = compressed.LARGEST) -> Path:
    """Fill `folder` and return the path of the compiled wheel in it.

    Args:
        folder: Where the release shall be; older wheels of what it holds are replaced.
        interpreter: The Python that the tools run on, from `find_newer_python`.
        quality: How hard the smaller copies are compressed.

    Raises:
        PreparationError: Something could not be built, fetched or listed, or the wheel of Pyodide's
            tool is another one than ours.
    """
    programs = ensure_tools(TOOLS, interpreter)
    for pattern in _STALE:
        for stale in folder.glob(pattern):
            stale.unlink()
    plain = make_site(folder)
    with tempfile.TemporaryDirectory(prefix="libredb-") as built:
        require_same(build_with_pyodide(programs, Path(built)), plain)
    wheel = compile_wheel(plain, folder)
    copy_client(folder / "client", f"../{wheel.name}")
    make_package(folder, wheel)
    load_instead(folder, plain, wheel)
    list_files(folder)  # the lock file and the wheel are others now
    compressed.compress(folder, quality)
    return wheel
