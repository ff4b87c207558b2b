"""What a browser says when it refuses, in the words of an operating system.

JavaScript knows exceptions by name, and the kernel knows OSError by number; this table is the one
place where they meet. Absent on purpose: the texts of the browsers, which differ and change.
"""

import errno

_NUMBERS = {
    "InvalidStateError": errno.EBADF,
    "NoModificationAllowedError": errno.EAGAIN,
    "NotFoundError": errno.ENOENT,
    "QuotaExceededError": errno.ENOSPC,
    "SecurityError": errno.EACCES,
    "NotAllowedError": errno.EACCES,
    "NoOpfsError": errno.ENOSYS,
    "NotInWorkerError": errno.ENOSYS,
}

_HINTS = {
    "NoModificationAllowedError": (
        "another tab or worker has this database open; close it there, or wait until it is closed"
    ),
    "QuotaExceededError": (
        "the browser has no more room for this site; remove data, free disk space, or ask for more "
        "with libredb_opfs.request_persistence(); compacting needs room for a second copy"
    ),
    "SecurityError": (
        "the browser refuses storage to this page: a private window (Firefox), blocked cookies, or "
        "an opaque origin; nothing would be kept, so nothing is opened"
    ),
    "NotAllowedError": "the browser refuses storage to this page; look at its site settings",
    "NoOpfsError": (
        "this browser or page has no origin private file system: it needs a secure context (https "
        "or 127.0.0.1), and Safari has none in private windows"
    ),
    "NotInWorkerError": (
        "synchronous files exist only in a dedicated worker; load Pyodide inside `new Worker(...)`"
    ),
}


def os_error(name: str, text: str) -> OSError:
    """Return the OSError for a refusal: the exception's name and text, and what to do about it."""
    number = _NUMBERS.get(name, errno.EIO)
    parts = [f"{name}: {text}" if text and text != name else name]
    if name in _HINTS:
        parts.append(_HINTS[name])
    return OSError(number, "; ".join(parts))
