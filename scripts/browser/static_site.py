"""Makes a folder that a web server can serve as it is: Pyodide, the client, pages, wheels, no CDN.

    python -m scripts.browser.static_site FOLDER

From this folder all ways of loading work without any other host:

    import { connect } from "./client/client.js"       in a page
    await pyodide.loadPackage("libredb")               in a worker, and "micropip" as well
    await micropip.install("<base>/libredb-<version>-py3-none-any.whl")

Wheels of older versions are removed. Absent on purpose: Pyodide's other packages, which its lock
file names and its npm package does not have.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from scripts.browser.client import copy_client
from scripts.browser.lock_file import write_lock
from scripts.browser.pages import copy_pages, list_files
from scripts.browser.wheels import build_wheel, fetch_test_wheels, pyodide_folder

# What a browser asks for; the rest of the npm package is for Node.js and for debugging.
PYODIDE_FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)


def make_site(folder: Path) -> Path:
    """Fill `folder` and return the path of our wheel in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in ("libredb-*.whl", "micropip-*.whl"):
        for stale in folder.glob(pattern):
            stale.unlink()
    for name in PYODIDE_FILES:
        shutil.copy2(pyodide_folder() / name, folder / name)
    for wheel in fetch_test_wheels():
        if wheel.name.startswith("micropip-"):
            shutil.copy2(wheel, folder / wheel.name)
    with tempfile.TemporaryDirectory(prefix="libredb-") as built:
        wheel = Path(shutil.copy2(build_wheel(Path(built)), folder))
    write_lock(folder)
    copy_client(folder / "client", f"../{wheel.name}")
    copy_pages(folder)
    list_files(folder)
    return wheel


def main() -> None:
    """Make the folder that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.browser.static_site FOLDER")
    wheel = make_site(Path(sys.argv[1]))
    print(f"{wheel.parent}: {', '.join(sorted(file.name for file in wheel.parent.iterdir()))}")


if __name__ == "__main__":
    main()
