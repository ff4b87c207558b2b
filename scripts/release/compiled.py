"""Our wheel for a page: its modules compiled by the Python that will run them, Pyodide's.

A page that compiles them itself waits twice as long for its first import, each time. A compiled
module belongs to one version of Python, so this wheel is one more, beside that with the sources.
"""

from pathlib import Path

from scripts.browser.lock_file import python_version
from scripts.browser.wheels import ROOT, pyodide_folder, run

_HERE = Path(__file__).resolve().parent


def compile_wheel(wheel: Path, folder: Path) -> Path:
    """Make the wheel with compiled modules in `folder`, and return it.

    Raises:
        PreparationError: There is no Node.js, or a module is no Python.
    """
    major, minor, _ = python_version()
    name = wheel.name.replace("-py3-", f"-cp{major}{minor}-")
    program = ["node", str(_HERE / "in_pyodide.mjs"), str(pyodide_folder())]
    run([*program, str(_HERE / "compiling.py"), str(wheel), str(folder / name)], cwd=ROOT)
    return folder / name
