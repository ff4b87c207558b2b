"""One document as a row: its id as a key, and all the rest of it as JSON.

    {"id": "a1", "level": "warn", "at": 7}    is kept as
    P 01 02 "a1" 00  ->  00 version {"level":"warn","at":7}

An id is a str that is not empty, or, where a counter gives the ids, an int. It comes first when a
document is read, whatever place it had. A document is checked as it is encoded, before anything is
written, and nothing of a caller's dict is kept. Absent on purpose: the id in the JSON, where it
could say something else than the key.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from libredb.kernel.errors import UsageValueError
from libredb.lens.errors import DamagedEntryError, InvalidValueError
from libredb.lens.keys.encoding import Part, pack, prefix_range, unpack
from libredb.lens.rows.collection import Collection, Given, problems
from libredb.lens.rows.ids import last_count, save_count
from libredb.lens.rows.row import MAX_ID_BYTES, Form, Plain, Rows, check_id_size, placed
from libredb.lens.values.expression import And, Expression, compiled, conjuncts
from libredb.lens.values.json_value import MISSING, Json, decode, encode, type_of, wrong_value
from libredb.lens.values.patch import ID, Patch

Document = dict[str, Any]


def row_of(document: Json, new_id: Callable[[], str] | None) -> Plain:
    """Return a copy of a document that begins with its id, a new one, or MISSING, if it has none.

    Raises:
        InvalidValueError: it is no dict.
    """
    if type_of(document) is not dict:
        raise wrong_value((), "a document, which is a dict", document)
    if ID in document:
        return {ID: document[ID], **document}
    return {ID: MISSING if new_id is None else new_id(), **document}


def _pack_text(id: object) -> bytes:  # noqa: A002 - as documents call it
    if type(id) is not str or not id:
        raise wrong_value((ID,), "a str that is not empty", id)
    return _packed(id)


def _pack_number(id: object) -> bytes:  # noqa: A002 - as documents call it
    if type(id) is not int:
        raise wrong_value((ID,), "an int", id)
    return _packed(id)


def _packed(id: str | int) -> bytes:  # noqa: A002 - as documents call it
    try:
        return check_id_size(pack((id,)), id)
    except InvalidValueError as error:
        raise InvalidValueError(f"id: {error}", id=id, field=ID, expected=error.expected) from None


def _unpack(packed: bytes) -> Json:
    text = packed[1:-1]
    if text.isascii() and 0 not in text and packed == b"\2%b\0" % text:
        return text.decode()  # what most ids are, without a call
    parts = unpack(packed)
    if len(parts) != 1 or type(parts[0]) not in {str, int}:
        raise DamagedEntryError(f"{packed.hex(' ')} is no id of a document", actual=packed)
    return parts[0]


def _part_of(_: int, value: Json) -> "Part | None":
    """Return what a value is in a packed id; no id is another type of value, or empty, or huge."""
    kind = type_of(value)
    if kind is float and value.is_integer():
        return int(value)
    if kind is int:
        return value
    return value if kind is str and 0 < len(value.encode()) < MAX_ID_BYTES else None


def _encode(row: Plain) -> bytes:
    rest = dict(row)
    del rest[ID]
    return encode(rest)


def _decode(packed: bytes, data: bytes) -> Plain:
    found = decode(data)
    if type_of(found) is not dict or ID in found:
        raise DamagedEntryError("a stored document is no dict, or has an id in itself", actual=data)
    return {ID: _unpack(packed), **found}


_KEY = ((ID,),)

NAMED = Form("document", _KEY, _part_of, _pack_text, _unpack, _encode, _decode)
"""Documents whose ids are texts."""
COUNTED = Form("document", _KEY, _part_of, _pack_number, _unpack, _encode, _decode)
"""Documents whose ids a counter gives."""


def prepared(
    documents: Iterable[Json], form: Form, new_id: Callable[[], str] | None, name: str
) -> list[Given]:
    """Return documents as they are written; an id that is MISSING is to be counted.

    Raises:
        InvalidValueError: one of them cannot be stored in the namespace of that name.
    """
    given: list[Given] = []
    pack, encode = form.pack, form.encode
    for document in documents:
        id = None  # noqa: A001 - as documents call it
        try:
            row = row_of(document, new_id)
            id = row[ID]  # noqa: A001 - as above
            given.append(Given(b"" if id is MISSING else pack(id), row, encode(row)))
        except InvalidValueError as error:
            place = f"document {len(given) + 1} for {name!r}"
            raise placed(error, place, name, None if id is MISSING else id) from None
    return given


def numbered(collection: Collection, given: Sequence[Given]) -> list[Given]:
    """Return documents with ids, of which the counter gives those that are missing."""
    start = last = last_count(collection.tx, collection.namespace)
    result: list[Given] = []
    for each in given:
        number = each.row[ID] if each.packed else last + 1
        last = max(last, number)
        row = {**each.row, ID: number}
        result.append(Given(collection.form.pack(number), row, each.data))
    if last > start:
        save_count(collection.writer, collection.namespace, last)
    return result


def problems_of_counted(rows: Rows) -> list[str]:
    """Return what `problems` does, and whether the counter would give an id again.

    Reads two keys more.
    """
    found = problems(rows)
    try:
        last = last_count(rows.tx, rows.namespace)
        for key, _ in rows.tx.scan(*prefix_range(rows.prefix), reverse=True, limit=1):
            greatest = rows.form.unpack(key[len(rows.prefix) :])
            if type(greatest) is int and greatest > last:
                found.append(f"the counter is at {last}, and there is the document {greatest}")
    except DamagedEntryError as error:
        found.append(str(error))
    return found


def seed_of(expression: Expression) -> Document:
    """Return the document that has just what a filter asks for.

    Raises:
        UsageValueError: it asks for something else than equality, or contradicts itself.
    """
    conditions = conjuncts(expression)
    parts = expression.parts if type(expression) is And else (expression,)
    if len(conditions) < len(parts) or any(each.operator != "$eq" for each in conditions):
        raise UsageValueError(f"an upsert finds by equality alone, not by: {expression!r}")
    equal = {each.path: each.operand for each in conditions}
    id = {ID: equal.pop(_KEY[0])} if _KEY[0] in equal else {}  # noqa: A001 - as documents call it
    seed = Patch.parse(equal).apply(id)
    if not compiled(expression)(seed):
        raise UsageValueError(f"no document can be like this: {expression!r}")
    return seed
