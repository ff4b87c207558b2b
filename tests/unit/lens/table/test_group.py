"""Groups count and sum rows that have columns in common, in the order of those."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from libredb import Store, UsageTypeError
from libredb.lens.table.opening import table
from libredb.lens.table.table import Table
from tests.unit.lens.table.classes import Color, Everything


@dataclass
class Sale:
    id: int
    color: Color | None
    shop: str
    count: int
    price: Decimal | None = None
    ratio: float = 0.5


@pytest.fixture
def sales(store: Store) -> Table[Sale]:
    """Return some sales."""
    sales = table(store, "sales", Sale, index=["color"])
    sales.insert_many(
        [
            Sale(1, Color.RED, "a", 1, Decimal("1.50")),
            Sale(2, Color.RED, "b", 2, None),
            Sale(3, None, "a", 3, None),
            Sale(4, Color.BLUE, "a", 4, Decimal("2.5")),
            Sale(5, Color.RED, "a", 5, Decimal("0.25")),
        ]
    )
    return sales


def test_groups_are_counted_in_the_order_of_what_they_have_in_common(sales: Table[Sale]) -> None:
    by_color = sales.group_by(lambda s: s.color)
    assert list(by_color.count().items()) == [(None, 1), (Color.BLUE, 1), (Color.RED, 3)]
    by_both = sales.group_by(lambda s: (s.shop, s.color))
    assert by_both.count()["a", Color.RED] == 2
    assert repr(by_color) == "<Groups of 'sales': all>"


def test_a_selection_is_grouped_as_it_is_limited(sales: Table[Sale]) -> None:
    assert sales.where(lambda s: s.count > 2).group_by("shop").count() == {"a": 3}
    assert sales.order_by("count").limit(2).group_by("shop").count() == {"a": 1, "b": 1}


def test_numbers_are_summed_and_averaged_without_none(sales: Table[Sale]) -> None:
    by_color = sales.group_by(lambda s: s.color)
    assert by_color.sum(lambda s: s.count) == {None: 3, Color.BLUE: 4, Color.RED: 8}
    prices = by_color.sum(lambda s: s.price)
    assert prices == {None: Decimal(0), Color.BLUE: Decimal("2.5"), Color.RED: Decimal("1.75")}
    assert by_color.avg(lambda s: s.price)[Color.RED] == Decimal("0.875")
    assert by_color.avg("price")[None] is None
    assert by_color.avg("count")[Color.RED] == 8 / 3
    assert by_color.sum("ratio")[Color.RED] == 1.5


def test_the_least_and_the_greatest_of_any_order(sales: Table[Sale]) -> None:
    by_shop = sales.group_by("shop")
    assert by_shop.min(lambda s: s.count) == {"a": 1, "b": 2}
    assert by_shop.max(lambda s: s.count) == {"a": 5, "b": 2}
    assert by_shop.max("color") == {"a": Color.RED, "b": Color.RED}
    assert by_shop.min("color") == {"a": Color.BLUE, "b": Color.RED}
    assert by_shop.min("price") == {"a": Decimal("0.25"), "b": None}


def test_what_makes_no_sense_is_refused(sales: Table[Sale], store: Store) -> None:
    by_shop = sales.group_by("shop")
    with pytest.raises(UsageTypeError, match="color is of type enum_str"):
        by_shop.sum("color")
    with pytest.raises(UsageTypeError, match="shop is of type str, and no number"):
        by_shop.avg("shop")
    with pytest.raises(UsageTypeError, match="one column comes to something"):
        by_shop.max(lambda s: (s.count, s.ratio))
    things = table(store, "things", Everything)
    for name in ("facts", "parts", "extra"):
        with pytest.raises(UsageTypeError, match="no groups by"):
            things.group_by(name)
        with pytest.raises(UsageTypeError, match="no least value"):
            things.group_by("count").min(name)
