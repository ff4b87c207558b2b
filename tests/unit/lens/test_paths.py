"""A path leads through objects only, and is well-formed before it leads anywhere."""

from typing import Any

import pytest

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.values.json_value import MISSING, dotted, parse_path, value_at
from tests.support.case import case


def test_a_str_is_split_at_its_dots_and_a_tuple_is_not() -> None:
    assert parse_path("a") == ("a",)
    assert parse_path("a.b c.\u00e9") == ("a", "b c", "\u00e9")
    assert parse_path(("a.b", "$c", "")) == ("a.b", "$c", "")


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a..b", (), "$a", "a.$b", "\ud800", ("\ud800",)]
)
def test_a_path_that_leads_nowhere_is_refused(path: Any) -> None:
    with pytest.raises(UsageValueError, match="path"):
        parse_path(path)


@pytest.mark.parametrize("path", [None, 5, b"a", ["a"], ("a", 1), ("a", None), {"a": 1}])
def test_a_path_is_text_or_a_tuple_of_text(path: Any) -> None:
    with pytest.raises(UsageTypeError, match="a path is a str or a tuple of str"):
        parse_path(path)


def test_a_path_leads_through_objects_only() -> None:
    document = {"a": {"b": {"c": 1}, "n": None}, "l": [{"x": 1}], "s": "text", "a.b": 2, "": 3}
    found = {
        ("a", "b", "c"): 1,
        ("a", "n"): None,
        ("a.b",): 2,
        ("",): 3,
        ("a", "b"): {"c": 1},
        ("x",): MISSING,
        ("a", "x", "y"): MISSING,
        ("a", "n", "x"): MISSING,
        ("a", "b", "c", "d"): MISSING,
        ("l", "0"): MISSING,
        ("l", "x"): MISSING,
        ("s", "0"): MISSING,
    }
    for path, value in found.items():
        with case(path=path):
            assert value_at(document, path) == value
    assert value_at(["a"], ("a",)) is MISSING


def test_a_path_is_shown_with_dots_and_quoted_where_it_would_be_mistaken() -> None:
    shown = {
        (): "",
        ("a", "b c", "\u00e9"): "a.b c.\u00e9",
        ("a", 0, "b", 12, 3): "a[0].b[12][3]",
        (0, "a"): "[0].a",
        ("a.b", "", "c[0]", 'd"'): '"a.b".""."c[0]"."d\\""',
        ("a\n", "\ud800"): '"a\\n"."\\ud800"',
    }
    for path, text in shown.items():
        with case(path=path):
            assert dotted(path) == text
