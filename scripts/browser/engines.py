"""Finds a Chromium, and starts it with storage that is real.

The order: the variable LIBREDB_CHROMIUM, a browser on PATH, the one that Playwright installs, the
one that apt-get installs. Playwright's default context is off the record, and there OPFS lives in
memory and syncing costs nothing; so a browser is only ever started here with a profile folder.
Absent on purpose: other browsers. `python -m scripts.browser.engines` prints the path, and
installs.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

VARIABLE = "LIBREDB_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# What a container without a network needs: no sandbox as root, and no calls home that are refused.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ChromiumNotFoundError(RuntimeError):
    """No browser was found and none could be installed."""


def find_chromium() -> str | None:
    """Return the browser that is on this machine already, or None."""
    named = os.environ.get(VARIABLE)
    if named:
        if shutil.which(named) is None:
            raise ChromiumNotFoundError(f"{VARIABLE} names {named!r}, which cannot be run")
        return named
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return _playwright_chromium()


def ensure_chromium() -> str:
    """Return a browser, installing one if there is none.

    Raises:
        ChromiumNotFoundError: nothing was found and nothing could be installed.
    """
    found = find_chromium()
    if found:
        return found
    tries: list[str] = []
    for commands in _installers():
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                tries.append(f"{' '.join(command)}: {done.stderr.strip()[-300:]}")
                break
        found = find_chromium()
        if found:
            return found
    raise ChromiumNotFoundError(
        f"no Chromium: set {VARIABLE} to one, or install one. Tried:\n" + "\n".join(tries)
    )


def _installers() -> list[list[list[str]]]:
    """Return the ways to install a browser, each a list of commands."""
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]
    if os.name == "posix" and os.geteuid() != 0:
        apt = ["sudo", "-n", *apt]
    ways = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if shutil.which("apt-get"):
        ways.append([[*apt, "update"], [*apt, "install", "-y", "chromium"]])
    return ways


def _playwright_chromium() -> str | None:
    """Return the browser that `playwright install chromium` left behind, or None."""
    listing = [sys.executable, "-m", "playwright", "install", "--dry-run", "chromium"]
    try:
        done = subprocess.run(listing, capture_output=True, text=True, check=False)
    except OSError:
        return None
    for line in done.stdout.splitlines():
        label, _, folder = line.partition(":")
        if label.strip() == "Install location" and Path(folder.strip()).is_dir():
            for name in ("chrome", "chrome-headless-shell", "Chromium"):
                for file in sorted(Path(folder.strip()).rglob(name)):
                    if file.is_file() and os.access(file, os.X_OK):
                        return str(file)
    return None


@contextmanager
def persistent_context(playwright: "Playwright", profile: Path) -> Iterator["BrowserContext"]:
    """Start a browser whose storage is kept in the folder `profile`, and end it afterwards."""
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=ensure_chromium(), headless=True, args=list(ARGUMENTS)
    )
    try:
        yield context
    finally:
        context.close()


def assert_storage_is_real(page: "Page", profile: Path) -> None:
    """Write a token to OPFS and find it in a file of the profile folder.

    Raises:
        AssertionError: the browser keeps the origin's files somewhere else: in memory.
    """
    token = secrets.token_hex(32)
    written = token.encode()
    page.evaluate(_WRITE_TOKEN, token)
    for file in profile.rglob("*"):
        if file.is_file() and file.stat().st_size == len(token) and file.read_bytes() == written:
            return
    raise AssertionError("OPFS is not real: a file written there is nowhere in the profile folder")


_WRITE_TOKEN = """async (token) => {
  const root = await navigator.storage.getDirectory();
  const file = await root.getFileHandle("storage-is-real", { create: true });
  const stream = await file.createWritable();
  await stream.write(token);
  await stream.close();
}"""


def main() -> None:
    """Print the path of a Chromium, installing one if there is none."""
    print(ensure_chromium())


if __name__ == "__main__":
    main()
