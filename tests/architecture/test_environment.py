"""Claim: making the environment never empties a folder that is somebody else's."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT

pytestmark = pytest.mark.cpython  # it runs a program of the checkout


def test_an_environment_that_is_a_link_is_refused_and_what_it_leads_to_is_left(
    tmp_path: Path,
) -> None:
    """It was made anew through the link, which emptied the environment of another checkout."""
    theirs, checkout = tmp_path / "theirs", tmp_path / "checkout"
    theirs.mkdir()
    (theirs / "precious").touch()
    (checkout / "scripts").mkdir(parents=True)
    (checkout / ".venv").symlink_to(theirs)
    program = shutil.copy(ROOT / "scripts" / "environment.py", checkout / "scripts")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f".venv is a link to {theirs}, " in done.stderr
    assert "Remove the link" in done.stderr
    assert list(theirs.iterdir()) == [theirs / "precious"]
