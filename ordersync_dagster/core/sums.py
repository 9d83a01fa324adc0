"""Money of several orders: summed by currency, never across currencies."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ordersync_dagster.core.orders import Price


def sums_by_currency(prices: Iterable[Price | None]) -> dict[str, Decimal]:
    """The exact sums, the currencies in the order of the alphabet; None adds nothing."""
    sums: dict[str, Decimal] = {}
    for price in prices:
        if price is not None:
            sums[price.currency] = sums.get(price.currency, Decimal()) + price.amount
    return dict(sorted(sums.items()))


def sums_text(sums: Mapping[str, Decimal]) -> str:
    """EUR 1,204.00 and USD 31.00; empty where there is none."""
    return " and ".join(Price(amount, currency).text for currency, amount in sums.items())
