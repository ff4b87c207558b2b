"""Programs that are needed now and then, each in an environment of its own in `.cache/`.

What is in one is pinned by a file of requirements, whole and exact: nothing else is installed, and
when the file or the Python changes, the environment is made anew.
"""

import hashlib
import sys
from pathlib import Path

from scripts.browser.wheels import CACHE, ROOT, run


def ensure_tools(requirements: Path, interpreter: str = sys.executable) -> Path:
    """Return the folder of the programs of an environment that holds exactly these requirements.

    The stamp is written last: an environment without it is made anew.

    Args:
        requirements: A file like `requirements-NAME.txt`; every package is pinned, and listed.
        interpreter: The Python that the environment is made from.

    Raises:
        PreparationError: It could not be made.
    """
    digest = hashlib.sha256(interpreter.encode() + requirements.read_bytes()).hexdigest()[:16]
    folder = CACHE / f"{requirements.stem.removeprefix('requirements-')}-{digest}"
    stamp = folder / "libredb-stamp"
    if not stamp.is_file():
        # Without pip, and with the pip of .venv: Debian's Pythons cannot make one for themselves.
        run([interpreter, "-m", "venv", "--clear", "--without-pip", str(folder)], cwd=ROOT)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        pip += ["--python", str(folder / "bin" / "python"), "install", "--no-deps"]
        run([*pip, "--requirement", str(requirements)], cwd=ROOT)
        stamp.touch()
    return folder / "bin"
