"""Each file of a folder a second and a third time, smaller: `x.gz` and `x.br` beside `x`.

A server that knows of them sends the smaller one to whoever takes it, and compresses nothing
itself; any other server sends the plain files as ever. Absent on purpose: what is compressed
already, wheels and the standard library among them.
"""

from pathlib import Path

from scripts.browser.wheels import ROOT, run

ENDINGS = (".gz", ".br")
SMALLEST = 1
LARGEST = 11
"""How hard brotli tries; half a minute of trying saves a tenth."""

_KINDS = {".css", ".html", ".js", ".json", ".mjs", ".svg", ".wasm"}
_PROGRAM = Path(__file__).resolve().parent / "compress.mjs"


def compress(folder: Path, quality: int = LARGEST) -> list[Path]:
    """Write the smaller copies of all files below `folder`, and return them.

    Copies that were there before go: they may be of other files.

    Raises:
        PreparationError: There is no Node.js, or no room.
    """
    for ending in ENDINGS:
        for stale in folder.rglob(f"*{ending}"):
            stale.unlink()
    files = sorted(str(file) for file in folder.rglob("*") if file.suffix in _KINDS)
    run(["node", str(_PROGRAM), str(quality), *files], cwd=ROOT)
    return sorted(file for file in folder.rglob("*") if file.suffix in ENDINGS)
