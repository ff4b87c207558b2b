"""What makes bytes durable, by platform.

Linux: fdatasync, which brings the content and the length of a file to the disk and leaves the
times behind. macOS: fsync there stops at the drive's own cache, so fcntl(F_FULLFSYNC) it is, and
fsync only on file systems that do not know the call. Elsewhere: fdatasync or, without it, fsync.
Deliberately absent: trying again. After a failed sync the kernel may have dropped the very bytes
that failed, and the next sync would succeed without them.
"""

import errno
import fcntl
import os

FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)
"""The fcntl command that empties the drive's cache; None where there is no such command."""

_NOT_KNOWN_HERE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY}


def sync_data(descriptor: int) -> None:
    """Make the content and the length of a file durable."""
    if FULL_SYNC is None and hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        sync_everything(descriptor)


def sync_everything(descriptor: int) -> None:
    """Make a file or the entries of a directory durable."""
    if FULL_SYNC is None:
        os.fsync(descriptor)
        return
    try:
        fcntl.fcntl(descriptor, FULL_SYNC)
    except OSError as error:
        # Only "no such call" may fall back. Anything else is a sync that failed, and an fsync
        # that succeeded after it would be a lie.
        if error.errno not in _NOT_KNOWN_HERE:
            raise
        os.fsync(descriptor)
