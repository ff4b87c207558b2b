"""Makes the virtual environments: .venv, and .venv-3.12 and the like for other Pythons.

An environment is complete if and only if its stamp holds the digest of everything that went into
it: the interpreter, the place of the checkout, constraints.txt and what pyproject.toml says about
the package. The stamp is written last, and an environment without the right one is built anew,
never mended.

Needs the standard library alone, because it runs before anything is installed. Deliberately
absent: addresses. pip works as the machine has set it up.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
STAMP = "libredb-stamp"

NO_PIP = """\
This Python has no `ensurepip`, so it cannot put pip into a virtual environment, and fetching
Debian's pip did not work either. On Debian, install the missing part and try again:

    apt-get install python3-venv
"""


class SetupError(Exception):
    """A command of the set-up failed; the message holds the command and its output."""


def main() -> int:
    """Make .venv for the Python that runs this file."""
    try:
        ensure(ROOT / ".venv", sys.executable, extra="dev")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def ensure(directory: Path, interpreter: str, *, extra: str) -> None:
    """Build the environment in `directory`, unless it is complete.

    Args:
        directory: Where the environment is or shall be.
        interpreter: The Python that it is made from.
        extra: The optional dependencies of pyproject.toml that go into it.

    Raises:
        SetupError: A command failed, or the environment is a link.
    """
    if directory.is_symlink():
        raise SetupError(
            f"{directory} is a link to {directory.resolve()}, and making it anew would empty that."
            " Remove the link, and do this again."
        )
    digest = _digest(interpreter, extra)
    stamp = directory / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
        return
    started = time.monotonic()
    print(f"Making {directory.name} with the pinned packages (about half a minute) ...", flush=True)
    _create(directory, interpreter)
    pip = [str(directory / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "--constraint", "constraints.txt"]
    # The build backend first: an isolated build would fetch whatever version is newest today.
    _run([*install, "hatchling", "editables"])
    _run([*install, "--no-build-isolation", "--editable", f".[{extra}]"])
    stamp.write_text(digest, encoding="ascii")
    print(f"Made {directory.name} in {time.monotonic() - started:.0f} s.", flush=True)


def find_interpreters() -> dict[str, str]:
    """Return a Python that runs for each supported version, by version.

    A candidate counts only if it runs and tells its version: a pyenv shim is on PATH for versions
    that are not switched on, and fails.
    """
    found: dict[str, str] = {}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(str(path) for path in pyenv.glob("versions/*/bin/python3"))
    for candidate in [*(f"python{version}" for version in SUPPORTED), *installed]:
        version = _version(candidate)
        if version in SUPPORTED:
            found.setdefault(version, candidate)
    return found


def _version(interpreter: str) -> str | None:
    """Return the version, like "3.12", or None if this is not a Python that runs."""
    command = [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _digest(interpreter: str, extra: str) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    described = subprocess.run(
        [interpreter, "-c", "import sys; print(sys.base_prefix, sys.version)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    ingredients = {
        "interpreter": described,
        "checkout": str(ROOT),
        "extra": extra,
        "constraints": (ROOT / "constraints.txt").read_text(encoding="utf-8"),
        "package": [project["build-system"], project["project"], project["tool"]["hatch"]],
    }
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()


def _create(directory: Path, interpreter: str) -> None:
    """Make an environment that holds nothing but pip."""
    probe = [interpreter, "-c", "from ensurepip import bootstrap"]
    if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        _run([interpreter, "-m", "venv", "--clear", str(directory)])
        return
    if shutil.which("apt-get") is None:
        raise SetupError(NO_PIP)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            wheel = _fetch_debian_pip(Path(scratch))
        except SetupError as error:
            raise SetupError(f"{error}\n{NO_PIP}") from None
        _run([interpreter, "-m", "venv", "--clear", "--without-pip", str(directory)])
        python = str(directory / "bin" / "python")
        _run([python, f"{wheel}/pip", "install", "--no-index", str(wheel)])


def _fetch_debian_pip(scratch: Path) -> Path:
    """Return the pip wheel that Debian's python3-venv would have used.

    Fetched into a folder of our own, so that it takes no root and changes nothing on the machine.
    """
    (scratch / "lists").mkdir()
    apt = ["apt-get", "-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}"]
    _run([*apt, "update"])
    _run([*apt, "download", "python3-pip-whl"], cwd=scratch)
    [package] = scratch.glob("*.deb")
    _run(["dpkg-deb", "--extract", str(package), str(scratch)])
    [wheel] = scratch.glob("usr/share/python-wheels/pip-*.whl")
    return wheel


def _run(command: list[str], *, cwd: Path = ROOT) -> None:
    """Run a command and keep its output to ourselves, unless it fails."""
    done = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise SetupError(f"{done.stdout}\nFailed: {' '.join(command)}")


if __name__ == "__main__":
    sys.exit(main())
