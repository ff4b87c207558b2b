"""How large blocks and snapshot records are during a run: small, so that there are many of them.

A run has some dozens of entries. With the sizes that users have they would all be in one block of
one record, and no block would ever be copied, joined or read on its own. The sizes are constants of
the kernel, of the real one as of a mutant; they are set while a step of a run is done, and then put
back. Absent on purpose: a parameter of `open` for them. Nobody else has a use for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

RECORD_BLOCKS = 4
"""A record of the snapshot is closed when it has the bytes of so many blocks."""


@contextmanager
def small_blocks(kernel: Any, block_bytes: int) -> Iterator[None]:
    """Let `kernel` write blocks of about `block_bytes` in the block; 0 leaves it as it is."""
    if not block_bytes:
        yield
        return
    compaction, snapshot = kernel.kernel.compaction, kernel.kernel.snapshot
    sizes = {
        (compaction, "BLOCK_BYTES"): block_bytes,
        (compaction, "SMALL_BYTES"): block_bytes // 4,
        (compaction, "SNAPSHOT_RECORD_BYTES"): record_bytes(block_bytes),
        (snapshot, "BLOCK_BYTES"): block_bytes,
    }
    before = {(module, name): getattr(module, name) for module, name in sizes}
    try:
        for (module, name), size in sizes.items():
            setattr(module, name, size)
        yield
    finally:
        for (module, name), size in before.items():
            setattr(module, name, size)


def record_bytes(block_bytes: int) -> int:
    """Return how many bytes of blocks a record of the snapshot has at least, but the last one."""
    return RECORD_BLOCKS * block_bytes if block_bytes else 1 << 20
