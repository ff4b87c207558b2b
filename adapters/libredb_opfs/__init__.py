"""Databases in the browser: the adapter for the origin private file system (OPFS).

    import libredb, libredb_opfs

    fs = await libredb_opfs.acquire("app")          # in a dedicated worker; the only await
    db = libredb.open("app.libredb", fs=fs)         # from here on as everywhere

Reading order: `filesystem` (the port on two slots), `refusal` (a browser's exceptions as OSError),
`browser` (acquire, room, persistence), bridge.js (the calls themselves).
"""

from libredb_opfs.browser import (
    PATIENCE_SECONDS,
    StorageReport,
    acquire,
    destroy,
    names,
    request_persistence,
    storage,
)
from libredb_opfs.filesystem import OpfsFileLock, OpfsFileSystem, OpfsLogFile

__all__ = [
    "PATIENCE_SECONDS",
    "OpfsFileLock",
    "OpfsFileSystem",
    "OpfsLogFile",
    "StorageReport",
    "acquire",
    "destroy",
    "names",
    "request_persistence",
    "storage",
]
