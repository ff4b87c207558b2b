"""Makes a JupyterLite site with libredb in it, which asks no other host.

    python -m scripts.browser.jupyterlite FOLDER

    index.html, lab/, repl/, ...   JupyterLite, as its own program builds it
    pypi/                          libredb and what the kernel needs, where %pip finds both
    pyodide/                       the folder of static_site.py

The lock file there lists micropip alone: what it lists is asked of Pyodide's own host, and what it
does not is found in pypi/. Absent on purpose: notebooks; put them into `files` of a site of yours.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from scripts.browser.lock_file import NAME
from scripts.browser.static_site import make_site
from scripts.browser.tools import ensure_tools
from scripts.browser.wheels import ROOT, fetch_wheels, run

_KERNEL = ROOT / "web" / "requirements-jupyterlite.txt"
_BUILD = ROOT / "web" / "requirements-jupyterlite-build.txt"

_SETTINGS = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "litePluginSettings": {
            "@jupyterlite/pyodide-kernel-extension:kernel": {
                "pyodideUrl": "./pyodide/pyodide.mjs",
                "disablePyPIFallback": True,
            }
        }
    },
}


def make_jupyterlite(folder: Path) -> None:
    """Fill `folder`, which is made.

    Raises:
        PreparationError: Something could not be built or fetched.
    """
    program = ensure_tools(_BUILD) / "jupyter-lite"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = make_site(folder / "pyodide")
    _list_micropip_alone(folder / "pyodide")
    with tempfile.TemporaryDirectory(prefix="libredb-") as name:
        source = Path(name)
        (source / "pypi").mkdir()
        for each in (wheel, *fetch_wheels(_KERNEL)):
            shutil.copy2(each, source / "pypi")
        (source / "jupyter-lite.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
        built = source / "built"
        run([str(program), "build", "--output-dir", str(built), "--no-sourcemaps"], cwd=source)
        shutil.copytree(built, folder, dirs_exist_ok=True)


def _list_micropip_alone(folder: Path) -> None:
    file = folder / NAME
    lock = json.loads(file.read_text(encoding="utf-8"))
    lock["packages"] = {"micropip": lock["packages"]["micropip"]}
    file.write_text(json.dumps(lock), encoding="utf-8")


def main() -> None:
    """Make the site in the folder that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.browser.jupyterlite FOLDER")
    make_jupyterlite(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
