"""Makes the npm package `libredb`: the client for pages, its types, and the wheel.

    python -m scripts.browser.npm_package FOLDER

    package.json, README.md    those of web/npm, with the version of the wheel
    src/                       the modules of web/src, and the wheel under a name without a version
    types/                     declarations, which the type checker makes of the comments

Absent on purpose: Pyodide, which a page serves from its own npm package, and publishing.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from scripts.browser.client import copy_client
from scripts.browser.wheels import ROOT, build_wheel, pyodide_folder, run

TEMPLATE = ROOT / "web" / "npm"
WHEEL_NAME = "libredb.whl"


def make_package(folder: Path, wheel: Path | None = None) -> Path:
    """Make the package in `folder`, with this wheel or one that is built; return its tarball."""
    pyodide_folder()  # installs the type checker too
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="libredb-") as name:
        staged = Path(name) / "libredb"
        staged.mkdir()
        built = wheel or build_wheel(Path(name))
        _stage(staged, built)
        pack = ["npm", "pack", str(staged), "--pack-destination", str(folder.resolve())]
        run(pack, cwd=Path(name))
        return folder / f"libredb-{_version_of(built)}.tgz"


def _stage(staged: Path, wheel: Path) -> None:
    """Put together what is packed."""
    copy_client(staged / "src", WHEEL_NAME)
    shutil.copy2(wheel, staged / "src" / WHEEL_NAME)
    described = json.loads((TEMPLATE / "package.json").read_text(encoding="utf-8"))
    described["version"] = _version_of(wheel)
    (staged / "package.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    shutil.copy2(TEMPLATE / "README.md", staged)
    shutil.copy2(ROOT / "LICENSE", staged)
    types = ["node_modules/.bin/tsc", "--project", "tsconfig.types.json"]
    run([*types, "--outDir", str(staged / "types")], cwd=ROOT / "web")


def _version_of(wheel: Path) -> str:
    """Return the version in the name of a wheel."""
    return wheel.name.split("-")[1]


def main() -> None:
    """Make the package in the folder that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.browser.npm_package FOLDER")
    print(make_package(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
