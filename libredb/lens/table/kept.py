"""The rows of a table as a collection keeps them, and where they are read from.

    P 01 (key)  00 version {"name":"Ada","age":36}    a row: what its key does not tell, as JSON
    P 03 (i) .. (key)                                 an entry of index i, of plain values

A row has all columns of its class, but for those that were added since it was written: these have
the default that is recorded. A key is packed from plain values, whose order as parts is that of
their order keys. Absent on purpose: a row without names, which would be shorter, and which nobody
could read without the class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, Generic, TypeVar

from libredb.kernel.transaction import Reader
from libredb.lens.errors import DamagedEntryError
from libredb.lens.keys.encoding import Part, pack, unpack
from libredb.lens.keys.namespace import Namespace
from libredb.lens.rows.collection import Given
from libredb.lens.rows.result import Source
from libredb.lens.rows.row import MAX_ID_BYTES, Form, Plain, Rows, check_id_size
from libredb.lens.table.columns import Kind, PlainValue
from libredb.lens.table.recorded import Recorded
from libredb.lens.table.schema import Parts, Schema
from libredb.lens.values.json_value import Json, decode, encode

T = TypeVar("T")
U = TypeVar("U")

_PART_TYPES: dict[str, type[Any]] = {
    "str": str,
    "enum_str": str,
    "bytes": bytes,
    "uuid": bytes,
    "bool": bool,
}
"""What the parts of a key are, by the type of the column; of all others they are int."""

_WRITERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("str", "enum_str"), encode_basestring),
    **dict.fromkeys(("int", "enum_int", "datetime", "naive_datetime"), int.__repr__),
    "bool": lambda value: "true" if value else "false",
}
_TEXTS = frozenset({"bytes", "date", "decimal", "uuid"})
"""Types that are stored as text."""


def form_of(schema: Schema[Any], recorded: Recorded) -> Form:
    """Return how the rows of a class are kept that is not behind what is recorded."""
    types = [_PART_TYPES.get(schema.columns[name].kind.name, int) for name in schema.key]
    parts_of = schema.parts_of_key
    return Form(
        noun="row",
        key=tuple((name,) for name in schema.key),
        part_of=lambda number, value: _part(types[number], value),
        pack=lambda key: check_id_size(pack(parts_of(key)), key),
        unpack=lambda packed: schema.key_of(_parts(packed, len(types))),
        encode=row_encoder(schema),
        decode=row_decoder(schema.table, recorded),
    )


def old_form(table: str, recorded: Recorded) -> Form:
    """Return how rows are kept of which only the record is known; ids are the parts of keys."""
    return Form(
        noun="row",
        key=tuple((name,) for name in recorded.key),
        part_of=lambda _, __: None,
        pack=pack,
        unpack=unpack,
        encode=encode,  # nobody writes such rows
        decode=row_decoder(table, recorded),
    )


def given_of(schema: Schema[Any], form: Form, plain: Plain) -> Given:
    """Return a row to be written, or refuse its key or its size."""
    parts = schema.parts_of(plain)
    packed = pack(parts)
    if len(packed) > MAX_ID_BYTES:
        check_id_size(packed, schema.key_of(parts))
    return Given(packed, plain, form.encode(plain))


def row_encoder(schema: Schema[Any]) -> Callable[[Plain], bytes]:
    """Return what makes the bytes of a row of its plain values, all of which were checked.

    It returns what `encode` of `stored_of` would, in a third of the time: a table does this for
    every write.
    """
    columns = [
        (column.name, f"{encode_basestring(column.name)}:", _writer(column.kind))
        for column in schema.row_type.columns
        if column.name not in schema.key
    ]

    def encoded(plain: Plain) -> bytes:
        try:
            pairs = [
                head + (write(plain[name]) if plain[name] is not None else "null")
                for name, head, write in columns
            ]
        except (TypeError, AttributeError):  # a damaged row, which `check` holds against its bytes
            return encode(schema.stored_of(plain))
        return f"{{{','.join(pairs)}}}".encode()

    return encoded


def _writer(kind: Kind) -> Callable[[PlainValue], str]:
    """Return what makes JSON text of the plain values of a column."""
    if kind.name in _WRITERS:
        return _WRITERS[kind.name]
    write = kind.form.write if kind.form else None
    if write is None or kind.name not in _TEXTS:
        return lambda value: encode(value if write is None else write(value)).decode()
    return lambda value: encode_basestring(write(value))


def row_decoder(table: str, recorded: Recorded) -> Callable[[bytes, bytes], Plain]:
    """Return what makes the plain values of a row from its packed key and its bytes."""
    read, names, count = recorded.reader(), recorded.columns.keys(), len(recorded.key)

    def decoded(packed: bytes, data: bytes) -> Plain:
        parts = _parts(packed, count)
        stored: Json = decode(data)
        plain: Plain = read(parts, stored) if type(stored) is dict else {}
        if plain.keys() != names:
            message = f"{table}: a row has other columns than those that are recorded"
            raise DamagedEntryError(message, namespace=table, id=parts, actual=data)
        return plain

    return decoded


@dataclass(frozen=True, slots=True)
class Origin(Generic[T]):
    """What the rows of a table are read from.

    Attributes:
        source: The namespace, and how it is read.
        schema: What its rows are.
        form: Returns how rows are kept under a record, or refuses that.
        store: What tells whether two tables are of one database, or of one transaction.
    """

    source: Source
    schema: Schema[T]
    form: Callable[[Namespace], Form]
    store: object

    def rows(self, tx: Reader, namespace: Namespace) -> Rows:
        """Return the rows as one reader sees them."""
        return Rows(tx, namespace, self.form(namespace))

    def read(self, work: Callable[[Rows], U], absent: Callable[[], U]) -> U:
        """Return what `work` makes of the rows in one state, or `absent()` without a table."""
        return self.source.read(lambda tx, namespace: work(self.rows(tx, namespace)), absent)


def _part(kind: type[Any], value: PlainValue) -> "Part | None":
    if type(value) is kind:
        return value
    is_whole = kind is int and type(value) is float and value.is_integer()
    return int(value) if is_whole else None


def _parts(packed: bytes, count: int) -> Parts:
    parts = unpack(packed)
    if len(parts) != count:
        raise DamagedEntryError(f"a key has {count} parts, and not {len(parts)}", actual=packed)
    return parts
