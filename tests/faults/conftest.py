"""What real faults need of the machine; where it is missing, a visible skip says so."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.strace import find_or_install_strace, why_not


@pytest.fixture(scope="session")
def strace() -> str:
    """Return a strace that works."""
    found = find_or_install_strace()
    reason = why_not(found)
    if found is None or reason is not None:
        pytest.skip(str(reason))
    return found


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Return a function that mounts a tmpfs of so many bytes, which is unmounted in any case."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root on Linux")
    mounted: list[Path] = []

    def mount(size_bytes: int) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        except OSError as error:
            pytest.skip(f"mount cannot be run: {error}")
        if done.returncode != 0:
            pytest.skip(f"mounting a small tmpfs is not permitted: {done.stderr.strip()}")
        mounted.append(place)
        return place

    try:
        yield mount
    finally:
        for place in mounted:
            if subprocess.run(["umount", str(place)], check=False).returncode != 0:
                subprocess.run(["umount", "--lazy", str(place)], check=True)
