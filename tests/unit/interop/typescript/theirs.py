"""A database of ours that goes through recorded calls of the TypeScript lenses, one by one.

Before each call it is made anew, by upgrading the file that theirs would be by then. So a call that
reads tells whether an upgraded database shows what theirs showed, and one that writes, whether the
same write leaves what theirs left, once it is converted back.
"""

from collections.abc import Callable
from typing import Any

import libredb
from libredb import Database, LensError, UsageError
from libredb.interop import upgrade
from libredb.interop.typescript import javascript
from libredb.interop.typescript.layout import CATALOG, Collection, collection_of
from libredb.interop.typescript.log import write_log
from libredb.interop.typescript.outgoing import outgoing
from libredb.interop.typescript.sorting import columns_of
from sim.world.filesystem import SimFileSystem

Step = list[Any]
Entries = dict[bytes, bytes]
UNDEFINED = {"$undefined": True}


def called(entries: Entries, step: Step) -> tuple[Any, Entries]:
    """Return what a call answers here, and what is there afterwards, in their form."""
    fs = SimFileSystem()
    fs.install("old", write_log([entries.items()]))
    upgrade("old", "new", fs=fs)
    with libredb.open("new", fs=fs) as db:
        try:
            answer = {"ok": CALLS[step[0]](db, *step[1:])}
        except (LensError, UsageError):
            answer = "error"
        with db.read() as tx:
            return answer, outgoing(tx, "default").entries


def written(entries: Entries, step: Step) -> Entries:
    """Return what a call that succeeded has left over there."""
    left = dict(entries)
    what, *arguments = step
    if what == "kernel_set":
        key, value = map(bytes.fromhex, arguments)
        left[key] = value
    elif what == "kv" and arguments[0] == "set":
        left[utf8(arguments[1])] = utf8(arguments[2])
    elif what == "kv" and arguments[0] == "delete":
        left.pop(utf8(arguments[1]), None)
    elif what == "doc" and arguments[1:2] == ["put"]:
        name, _, id_, document = arguments
        left.setdefault(*Collection(name).entry())
        left[Collection(name).key_of(id_)] = utf8(javascript.write(document))
    elif what in {"doc", "table"} and "delete" in arguments:
        left.pop(Collection(arguments[0]).key_of(arguments[-1]), None)
    elif what == "table":
        name, schema, *rest = arguments
        left.setdefault(*Collection(name, schema["primaryKey"], schema["columns"]).entry())
        if rest[:1] == ["insert"]:
            row = rest[1]
            key = Collection(name).key_of(row[schema["primaryKey"]])
            left[key] = utf8(javascript.write(row))
    return dict(sorted(left.items()))


def utf8(text: str) -> bytes:
    """Return a text as it is kept."""
    return text.encode()


def dump(db: Database) -> Any:
    with db.read() as tx:
        entries = outgoing(tx, "default").entries
    return [[key.hex(), value.hex()] for key, value in sorted(entries.items())]


def catalog(db: Database) -> Any:
    found: list[Any] = []
    with db.read() as tx:
        entries = outgoing(tx, "default").entries
    for key, value in sorted(entries.items()):
        if key.startswith(CATALOG):
            collection = collection_of(key, value)
            if collection is None:
                raise UsageError("what is there was not written by a lens")
            found.append([collection.name, javascript.read(value.decode())])
    return found


def kv(db: Database, method: str, *arguments: str) -> Any:
    lens = libredb.kv(db)
    if method == "get":
        return lens.get(arguments[0], UNDEFINED)
    if method == "set":
        lens.set(*arguments)
        return {"changed": 1}
    if method == "delete":
        return {"changed": int(lens.delete(*arguments))}
    rows = lens.scan(prefix=arguments[0]) if method == "prefix" else lens.scan(*arguments)
    return {"$rows": [{"key": key, "value": value} for key, value in rows]}


def kernel_set(db: Database, key: str, value: str) -> Any:
    db.set(bytes.fromhex(key), bytes.fromhex(value))
    return UNDEFINED


def doc(db: Database, name: str, method: str = "", *arguments: Any) -> Any:
    lens = libredb.documents(db, name)
    if method == "get":
        found = lens.get(*arguments)
        return UNDEFINED if found is None else without_id(found)
    if method == "put":
        lens.put({"id": arguments[0], **arguments[1]})
        return {"changed": 1}
    if method == "delete":
        return {"changed": int(lens.delete(*arguments))}
    if method in {"all", "find"}:
        found = lens.find(*arguments)
        return {"$rows": [{"id": each["id"], "doc": without_id(each)} for each in found]}
    lens.count()
    return None


def without_id(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as theirs shows it beside its id."""
    return {name: value for name, value in document.items() if name != "id"}


def table(db: Database, name: str, schema: Any, method: str = "", *arguments: Any) -> Any:
    collection = Collection(name, schema["primaryKey"], schema["columns"])
    lens = libredb.table(db, name, columns_of(collection), key=schema["primaryKey"])
    lens.insert_many([])
    if method == "insert":
        return {"changed": int(lens.upsert(*arguments) in {"inserted", "updated"})}
    if method == "get":
        found = lens.get(*arguments)
        return UNDEFINED if found is None else found
    if method == "delete":
        return {"changed": int(lens.delete(*arguments))}
    if method == "where":
        return {"$rows": list(lens.find(*arguments))}
    return {"$rows": list(lens)} if method == "all" else None


CALLS: dict[str, Callable[..., Any]] = {
    "kv": kv,
    "kernel_set": kernel_set,
    "doc": doc,
    "table": table,
    "dump": dump,
    "catalog": catalog,
}
