"""A notebook keeps a storage: in a JupyterLite site that asks no other host, over a restart.

It runs only by its own command, because it fetches and builds JupyterLite, and starts two browsers:
LIBREDB_JUPYTERLITE=1 pytest tests/browser/python/test_jupyterlite.py
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from scripts.browser.engines import persistent_context
from scripts.browser.jupyterlite import make_jupyterlite
from scripts.browser.server import Server
from scripts.browser.wheels import ROOT
from tests.browser.conftest import asking_nobody_else

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

VARIABLE = "LIBREDB_JUPYTERLITE"

pytestmark = [
    pytest.mark.cpython(reason="drives a browser"),
    pytest.mark.skipif(
        VARIABLE not in os.environ,
        reason=f"it fetches and builds JupyterLite, for minutes: {VARIABLE}=1 asks for it",
    ),
]

GUIDE = (ROOT / "docs" / "guide" / "python-in-a-page.md").read_text(encoding="utf-8")

DEADLINE_MS = 400_000


def test_the_cell_of_the_guide_counts_its_runs_over_a_restart_of_the_browser(
    playwright: "Playwright", tmp_path: Path
) -> None:
    (cell,) = re.findall(r"^```ipython\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    make_jupyterlite(tmp_path / "site")
    with Server() as server:
        server.serve_folder("site", tmp_path / "site")
        for number in (1, 2):
            with persistent_context(playwright, tmp_path / "profile") as context:
                page = context.new_page()
                with asking_nobody_else(page, server):
                    address = f"{server.url}/site/repl/index.html"
                    page.goto(f"{address}?kernel=python&code={quote(cell)}")
                    page.wait_for_function(
                        "() => /^run [0-9]+ of|Error/m.test(document.body.innerText)",
                        timeout=DEADLINE_MS,
                    )
                    told = page.inner_text("body")
                    assert f"\nrun {number} of (1, b'first')" in told, told
