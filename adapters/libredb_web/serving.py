"""What the worker of a page answers for a storage; importing this registers both functions.

Texts cross, and no values: JavaScript, which is between the two, has one type for all numbers.
"""

import json

from libredb import Database, Store
from libredb.remote import functions
from libredb_web import entries


def read(db: Database) -> str:
    """Return the JSON of every key, as one JSON object."""
    return json.dumps(db.read(entries.read))


def write(tx: Store, changes: str) -> None:
    """Do what such an object says; null deletes."""
    entries.write(tx, json.loads(changes))


functions.register(read, name="libredb_web.read")
functions.transaction(write, name="libredb_web.write")
