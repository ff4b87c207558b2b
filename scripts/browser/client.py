"""The client for pages as it is shipped: the modules, and where their wheel is.

A checkout has no wheel, so its wheel.js names none. Wherever the modules are copied to, the wheel
is beside them or above them, and wheel.js says so by a URL that bundlers find as well.
"""

import shutil
from pathlib import Path

from scripts.browser.wheels import ROOT

SOURCE = ROOT / "web" / "src"

_WHEEL = """\
/** The wheel that travels with these modules. */

/** @type {{URL | null}} */
export const WHEEL = new URL("{path}", import.meta.url);
"""


def copy_client(folder: Path, wheel: str) -> None:
    """Fill `folder` with the modules; `wheel` is the path of the wheel, as seen from there."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.js"):
        stale.unlink()
    for module in sorted(SOURCE.glob("*.js")):
        shutil.copy2(module, folder / module.name)
    (folder / "wheel.js").write_text(_WHEEL.format(path=wheel), encoding="utf-8")
