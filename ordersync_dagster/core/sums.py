"""Money of several orders: summed by currency, never across currencies."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ordersync_dagster.core.money import UnknownCurrencyError, exponent
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
    return " and ".join(
        f"{currency.upper()} {_with_decimals(amount, currency):,f}" for currency, amount in sums.items()
    )


def _with_decimals(amount: Decimal, currency: str) -> Decimal:
    """With at least the decimals of the currency, and never rounded."""
    try:
        wanted = -exponent(currency)
    except UnknownCurrencyError:
        return amount
    found = amount.as_tuple().exponent
    return amount.quantize(Decimal(1).scaleb(wanted)) if isinstance(found, int) and found > wanted else amount
