"""Databases in JavaScript that a start is measured against: pinned here, fetched by --install.

npm puts them into `.cache/benchmarks`, and not into `web`, because no test needs them. sqlite-wasm
is there already: other rows of a browser need it as well.
"""

from pathlib import Path

from scripts.browser.wheels import CACHE, PreparationError, run

PINS = {"dexie": "4.4.7", "@electric-sql/pglite": "0.5.17"}

_FOLDER = CACHE / "benchmarks" / "peers"
_MODULES = {"dexie": "dist/modern", "@electric-sql/pglite": "dist"}


def install() -> None:
    """Fetch those that are missing, and say which could not be."""
    for name, version in PINS.items():
        if folder(name) is None:
            _FOLDER.mkdir(parents=True, exist_ok=True)
            fetch = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--no-package-lock"]
            pins = [f"{each}@{pinned}" for each, pinned in PINS.items()]
            try:
                run([*fetch, "--prefix", str(_FOLDER), *pins], cwd=_FOLDER)
            except PreparationError as error:
                print(f"{name} {version}: not installed: {str(error).splitlines()[-1]}")
            else:
                print(f"{name} {version}: installed")


def versions() -> dict[str, str]:
    """Return the version of each that is installed."""
    return {name: version for name, version in PINS.items() if folder(name)}


def folder(name: str) -> Path | None:
    """Return where the modules of one are, or None if it is not installed."""
    found = _FOLDER / "node_modules" / name / _MODULES[name]
    return found if found.is_dir() else None
