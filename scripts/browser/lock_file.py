"""The lock file of a folder with Pyodide: which packages it has, so that they load by their names.

    {"info": {...}, "packages": {"libredb": {"file_name": "libredb-0.1.0-py3-none-any.whl",
        "sha256": "...", "imports": ["libredb", ...], "depends": [], ...}}}

Pyodide's own lists some 350 packages, which are on another host, and of those that come from an
index too, files with other bytes. What is listed here is what is in the folder, byte for byte: the
entries that Pyodide wrote, where the digest fits, and for all other wheels those it would write.
Absent on purpose: looking for what is missing. A package that needs another one is refused.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from typing import Any

from scripts.browser.wheels import PreparationError, pyodide_folder

NAME = "pyodide-lock.json"

_METADATA = re.compile(r"[^/]*\.dist-info/METADATA")
_CONDITION = re.compile(r"\bextra\s*==")


def info() -> dict[str, str]:
    """Return what the lock file of Pyodide says of Pyodide: python, platform, abi_version."""
    return json.loads((pyodide_folder() / NAME).read_text(encoding="utf-8"))["info"]


def python_version() -> tuple[str, str, str]:
    """Return the version of Pyodide's Python, as its own lock file tells it."""
    major, minor, micro = info()["python"].split(".")
    return major, minor, micro


def write_lock(folder: Path) -> None:
    """Let the lock file of `folder` list the wheels that are there, and nothing else.

    Raises:
        PreparationError: two wheels are of one package, or one needs what is not there.
    """
    lock = json.loads((folder / NAME).read_text(encoding="utf-8"))
    wheels = {wheel.name: _digest(wheel) for wheel in sorted(folder.glob("*.whl"))}
    packages = {
        name: package
        for name, package in lock["packages"].items()
        if wheels.get(package["file_name"]) == package["sha256"]
    }
    listed = {package["file_name"] for package in packages.values()}
    for wheel in sorted(wheels.keys() - listed):
        made = entry(folder / wheel)
        if made["name"] in packages:
            other = packages[made["name"]]["file_name"]
            raise PreparationError(f"{folder} has {wheel} and {other}: remove one of them")
        packages[made["name"]] = made
    _require_whole(packages)
    lock["packages"] = dict(sorted(packages.items()))
    (folder / NAME).write_text(json.dumps(lock, indent=1), encoding="utf-8")


def load_instead(folder: Path, listed: Path, other: Path) -> None:
    """Let the lock file of `folder` load the wheel `other` where it lists another of the package.

    What is in the package is told by the one that is listed: names to import are looked for in
    sources, and `other` may have compiled modules alone.
    """
    file = folder / NAME
    lock = json.loads(file.read_text(encoding="utf-8"))
    (package,) = (p for p in lock["packages"].values() if p["file_name"] == listed.name)
    package |= {"file_name": other.name, "sha256": _digest(other)}
    file.write_text(json.dumps(lock, indent=1), encoding="utf-8")


def entry(wheel: Path) -> dict[str, Any]:
    """Return what a lock file says of a wheel.

    Raises:
        PreparationError: it needs another package under a condition, which nothing here judges.
    """
    with zipfile.ZipFile(wheel) as archive:
        files = [PurePosixPath(name) for name in archive.namelist()]
        (path,) = (file for file in files if _METADATA.fullmatch(str(file)))
        metadata = BytesParser().parsebytes(archive.read(str(path)))
    return {
        "depends": _needed(wheel, metadata),
        "file_name": wheel.name,
        "imports": _imports(files),
        "install_dir": "site",
        "name": _normal(metadata["Name"]),
        "package_type": "package",
        "sha256": _digest(wheel),
        "tool": {},
        "unvendored_tests": False,
        "version": metadata["Version"],
    }


def _needed(wheel: Path, metadata: Message) -> list[str]:
    """Return the packages that a wheel needs, without those of its extras."""
    needed: set[str] = set()
    for requirement in metadata.get_all("Requires-Dist", []):
        name, _, condition = requirement.partition(";")
        if _CONDITION.search(condition):
            continue
        if condition:
            raise PreparationError(f"{wheel.name} needs {requirement!r}, a condition to be judged")
        needed.add(_normal(re.split(r"[^\w.-]", name.strip())[0]))
    return sorted(needed)


def _imports(files: Iterable[PurePosixPath]) -> list[str]:
    """Return the names at the top of a wheel that can be imported."""
    modules = (file for file in files if file.suffix == ".py")
    tops = {file.with_suffix("").parts[0] for file in modules}
    return sorted(name for name in tops if name.isidentifier())


def _require_whole(packages: dict[str, dict[str, Any]]) -> None:
    for name, package in packages.items():
        missing = sorted(set(package["depends"]) - packages.keys())
        if missing:
            raise PreparationError(f"{name} needs {missing[0]}, whose wheel is not beside it")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
