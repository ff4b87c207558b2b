"""The exit codes of commands, and which error leads to which.

0  done                            5  input or output failed
1  not found, or missing           6  data or a lens refused it, or they do not agree
2  the call is wrong               7  a mistake in libredb
3  open for writing elsewhere    130  interrupted from the keyboard
4  no database, or damaged       143  terminated by SIGTERM
"""

import libredb

NOT_FOUND, USAGE, CORRUPT, INPUT_OUTPUT, REFUSED, BUG, INTERRUPTED = 1, 2, 4, 5, 6, 7, 130

EXIT_CODES: list[tuple[type[Exception], int]] = [
    (libredb.DatabaseLockedError, 3),
    (libredb.IncompleteReadError, INPUT_OUTPUT),
    (libredb.LogFileError, CORRUPT),
    (OSError, INPUT_OUTPUT),
    (libredb.MissingKeyError, NOT_FOUND),
    (libredb.LensError, REFUSED),
    (libredb.LibreDBError, USAGE),
    (Exception, BUG),
]
"""The first class that fits decides: an error of ours can be an OSError as well."""


def exit_code_of(error: Exception) -> int:
    """Return the exit code of a command that this error has ended."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))
