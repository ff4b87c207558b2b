"""What the process that collects and the worker in the browser have to agree on."""

import pytest

SHIPPED_FOLDERS = ("tests", "sim")
"""What the worker has of this repository, beside the wheel."""

SKIPPED_HERE = pytest.StashKey[bool]()
"""Marks a test that is skipped where it was collected, with its reason."""
