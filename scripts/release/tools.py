"""A newer Python, and in an environment of its own the program that only runs there.

pyodide-build wants a Python of at least 3.12, which libredb does not. The
environment holds exactly what requirements-release.txt pins, and is kept in `.cache/`.
"""

import hashlib
import sys
from pathlib import Path

from scripts.browser.wheels import CACHE, ROOT, run
from scripts.environment import find_interpreters

OLDEST = (3, 12)

_REQUIREMENTS = ROOT / "requirements-release.txt"

NO_PYTHON = """\
make release needs a Python of at least 3.12 besides the one that runs the tests, because the
program that builds wheels as Pyodide does wants one. None was found on PATH or under pyenv.
Everything else works without it: `python -m scripts.browser.static_site FOLDER` makes a folder from
which the wheel loads by its name.
"""


def find_newer_python() -> str | None:
    """Return the oldest Python that it runs on, or None if there is none."""
    # The oldest, because the pip of our own Python has to know it.
    if sys.version_info >= OLDEST:
        return sys.executable
    found = find_interpreters()
    fit = [version for version in found if tuple(map(int, version.split("."))) >= OLDEST]
    return found[min(fit)] if fit else None


def ensure_tools(interpreter: str) -> Path:
    """Return the Python of an environment that holds exactly our requirements.

    The stamp is written last: an environment without it is made anew.

    Raises:
        PreparationError: It could not be made.
    """
    ingredients = interpreter.encode() + _REQUIREMENTS.read_bytes()
    directory = CACHE / f"release-{hashlib.sha256(ingredients).hexdigest()[:16]}"
    python, stamp = directory / "bin" / "python", directory / "libredb-stamp"
    if not stamp.is_file():
        # Without pip, and with the pip of .venv: Debian's Pythons cannot make one for themselves.
        run([interpreter, "-m", "venv", "--clear", "--without-pip", str(directory)], cwd=ROOT)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
        install = ["install", "--no-deps", "--requirement", str(_REQUIREMENTS)]
        run([*pip, *install], cwd=ROOT)
        stamp.touch()
    return python
