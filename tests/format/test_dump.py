"""The labelled dump in the documentation is that of a real file."""

from pathlib import Path

import pytest

from tests.support import dump

DOCUMENT = Path(__file__).parents[2] / "docs" / "log-format.md"


@pytest.mark.cpython(reason="reads the documentation")
def test_the_documentation_shows_the_bytes_of_a_real_file() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.count(dump.BEGIN) == text.count(dump.END) == 1
    shown = text[text.index(dump.BEGIN) : text.index(dump.END) + len(dump.END)]
    assert shown + "\n" == dump.markdown()


def test_the_dump_covers_every_byte_of_the_file_that_is_not_padding() -> None:
    data = dump.sample()
    covered = bytearray(len(data))
    for offset, octets, _ in dump.Reader(data).fields:
        covered[offset : offset + len(octets)] = octets
    assert covered == data
    assert dump.Reader(data).entries == {b"pear": b""}


def test_the_dump_is_the_same_every_time() -> None:
    assert dump.markdown() == dump.markdown()
