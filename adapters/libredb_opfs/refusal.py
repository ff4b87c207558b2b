"""What a browser says when it refuses, in the words of an operating system.

JavaScript knows exceptions by name, and the kernel knows OSError by number; this table is the one
place where they meet. What to do about a number, `libredb.kernel.errors` adds once for all
adapters. The texts of the browsers differ and change, so they are only a note on the error, or
what is left to say where the name is unknown.
"""

import errno

_NUMBERS = {
    "InvalidStateError": errno.EBADF,
    "NoModificationAllowedError": errno.EAGAIN,
    "NotFoundError": errno.ENOENT,
    "QuotaExceededError": errno.ENOSPC,
    "SecurityError": errno.EPERM,
    "NotAllowedError": errno.EPERM,
    "NoOpfsError": errno.ENOSYS,
    "NotInPageError": errno.ENOSYS,
    "NotInWorkerError": errno.ENOSYS,
    "NotSupportedError": errno.ENOSYS,
}

_REASONS = {
    "InvalidStateError": "the files were closed, by close() or by the browser; acquire them again",
    "NoModificationAllowedError": (
        "the database is open in another tab or worker, or here; a worker that was ended while it "
        "was busy keeps the files for about 2 seconds"
    ),
    "NotFoundError": "the browser has no database of this name, or has removed its files",
    "QuotaExceededError": (
        "the quota of this site or the disk is exhausted; Chromium asks for room to double a file "
        "that grows past 1 MiB, 2, 4, and so on; more may be had where the page calls "
        "`navigator.storage.persist()`"
    ),
    "SecurityError": (
        "the browser gives this page no storage: a private window (Firefox), blocked cookies, or "
        "an opaque origin"
    ),
    "NotAllowedError": "the settings of this site give it no storage",
    "NoOpfsError": (
        "this browser or page has no origin private file system: it needs a secure context, https "
        "or 127.0.0.1, and Safari has none in private windows"
    ),
    "NotInPageError": (
        "a worker may not ask: have the page call `navigator.storage.persist()`, as "
        "requestPersistence() of the client in JavaScript does"
    ),
    "NotInWorkerError": (
        "synchronous files exist only in a dedicated worker: load Pyodide inside `new Worker(...)`"
    ),
    "NotSupportedError": (
        "this browser has no files that a worker can write and make durable, as WebKitGTK has "
        "none; use another browser"
    ),
}


def os_error(name: str, text: str) -> OSError:
    """Return the OSError for an exception of JavaScript with this name and text."""
    text = "" if text == name else text
    reason = _REASONS.get(name, text)
    error = OSError(_NUMBERS.get(name, errno.EIO), f"{name}: {reason}" if reason else name)
    if text and text != reason:
        error.add_note(f"the browser said: {text}")
    return error
