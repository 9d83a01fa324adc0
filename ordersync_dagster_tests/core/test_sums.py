"""Sums of money by currency."""

from decimal import Decimal

from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.sums import sums_by_currency, sums_text


def test_each_currency_is_summed_alone_and_exactly() -> None:
    prices = [Price(Decimal("0.1"), "usd"), None, Price(Decimal("0.2"), "usd"), Price(Decimal("1204"), "eur")]
    assert sums_by_currency(prices) == {"eur": Decimal(1204), "usd": Decimal("0.3")}
    assert sums_text(sums_by_currency(prices)) == "EUR 1,204.00 and USD 0.30"


def test_decimals_are_those_of_the_currency_and_nothing_is_rounded() -> None:
    sums = {"jpy": Decimal(800), "kwd": Decimal("1.5"), "usd": Decimal("1.005"), "zzz": Decimal("7.1")}
    assert sums_text(sums) == "JPY 800 and KWD 1.500 and USD 1.005 and ZZZ 7.1"
    assert sums_text({}) == ""
