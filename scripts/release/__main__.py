"""`python -m scripts.release [FOLDER]`: makes the folder of a release, and lists what is in it."""

import sys
from pathlib import Path

from scripts.browser.wheels import ROOT, PreparationError
from scripts.release.compressed import ENDINGS
from scripts.release.making import make_release
from scripts.release.newer_python import NO_PYTHON, find_newer_python

DEFAULT_FOLDER = ROOT / "dist" / "site"


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
    print(listing(folder))
    print(f'{wheel.name} is listed: pyodide.loadPackage("libredb")')
    return 0


def listing(folder: Path) -> str:
    """Return every file of a folder on a line: its bytes, those of its smaller copies, its path."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    lines = [f"{'bytes':>12} {'.gz':>12} {'.br':>12}  {folder}"]
    for file in files:
        if file.suffix not in ENDINGS:
            copies = [Path(f"{file}{ending}") for ending in ENDINGS]
            sizes = [path.stat().st_size if path in files else None for path in (file, *copies)]
            cells = " ".join(f"{'' if size is None else format(size, ','):>12}" for size in sizes)
            lines.append(f"{cells}  {file.relative_to(folder)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
