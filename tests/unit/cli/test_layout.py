"""Claim: a table is aligned, never wider than its terminal, and cut nowhere else."""

import random
from collections.abc import Sequence

import pytest

from libredb.cli.layout import Number, cell_width, cut, fitted, layout


def lines(
    heads: list[str], rows: Sequence[Sequence[object]], width: int | None = None, indent: str = ""
) -> list[str]:
    return [line.text for line in layout(heads, rows, width, indent=indent)]


def test_columns_are_aligned_and_numbers_stand_to_the_right() -> None:
    rows: Sequence[Sequence[object]] = [["notes", 5, None], ["settings", Number("12,345"), "x"]]
    assert lines(["name", "count", "note"], rows, indent=" ") == [
        " name       count  note",
        " notes          5",
        " settings  12,345  x",
    ]


def test_a_character_of_two_columns_takes_two_and_a_mark_none() -> None:
    assert [cell_width(text) for text in ("", "ab", "\u6c34", "e\u0301", "\u6c34a")] == [
        0,
        2,
        2,
        1,
        3,
    ]
    assert lines(["a", "b"], [["\u6c34", "x"], ["yy", "z"]]) == ["a   b", "\u6c34  x", "yy  z"]


def test_a_file_gets_all_of_a_cell_and_a_terminal_what_fits() -> None:
    long = "x" * 100
    assert lines(["a", "b"], [[long, "y"]])[1] == f"{long}  y"
    assert lines(["a", "b"], [[long, "y"]], 20)[1] == "x" * 14 + "...  y"


def test_columns_without_room_are_named_below() -> None:
    heads = [f"column {number}" for number in range(20)]
    found = lines(heads, [["a long value"] * 20], 80)
    assert found[-1].startswith("not shown: column 10, column 11")
    assert all(len(line) <= 80 for line in found)


def test_nothing_is_wider_than_the_terminal_whatever_is_in_it() -> None:
    generator = random.Random(23)
    for number in range(500):
        columns, width = generator.randrange(1, 12), generator.randrange(10, 130)
        heads = ["h" * generator.randrange(1, 20) for _ in range(columns)]
        cells = ["\u6c34" * generator.randrange(30), "e\u0301" * 9, 7, None, "word " * 5]
        rows = [generator.choices(cells, k=columns) for _ in range(generator.randrange(5))]
        for line in lines(heads, rows, width):
            assert cell_width(line) <= width, (number, width, line)


def test_the_widest_column_gives_way_first() -> None:
    assert fitted([5, 40, 10], 40) == [5, 21, 10]
    assert fitted([5, 30, 30], 40) == [5, 15, 16]
    assert fitted([5, 5], 80) == [5, 5]
    assert fitted([50], 3) == [3]


def test_what_is_cut_ends_in_dots_as_far_as_there_is_room() -> None:
    assert [cut("abcdef", width) for width in (6, 5, 3, 2, 0)] == [
        "abcdef",
        "ab...",
        "...",
        "..",
        "",
    ]
    assert cut("\u6c34\u6c34\u6c34", 5) == "\u6c34..."


def test_rows_behind_the_measured_ones_are_there_in_full() -> None:
    rows: Sequence[Sequence[object]] = [["a", "b"]] * 600 + [["longer", "b"]]
    assert lines(["x", "y"], rows)[-1] == "longer  b"


@pytest.mark.parametrize("width", [None, 80])
def test_a_table_without_rows_has_its_heads(width: int | None) -> None:
    assert lines(["a", "b"], [], width) == ["a  b"]
