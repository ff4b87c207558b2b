"""The pages that people can look at, as they are shipped, and the list by which they work offline.

They are in `pages/` of a site, beside the client and Pyodide. The list is in `pages/files.js`: each
file that they need, and its digest. A site that is changed afterwards is listed again, or browsers
refuse to keep it.
"""

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from scripts.browser.wheels import ROOT

SOURCE = ROOT / "web" / "pages"

# What the pages need of a site; whoever keeps something else there does not find it in browsers.
_NEEDED = ("pages/**/*", "client/**/*", "pyodide*", "python_stdlib.zip", "libredb-*")
_NOT_NEEDED = {".gz", ".br", ".tgz"}

# Browsers ask for these two themselves: they are what tells of a new version.
_NOT_KEPT = {"pages/offline.js", "pages/files.js"}

_FILES = """\
/** The files that offline.js keeps: each as seen from there, and the digest of what is in it. */

/** @type {{Record<string, string>}} */
export const FILES = {files};
"""


def copy_pages(site: Path) -> None:
    """Put the pages into a site, in the place of older ones."""
    shutil.rmtree(site / "pages", ignore_errors=True)
    shutil.copytree(SOURCE, site / "pages")


def list_files(site: Path) -> None:
    """Write down what the pages need; nothing of that may change afterwards."""
    listed = {_address(path, site): _digest(path) for path in _files(site)}
    text = _FILES.format(files=json.dumps(listed, indent=2))
    (site / "pages" / "files.js").write_text(text, encoding="utf-8")


def _files(site: Path) -> Iterator[Path]:
    """Yield what the pages need of a site, ascending by path."""
    found = {path for pattern in _NEEDED for path in site.glob(pattern) if path.is_file()}
    for path in sorted(found):
        if path.suffix not in _NOT_NEEDED and str(path.relative_to(site)) not in _NOT_KEPT:
            yield path


def _address(path: Path, site: Path) -> str:
    """Return where a browser finds a file, as seen from `pages/`; a page is found by its folder."""
    inside = path.relative_to(site).as_posix()
    own = inside.removeprefix("pages/")
    return f"../{inside}" if own == inside else f"./{own}".removesuffix("index.html")


def _digest(path: Path) -> str:
    """Return the digest of a file as browsers check it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()}"
