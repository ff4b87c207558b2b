"""The adapter for the files of a POSIX operating system.

Reading order: `handle` (a descriptor and the process it belongs to), `sync` (what makes bytes
durable, by platform), `folder` (how files are made, moved and removed), `logfile` (reads, writes,
room reserved ahead), `lock` (one writer at a time), `filesystem` (a database is one path; its next
file is renamed into its place). The promises kept here are numbered in
`libredb.kernel.filesystem`. Absent on purpose: Windows, which has
neither flock nor fork; and any knowledge of the format.
"""

import sys

if sys.platform in {"win32", "emscripten", "wasi"}:
    raise ImportError(
        f"libredb_osfs needs a POSIX system with flock and fork, and this is {sys.platform}; "
        "pass another file system to libredb.open(), in a browser the one of libredb_opfs"
    )

from libredb_osfs.filesystem import OsFileSystem

__all__ = ["OsFileSystem"]
