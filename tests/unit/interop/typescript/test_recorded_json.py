"""Claim: JSON is written as JavaScript wrote it, number by number, and read as it read it."""

from struct import unpack

from libredb.interop.typescript import javascript
from tests.unit.interop.typescript.recorded import needs_recorded, recorded

pytestmark = needs_recorded


def test_every_recorded_number_is_written_with_the_same_digits_and_read_again() -> None:
    vectors = recorded("json_vectors.json")["numbers"]
    for bits, text in vectors:
        (value,) = unpack(">d", bytes.fromhex(bits))
        assert javascript.write(value) == text, bits
        assert text == "null" or javascript.read(text) == value, bits
    assert len(vectors) == 536


def test_every_recorded_character_is_escaped_or_not_as_it_was() -> None:
    vectors = recorded("json_vectors.json")["chars"]
    for code_unit, literal in vectors:
        character = chr(int(code_unit, 16))
        assert javascript.write(character).encode().hex() == literal, code_unit
        assert javascript.read(bytes.fromhex(literal).decode()) == character, code_unit
    assert len(vectors) == 269


def test_every_recorded_object_has_its_names_in_the_same_order() -> None:
    vectors = recorded("json_vectors.json")["objects"]
    for pairs, text in vectors:
        value = {name: each for name, each in pairs}  # noqa: C416 - the last of two values counts
        assert javascript.write(value) == text, pairs
        assert list(javascript.read(text)) == list(javascript.read(javascript.write(value)))
    assert len(vectors) == 40
