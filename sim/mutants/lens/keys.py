"""Mistakes in what keys are made of.

Absent on purpose: documents and indexes, whose keys are made of these; see documents.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import LENSES

_ENCODING = "lens/keys/encoding.py"
_ORDER_KEY = "lens/keys/order_key.py"
_TESTS = "tests/unit/lens"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "negative numbers are above positive ones",
        _ENCODING,
        "data.translate(TURNED) if data[0] & 0x80 else DOUBLE.pack(-value)",
        "data if data[0] & 0x80 else DOUBLE.pack(-value)",
        LENSES,
    ),
    one(
        "the range of a prefix holds the key behind it",
        _ENCODING,
        "shortest[:-1] + bytes((shortest[-1] + 1,)) if shortest else None",
        'shortest[:-1] + bytes((shortest[-1] + 1,)) + b"\\0" if shortest else None',
        f"{_TESTS}/keys/test_encoding.py",
    ),
    one(
        "the range of a prefix grows beyond 0xff",
        _ENCODING,
        '    shortest = prefix.rstrip(b"\\xff")\n',
        "    shortest = prefix\n",
        f"{_TESTS}/keys/test_encoding.py",
    ),
    one(
        "a zero byte ends a text in a tuple",
        _ENCODING,
        'b"\\2%b\\0" % utf8(value).replace(b"\\0", b"\\0\\xff")',
        'b"\\2%b\\0" % utf8(value)',
        f"{_TESTS}/keys/test_encoding.py",
    ),
    one(
        "a zero byte ends a text in an index",
        _ORDER_KEY,
        '_escaped(data) if "\\0" in value or "\\1" in value else data',
        "data",
        f"{_TESTS}/keys/test_order_key.py",
    ),
    one(
        "large numbers are equal that no double tells apart",
        _ORDER_KEY,
        "    length = (rest.bit_length() + 7) // 8\n",
        "    rest = length = 0\n",
        f"{_TESTS}/keys/test_order_key.py",
    ),
    one(
        "null is missing in an index",
        _ORDER_KEY,
        'return b"\\x04"',
        'return b"\\x02"',
        f"{_TESTS}/keys/test_order_key.py",
    ),
)
