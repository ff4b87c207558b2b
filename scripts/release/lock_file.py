"""The lock file of a folder: which wheels `pyodide.loadPackage` finds there by their names.

What is not in the folder byte for byte leaves the list: the micropip of an index and the one that
Pyodide lists share a name and differ. It leaves before wheels are added, so one that needs a
package which is not there is refused. So is one with code compiled for WebAssembly: the platform in
its tag is not the one that the list names. None of ours is like that; setting `spec.info.platform`
while adding would let such a wheel in.

A wheel with compiled modules takes the place of the one that it was made of: pyodide-lock looks for
names to import in sources alone.
"""

import json
from pathlib import Path

from scripts.browser.wheels import ROOT, pyodide_folder, run

NAME = "pyodide-lock.json"

# Runs where pyodide-lock is installed: see tools.py.
_WRITE = """\
import hashlib, sys
from pathlib import Path
from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec, update_package_sha256

folder, name, plain, compiled = (Path(argument) for argument in sys.argv[1:])
spec = PyodideLockSpec.from_json(folder / name)
files = [path for path in folder.iterdir() if path.is_file()]
digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
spec.packages = {n: p for n, p in spec.packages.items() if digests.get(p.file_name) == p.sha256}
listed = {compiled.name, *(package.file_name for package in spec.packages.values())}
added = [wheel for wheel in sorted(folder.glob("*.whl")) if wheel.name not in listed]
spec = add_wheels_to_spec(spec, added, base_path=folder)
for package in spec.packages.values():
    if package.file_name == plain.name:
        package.file_name = compiled.name
        update_package_sha256(package, folder / compiled)
spec.check_wheel_filenames()
spec.to_json(folder / name, indent=1)
"""


def python_version() -> tuple[str, str, str]:
    """Return the version of Pyodide's Python, as its own lock file tells it."""
    major, minor, micro = info()["python"].split(".")
    return major, minor, micro


def info() -> dict[str, str]:
    """Return what the lock file of Pyodide says of Pyodide: python, platform, abi_version."""
    return json.loads((pyodide_folder() / NAME).read_text(encoding="utf-8"))["info"]


def write_lock(python: Path, folder: Path, plain: Path, compiled: Path) -> None:
    """List the wheels of `folder` in its lock file, and of all others none.

    Args:
        python: Where pyodide-lock is installed: see tools.py.
        folder: Has the lock file of Pyodide, and wheels.
        plain: Our wheel, which tells what is in the package.
        compiled: What is loaded in its place.

    Raises:
        PreparationError: One of them cannot be listed.
    """
    names = [NAME, plain.name, compiled.name]
    run([str(python), "-c", _WRITE, str(folder.resolve()), *names], cwd=ROOT)
