"""The package says what it needs where it cannot work."""

import importlib
import sys

import libredb_osfs
import pytest

pytestmark = pytest.mark.cpython


@pytest.mark.parametrize("platform", ["win32", "emscripten", "wasi"])
def test_importing_says_what_is_missing_on_other_platforms(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(ImportError, match=rf"needs a POSIX system.*{platform}"):
        importlib.reload(libredb_osfs)
