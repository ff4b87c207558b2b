"""How a kv writes its values: text as UTF-8, bytes as they are, JSON as `json_value` does.

Which of them it is stands in the record of the namespace, and not at each value. A subclass of str
is refused, for it would come back as a str. Absent on purpose: pickles, which can do anything when
they are read; `mapping` and a `shelve.Shelf` are for those who trust the file.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, cast

from libredb.lens.keys.encoding import utf8
from libredb.lens.values.json_value import decode, encode, wrong_value

Values = Literal["str", "bytes", "json"]


class Form(NamedTuple):
    """How values are written.

    Attributes:
        dump: Returns the bytes of a value, or raises InvalidValueError.
        load: Returns the value of these bytes, or raises UnicodeError or DamagedEntryError.
    """

    dump: Callable[[Any], bytes]
    load: Callable[[bytes], Any]


def _dump_text(value: object) -> bytes:
    if type(value) is not str:
        raise wrong_value((), "a str", value)
    return utf8(value)


def _dump_bytes(value: object) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise wrong_value((), "bytes", value)
    return bytes(cast(bytes, value))


FORMS: dict[str, Form] = {
    "str": Form(_dump_text, bytes.decode),
    "bytes": Form(_dump_bytes, bytes),
    "json": Form(encode, decode),
}
