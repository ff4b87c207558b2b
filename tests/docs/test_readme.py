"""Claim: every Python snippet of the README and of the pages in docs runs, and prints what it says.

A block fenced as `python` is a snippet; whatever is not meant to run is fenced as something else.
The snippets of a page run in order, in one namespace and an empty folder. What a block prints is
what its comments say: one behind a `print`, or one that fills a line from its first column.
"""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.cpython  # the pages are not part of the package

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED = re.compile(r"^(?:\s*print\(.*\)  )?# (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_snippet_runs_and_prints_what_it_says(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "snippet"}
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        # Line breaks in front, so that a traceback names the line of the page.
        source = "\n" * text[: block.start(1)].count("\n") + block[1]
        exec(compile(source, str(page), "exec"), namespace)
        assert capsys.readouterr().out.splitlines() == PRINTED.findall(block[1]), block[1]


def test_the_readme_has_snippets() -> None:
    assert len(BLOCK.findall(PAGES[0].read_text(encoding="utf-8"))) > 5
