"""Makes the folder of a release: Pyodide, the client, our wheel, and the npm package.

    python -m scripts.release [FOLDER]

It is the folder of scripts/browser/static_site.py with a lock file that lists exactly the wheels
that are there, so that `pyodide.loadPackage("libredb")` finds ours and asks no other host. Beside
them is the tarball of the npm package, for who has a bundler. The
program that writes the lock file wants a newer Python than libredb does; it runs in an environment
of its own.

Absent on purpose: Pyodide's own packages, which the lock file no longer lists, and publishing.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from scripts.browser.npm_package import make_package
from scripts.browser.static_site import make_site
from scripts.browser.wheels import CACHE, PreparationError
from scripts.environment import ROOT, find_interpreters

DEFAULT_FOLDER = ROOT / "dist" / "site"
OLDEST = (3, 12)

_REQUIREMENTS = ROOT / "requirements-release.txt"

NO_PYTHON = """\
make release needs a Python of at least 3.12 besides the one that runs the tests, because the
program that writes the lock file (pyodide-lock) does. None was found on PATH or under pyenv.
Everything else works without it: `python -m scripts.browser.static_site FOLDER` makes a folder from
which the wheel loads by its address.
"""

# Runs in the other environment. What is not in the folder byte for byte leaves the list: the
# micropip of an index and the one that Pyodide lists share a name and differ. It leaves before the
# wheels are added, so one that needs a package which is not there is refused. So is one with code
# compiled for Pyodide: the platform in its tag is not the one that the list names. Neither of the
# two wheels is like that; setting `spec.info.platform` while adding would let such a wheel in.
WRITE_LOCK = """\
import hashlib, sys
from pathlib import Path
from pyodide_lock import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec

folder = Path(sys.argv[1])
spec = PyodideLockSpec.from_json(folder / "pyodide-lock.json")
files = [file for file in folder.iterdir() if file.is_file()]
digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
kept = {n: p for n, p in spec.packages.items() if digests.get(p.file_name) == p.sha256}
spec.packages = kept
listed = {package.file_name for package in kept.values()}
added = [wheel for wheel in sorted(folder.glob("*.whl")) if wheel.name not in listed]
spec = add_wheels_to_spec(spec, added, base_path=folder)
spec.check_wheel_filenames()
spec.to_json(folder / "pyodide-lock.json", indent=1)
"""


def make_release(folder: Path, interpreter: str) -> Path:
    """Fill `folder` and return the path of our wheel in it.

    Args:
        folder: Where the release shall be; older wheels of what it holds are replaced.
        interpreter: The Python that the lock file is made with, from `find_newer_python`.

    Raises:
        PreparationError: Something could not be built, fetched or listed.
    """
    python = _ensure_lock_tools(interpreter)
    for pattern in ("libredb-*.whl", "micropip-*.whl", "libredb-*.tgz"):
        for stale in folder.glob(pattern):
            stale.unlink()
    wheel = make_site(folder)
    make_package(folder, wheel)
    _run([str(python), "-c", WRITE_LOCK, str(folder.resolve())])
    return wheel


def find_newer_python() -> str | None:
    """Return the oldest Python that can make the lock file, or None if there is none."""
    # The oldest, because the pip of our own Python has to know it.
    if sys.version_info >= OLDEST:
        return sys.executable
    found = find_interpreters()
    fit = [version for version in found if tuple(map(int, version.split("."))) >= OLDEST]
    return found[min(fit)] if fit else None


def _ensure_lock_tools(interpreter: str) -> Path:
    """Return the Python of an environment that holds exactly our requirements.

    The stamp is written last: an environment without it is made anew.
    """
    ingredients = interpreter.encode() + _REQUIREMENTS.read_bytes()
    directory = CACHE / f"release-{hashlib.sha256(ingredients).hexdigest()[:16]}"
    python, stamp = directory / "bin" / "python", directory / "libredb-stamp"
    if not stamp.is_file():
        # Without pip, and with the pip of .venv: Debian's Pythons cannot make one for themselves.
        _run([interpreter, "-m", "venv", "--clear", "--without-pip", str(directory)])
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
        _run([*pip, "install", "--no-deps", "--requirement", str(_REQUIREMENTS)])
        stamp.touch()
    return python


def _run(command: list[str]) -> None:
    """Run a command, or raise with what it said."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PreparationError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main(arguments: list[str]) -> int:
    """Make the folder that the command line names, or the default one."""
    if len(arguments) > 1:
        print("usage: python -m scripts.release [FOLDER]", file=sys.stderr)
        return 2
    folder = Path(arguments[0]) if arguments else DEFAULT_FOLDER
    interpreter = find_newer_python()
    if interpreter is None:
        print(NO_PYTHON, end="", file=sys.stderr)
        return 1
    try:
        wheel = make_release(folder, interpreter)
    except PreparationError as error:
        print(error, file=sys.stderr)
        return 1
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        print(f"{file.stat().st_size:>12,} {file}")
    print(f'{wheel.name} is listed: pyodide.loadPackage("libredb")')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
