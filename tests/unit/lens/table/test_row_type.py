"""Classes, models, structs and dicts are read as columns, by their annotations and defaults."""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field, make_dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Optional, Union
from uuid import UUID, uuid4

import pytest

from libredb import UsageTypeError, UsageValueError
from libredb.lens.errors import InvalidValueError
from libredb.lens.table.recorded import Recorded
from libredb.lens.table.row_type import RowType, row_type
from libredb.lens.table.schema import Schema
from tests.support.case import case
from tests.unit.lens.table.classes import User


def schema_of(given: Any, key: Any = "id") -> Schema[Any]:
    return Schema("things", row_type(given), key)


def with_columns(*columns: Any) -> Schema[Any]:
    """Return the schema of a dataclass with an id and these columns."""
    return schema_of(make_dataclass("Thing", [("id", str), *columns]))


def test_annotations_say_the_types() -> None:
    for hint, type_name in [
        (Optional[int], "int?"),  # noqa: UP045 - as people write it
        (Union[None, int], "int?"),  # noqa: UP007 - as above
        (list[int], "list"),
        (dict[str, Any] | None, "dict?"),
        (Any, "any"),
        ("int", "int"),
    ]:
        with case(hint=hint):
            assert with_columns(("c", hint)).columns["c"].type_name == type_name


@pytest.mark.parametrize(
    "hint",
    [int | str, object, set, tuple[int], complex, None, Callable, "Nowhere"],
    ids=["a union", "object", "set", "tuple", "complex", "None", "Callable", "a name"],
)
def test_another_type_is_refused_with_the_name_of_the_column(hint: Any) -> None:
    with pytest.raises(UsageTypeError, match=r"column c|Nowhere"):
        with_columns(("c", hint))


def test_what_is_no_class_of_rows_is_refused() -> None:
    for wrong in (int, "User", None, User("1", "Ada", 36)):
        with case(wrong=wrong), pytest.raises(UsageTypeError, match="the rows of a table are"):
            schema_of(wrong)
    with pytest.raises(UsageTypeError, match="is not taken by `__init__`"):
        with_columns(("c", int, field(init=False, default=1)))
    with pytest.raises(UsageTypeError, match="`__init__` wants c, which is no column"):
        with_columns(("c", InitVar[int]))
    assert list(with_columns(("c", InitVar[int], 3)).columns) == ["id"]


def test_a_default_that_does_not_belong_in_its_column_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="column c: expected int, got None"):
        with_columns(("c", int, None))


def test_a_row_of_one_column_is_a_row() -> None:
    schema = with_columns()
    row = schema.row_of({"id": "1"})
    assert schema.plain_of(row) == {"id": "1"}


def test_class_variables_are_no_columns() -> None:
    @dataclass
    class Thing:
        limit: ClassVar[int] = 3
        id: str = ""

    assert list(schema_of(Thing).columns) == ["id"]


def test_a_dict_says_columns_for_tools() -> None:
    schema = schema_of({"id": "str", "age": "int?", "color": "enum_str"})
    plain = schema.plain_of({"id": "1", "color": "red"})
    assert plain == {"id": "1", "age": None, "color": "red"}
    assert schema.row_of(plain) == plain
    with pytest.raises(InvalidValueError, match="'size' is no column"):
        schema.plain_of({"id": "1", "color": "red", "size": 3})
    with pytest.raises(InvalidValueError, match="column color: no value"):
        schema.plain_of({"id": "1"})
    with pytest.raises(UsageTypeError, match="is a dict, not User"):
        schema.plain_of(User("1", "Ada", 36))


@pytest.mark.parametrize("wrong", [{"id": "text"}, {"id": 5}, {"id": "int??"}, {"id": None}])
def test_a_dict_with_another_type_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageTypeError, match="none of any bool bytes"):
        schema_of(wrong)


@pytest.mark.parametrize("wrong", [{"": "str"}, {5: "str"}])
def test_a_dict_with_another_name_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageValueError, match="name of a column"):
        schema_of(wrong)


def test_anything_else_is_told_by_its_columns_and_the_way_in_and_out() -> None:
    columns = row_type(User).columns
    own = RowType[list[Any]](
        "list",
        columns,
        lambda row: list(row.values()),
        lambda row: dict(zip(["id", "name", "age", "mail"], row, strict=True)),
    )
    schema = schema_of(own)
    assert schema.row_of(schema.plain_of(["1", "Ada", 36, None])) == ["1", "Ada", 36, None]


def test_a_pydantic_model_is_a_class_of_rows() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model(
        "Model",
        id=(UUID, pydantic.Field(default_factory=uuid4)),
        name=(str, pydantic.Field(alias="Name")),
        at=(datetime, ...),
        tags=(list[str], []),
        age=(int | None, pydantic.Field(default=None, ge=0)),
    )
    schema = schema_of(model)
    assert Recorded.of(schema).to_json()["columns"] == {
        "id": {"type": "uuid"},
        "name": {"type": "str"},
        "at": {"type": "datetime"},
        "tags": {"type": "list"},
        "age": {"type": "int", "optional": True},
    }
    defaults = {
        name: column.default and column.default.is_constant
        for name, column in schema.columns.items()
    }
    assert defaults == {"id": False, "name": None, "at": None, "tags": True, "age": True}
    row = model(Name="Ada", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert schema.row_of(schema.plain_of(row)) == row
    with pytest.raises(pydantic.ValidationError):
        schema.row_of(schema.plain_of(row) | {"age": -1})
    plain_model = pydantic.create_model("Plain", id=(str, ...))
    assert schema_of(plain_model).row_of({"id": "1"}) == plain_model(id="1")


def test_a_msgspec_struct_is_a_class_of_rows() -> None:
    msgspec = pytest.importorskip("msgspec")
    struct = msgspec.defstruct(
        "Struct",
        [
            ("id", str),
            ("tags", list[str], []),
            ("new", list[str], msgspec.field(default_factory=lambda: ["new"])),
            ("age", int | None, None),
            ("name", str),
        ],
        kw_only=True,
    )
    schema = schema_of(struct)
    defaults = {
        name: column.default and column.default.is_constant
        for name, column in schema.columns.items()
    }
    assert defaults == {"id": None, "tags": True, "new": False, "age": True, "name": None}
    row = struct(id="1", name="Ada")
    assert schema.plain_of(row) == {
        "id": "1",
        "tags": [],
        "new": ["new"],
        "age": None,
        "name": "Ada",
    }
    assert schema.row_of(schema.plain_of(row)) == row
