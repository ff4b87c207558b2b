"""Claim: whatever bytes are printed can be typed back, and no byte of them moves a cursor."""

import json
import random

import pytest

from libredb.cli.escapes import escape, json_text, unescape

ENCODINGS = ("utf-8", "ascii", "latin-1", "cp437")
PIECES = [
    b"key",
    b" ",
    b"\\",
    b"\\x41",
    b"\n",
    b"\t",
    b"\x1b[31m",
    b"\xc3\xa9",
    b"\xff",
    b"\xc2\x9b",
]


def random_bytes(generator: random.Random) -> bytes:
    if generator.random() < 0.5:
        return generator.randbytes(generator.randrange(12))
    return b"".join(generator.choices(PIECES, k=generator.randrange(6)))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_escaped_comes_back_and_can_be_printed(encoding: str) -> None:
    generator = random.Random(21)
    for number in range(5000):
        data = random_bytes(generator)
        text = escape(data, encoding)
        assert unescape(text) == data, (number, data, text)
        assert text.isprintable(), (number, data, text)
        text.encode(encoding)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"user:1 a", "user:1 a"),
        ("é\u6c34".encode(), "é\u6c34"),
        (b"a\\b", "a\\\\b"),
        (b"\n\r\t\0\x7f\xff", "\\n\\r\\t\\x00\\x7f\\xff"),
        ("\u202e".encode(), "\\xe2\\x80\\xae"),
    ],
)
def test_bytes_have_one_text(data: bytes, text: str) -> None:
    assert escape(data) == text
    assert unescape(text) == data


def test_upper_case_digits_are_read_as_well() -> None:
    assert unescape("\\xFF\\xfF") == b"\xff\xff"


@pytest.mark.parametrize("text", ["\\", "\\q", "a\\x4", "\\xgg", "\\u0041", "\\0"])
def test_a_backslash_before_something_else_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=rf"character {text.index(chr(92)) + 1} is no escape"):
        unescape(text)


def test_bytes_that_a_shell_passed_on_stay_and_half_a_character_is_refused() -> None:
    assert unescape("a\udcff") == b"a\xff"
    with pytest.raises(ValueError, match="half of a character stands at character 2"):
        unescape("a\ud800")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_comes_back_and_can_be_printed(encoding: str) -> None:
    generator = random.Random(22)
    for number in range(2000):
        characters = [chr(generator.choice([7, 27, 34, 92, 155, 233, 0x202E, 0x6C34, 0x1F600]))]
        value = {"".join(characters): ["".join(characters * 2), number, None, True]}
        for indent in (None, 2):
            text = json_text(value, encoding, indent=indent)
            assert json.loads(text) == value, (number, text)
            assert all(map(str.isprintable, text.split("\n"))), (number, text)
            text.encode(encoding)
