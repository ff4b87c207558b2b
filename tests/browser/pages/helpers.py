"""What the stories have in common: the program that serves, and how a page is looked at."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scripts.browser.wheels import AXE, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOCUSED = """() => {
  const { ariaLabel, labels, textContent } = document.activeElement;
  return ariaLabel ?? labels?.[0]?.textContent ?? textContent;
}"""


def start(port: int = 0, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "scripts.browser.serve", "--port", str(port), *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'adapters'}"}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def serving(port: int = 0, *arguments: str) -> Iterator[str]:
    """Start the program; in the block it serves at the address that it has said."""
    with start(port, *arguments) as process:
        assert process.stdout is not None
        said = ""
        while "http://" not in said:
            said = process.stdout.readline()
            assert said, process.communicate()
        yield said.split()[0].rstrip("/")
        process.send_signal(signal.SIGTERM)  # as Ctrl-C, which is ignored in the background
        assert process.communicate() == ("\nNo longer served.\n", "")
        assert process.returncode == 0


def shows(page: "Page", id: str, text: str) -> None:  # noqa: A002 - it is one
    page.locator(f"#{id}", has_text=text).wait_for()


def tab_to(page: "Page", name: str) -> None:
    """Press Tab until a part of the page with this name has the focus."""
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
        if reached[-1].startswith(name):
            return
    raise AssertionError(f"Tab never came to {name}: {reached}")


def problems(page: "Page") -> list[str]:
    """Return what the rules of axe find in light and in dark, and whether a phone has to scroll."""
    found: list[str] = []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for violation in page.evaluate("() => axe.run()")["violations"]:
            places = [node["target"] for node in violation["nodes"]]
            found.append(f"{scheme}: {violation['help']}: {places}")
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 600})
    width = page.evaluate("() => document.documentElement.scrollWidth")
    page.set_viewport_size(size or {"width": 1280, "height": 720})
    return [*found, *([f"320 pixels are not enough: {width}"] if width > 320 else [])]
