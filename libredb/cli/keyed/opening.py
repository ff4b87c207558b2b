"""Which of the four a name is. Without one, it is the raw keys.

A new namespace is made where its kind is said, and nowhere else: a misspelt name makes none.
Absent on purpose: new tables, for nobody says here what their columns are.
"""

from typing import Any, cast

import libredb
from libredb import KV, Database, Documents, MissingKeyError, Table, UsageError
from libredb.cli.keyed.entry import Keyed
from libredb.cli.keyed.raw import RawKeys
from libredb.cli.keyed.rows import DocumentsById, RowsByKey
from libredb.cli.keyed.text import TextKeys
from libredb.cli.notation import Notation
from libredb.interop import recorded_lens
from libredb.interop.namespaces import key_and_columns

KINDS = ("str", "bytes", "json", "documents")
"""What a new namespace can be: a kv by its values, or documents."""


def keyed(db: Database, name: str | None, notation: Notation) -> Keyed:
    """Return what a namespace keeps, or the raw keys.

    Raises:
        MissingKeyError: there is no such namespace.
    """
    if name is None:
        return RawKeys(db, notation)
    lens = recorded_lens(db, name)
    if isinstance(lens, Table):
        key, columns = key_and_columns(db, name)
        return RowsByKey(db, lens, key, columns, notation)
    if isinstance(lens, Documents):
        return DocumentsById(db, lens, notation)
    values = libredb.catalog(db).describe(name)["schema"]["values"]
    return TextKeys(db, lens, values, notation)


def keyed_or_new(db: Database, name: str | None, notation: Notation, kind: str | None) -> Keyed:
    """Return the same, and for a name that is not there what the first write makes of it.

    Raises:
        MissingKeyError: there is no such namespace, and no kind is given.
        UsageError: there is a kind without a name.
    """
    if kind is not None and name is None:
        raise UsageError("--kind says what a new namespace is; name it with --namespace")
    try:
        return keyed(db, name, notation)
    except MissingKeyError as error:
        if kind is None or name is None:
            raise MissingKeyError(f"{error}; --kind makes one") from None
    if kind == "documents":
        return DocumentsById(db, libredb.documents(db, name), notation)
    lens = cast(KV[Any], libredb.kv(db, name, cast(Any, kind)))
    return TextKeys(db, lens, kind, notation)
