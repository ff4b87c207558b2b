"""Claim: `cz bump` makes a release out of a checkout: version, changelog, commit and tag.

It could not even tell the version: hatchling reads it from the package, and commitizen looked for
it in pyproject.toml. So it is run here, on a copy of the checkout with a history of its own.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, project_files

pytestmark = [
    pytest.mark.cpython,  # they start processes and read the checkout
    pytest.mark.skipif(
        not all(importlib.util.find_spec(tool) for tool in ("commitizen", "towncrier")),
        reason="commitizen and towncrier are in the development environment alone",
    ),
]

PACKAGE = Path("libredb", "__init__.py")
FRAGMENT = Path("changelog.d", "+sample.added.md")

SOMEBODY = {
    **{f"GIT_{role}_NAME": "Somebody" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "somebody@127.0.0.1" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_CONFIG_{level}": os.devnull for level in ("GLOBAL", "SYSTEM")},
}
"""The environment of somebody who has set up nothing."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the checkout at version 0.1.0, as the first commit of a new repository."""
    folder = tmp_path / "checkout"
    for file in project_files():
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    (folder / FRAGMENT).write_text("A sample of a change.\n", encoding="utf-8")
    set_version(folder, "0.1.0")
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "feat: begin")
    return folder


def run(folder: Path, *command: str) -> str:
    """Run a command and return what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | SOMEBODY | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def version(folder: Path) -> str:
    text = (folder / PACKAGE).read_text(encoding="utf-8")
    return text.split('\n__version__ = "')[1].split('"')[0]


def set_version(folder: Path, new: str) -> None:
    text = (folder / PACKAGE).read_text(encoding="utf-8")
    text = text.replace(f'"{version(folder)}"', f'"{new}"')
    (folder / PACKAGE).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("message", "following"),
    [("fix: a", "0.1.1"), ("feat: a", "0.2.0"), ("feat!: a", "0.2.0")],
)
def test_the_next_version_follows_from_the_last_tag_and_the_commits_since(
    copy: Path, message: str, following: str
) -> None:
    run(copy, "git", "tag", "v0.1.0")
    run(copy, "git", "commit", "--allow-empty", "--message", message)
    printed = run(copy, "cz", "bump", "--dry-run", "--yes")
    assert f"\ntag to create: v{following}\n" in printed


def test_the_first_tag_is_the_version_that_the_package_has(copy: Path) -> None:
    run(copy, "cz", "bump", "--yes")
    assert run(copy, "git", "tag") == "v0.1.0\n"
    assert version(copy) == "0.1.0"


def test_a_bump_sets_the_version_gathers_the_changelog_commits_and_tags(copy: Path) -> None:
    run(copy, "git", "tag", "v0.1.0")
    run(copy, "git", "commit", "--allow-empty", "--message", "feat: a")
    run(copy, "cz", "bump", "--yes")
    assert version(copy) == "0.2.0"
    assert run(copy, "git", "describe") == "v0.2.0\n"
    assert run(copy, "git", "status", "--porcelain") == ""
    assert [path.name for path in (copy / "changelog.d").iterdir()] == ["README.md"]
    changelog = (copy / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "\n## 0.2.0 (" in changelog
    assert "\n- A sample of a change.\n" in changelog


def test_a_clone_without_its_tags_is_not_released(copy: Path) -> None:
    set_version(copy, "0.7.0")
    with pytest.raises(AssertionError, match=r"Running hook .* failed"):
        run(copy, "cz", "bump", "--yes")
    assert run(copy, "git", "tag") == ""
    assert (copy / FRAGMENT).exists()
