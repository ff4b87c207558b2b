"""Other databases to be measured against: named in pyproject.toml (`bench`), pinned with the rest.

libredb needs none of them, and neither do its tests. A row says visibly which of them is missing.
`python -m scripts.benchmarks --install` puts them into the running environment one by one, so that
one without a wheel for this Python does not keep the others away.
"""

import importlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scripts.benchmarks.row import Refusal

ROOT = Path(__file__).resolve().parents[2]


def package(module: str) -> Any:  # noqa: ANN401 - what is in it, no type checker here can know
    """Return a module that is not ours, or refuse.

    Raises:
        Refusal: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise Refusal("not installed") from None


def names() -> list[str]:
    """Return the packages that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["optional-dependencies"]["bench"]


def versions() -> dict[str, str]:
    """Return the version of each that is installed."""
    return {name: version(name) for name in names() if _is_there(name)}


def install() -> None:
    """Install those that are missing, and say which could not be."""
    for name in names():
        if _is_there(name):
            continue
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        command = [*pip, "--constraint", str(ROOT / "constraints.txt"), name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        reasons = re.findall(r"^ERROR: (.+)$", done.stderr, re.MULTILINE)
        print(f"{name}: {'installed' if done.returncode == 0 else f'not installed: {reasons}'}")


def _is_there(name: str) -> bool:
    """Whether a package is installed, whose module has the same name but for hyphens."""
    return find_spec(name.replace("-", "_")) is not None
