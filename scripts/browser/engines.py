"""Finds a Chromium or a Firefox, and starts it with storage that is real.

The order: the variable LIBREDB_CHROMIUM or LIBREDB_FIREFOX, a browser on PATH, the one that
Playwright installs, the one that apt-get installs. Playwright's default context is off the record,
and there OPFS lives in memory and syncing costs nothing; so a browser is only ever started here
with a profile folder. `python -m scripts.browser.engines [NAME ...]` installs and prints the paths.
Absent on purpose: the Firefox of Playwright. It is patched, and nobody's users have it.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright


@dataclass(frozen=True)
class Engine:
    """A browser that libredb is tested in.

    Attributes:
        name: What the option `--engine` calls it; Playwright has an attribute of this name.
        variable: The environment variable that names its program, above all other ways to find it.
        programs: What it is called on PATH.
        package: Debian's.
        lock: The link in a profile whose target ends with the number of the browser's process.
        comes_with_playwright: Whether `playwright install` brings one that is as users have it.
        launch: What Playwright has to be told to start it.
    """

    name: str
    variable: str
    programs: tuple[str, ...]
    package: str
    lock: str
    comes_with_playwright: bool
    launch: Mapping[str, Any]


CHROMIUM = Engine(
    name="chromium",
    variable="LIBREDB_CHROMIUM",
    programs=("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    package="chromium",
    lock="SingletonLock",
    comes_with_playwright=True,
    launch={
        # For a container without a network: no sandbox as root, and no calls home that are refused.
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
        # A page that is left is kept as users' browsers keep it.
        "ignore_default_args": ["--disable-back-forward-cache"],
    },
)

FIREFOX = Engine(
    name="firefox",
    variable="LIBREDB_FIREFOX",
    programs=("firefox-esr", "firefox"),
    package="firefox-esr",
    lock="lock",
    comes_with_playwright=False,
    launch={
        "channel": "moz-firefox",  # as Mozilla builds it, driven over WebDriver BiDi
        # The user who is asked to let a site keep its data for ever says yes.
        "firefox_user_prefs": {
            "dom.storageManager.prompt.testing": True,
            "dom.storageManager.prompt.testing.allow": True,
        },
    },
)

ENGINES = {engine.name: engine for engine in (CHROMIUM, FIREFOX)}


class EngineNotFoundError(RuntimeError):
    """No browser was found and none could be installed."""


def find(engine: Engine) -> str | None:
    """Return the browser that is on this machine already, or None."""
    named = os.environ.get(engine.variable)
    if named:
        if shutil.which(named) is None:
            raise EngineNotFoundError(f"{engine.variable} names {named!r}, which cannot be run")
        return named
    for program in engine.programs:
        found = shutil.which(program)
        if found:
            return found
    return _playwright_chromium() if engine.comes_with_playwright else None


def ensure(engine: Engine) -> str:
    """Return a browser, installing one if there is none.

    Raises:
        EngineNotFoundError: nothing was found and nothing could be installed.
    """
    found = find(engine)
    if found:
        return found
    tries: list[str] = []
    for commands in _installers(engine):
        for command in commands:
            refusal = _refusal_of(command)
            if refusal is not None:
                tries.append(f"{' '.join(command)}: {refusal}")
                break
        found = find(engine)
        if found:
            return found
    raise EngineNotFoundError(
        f"no {engine.name.title()}: install one, or set {engine.variable} to its program\n"
        f"Tried: {'; '.join(tries) or 'nothing, for there is no apt-get here'}"
    )


def _refusal_of(command: list[str]) -> str | None:
    """Run a command; return what it said when it failed, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip()[-300:]


def _installers(engine: Engine) -> list[list[list[str]]]:
    """Return the ways to install a browser, each a list of commands."""
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]
    if os.name == "posix" and os.geteuid() != 0:
        apt = ["sudo", "-n", *apt]
    ways: list[list[list[str]]] = []
    if engine.comes_with_playwright:
        ways.append([[sys.executable, "-m", "playwright", "install", engine.name]])
    if shutil.which("apt-get"):
        ways.append([[*apt, "update"], [*apt, "install", "-y", engine.package]])
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
def persistent_context(
    playwright: "Playwright",
    profile: Path,
    engine: Engine = CHROMIUM,
    *,
    preferences: Mapping[str, int] | None = None,
) -> Iterator["BrowserContext"]:
    """Start a browser whose storage is kept in the folder `profile`, and end it afterwards.

    `preferences` are some of about:config, for Firefox alone.
    """
    options = dict(engine.launch)
    if preferences:
        options["firefox_user_prefs"] = {**options["firefox_user_prefs"], **preferences}
    started = getattr(playwright, engine.name).launch_persistent_context(
        str(profile),
        executable_path=ensure(engine),
        headless=True,
        handle_sigint=False,  # Ctrl-C is for us, who end it below
        **options,
    )
    try:
        yield started
    finally:
        started.close()


def kill(profile: Path, engine: Engine) -> None:
    """End the browser of a profile with SIGKILL, all its processes at once."""
    process = int(re.split(r"\D", str((profile / engine.lock).readlink()))[-1])
    os.killpg(os.getpgid(process), signal.SIGKILL)


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


def main(names: list[str]) -> int:
    """Print the path of each browser, installing it if it is not there.

    Those that are named have to be had; without names all are looked for, and Chromium has to be.
    """
    unknown = set(names) - ENGINES.keys()
    if unknown:
        print(f"no such engine: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    needed = names or [CHROMIUM.name]
    missing = False
    for engine in ENGINES.values():
        if names and engine.name not in names:
            continue
        try:
            print(f"{engine.name}: {ensure(engine)}")
        except EngineNotFoundError as error:
            print(error, file=sys.stderr)
            missing = missing or engine.name in needed
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
