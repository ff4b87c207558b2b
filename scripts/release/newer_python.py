"""A Python that is newer than what libredb needs, for the program that only runs there.

pyodide-build, which builds wheels as Pyodide does, wants a Python of at least 3.12.
"""

import sys

from scripts.environment import find_interpreters

OLDEST = (3, 12)

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
