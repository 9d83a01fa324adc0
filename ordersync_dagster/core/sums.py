"""Money of several orders: summed by currency, never across currencies."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.orders import Price

_SESSION = "stripe_session_id"


def sums_by_currency(prices: Iterable[Price | None]) -> dict[str, Decimal]:
    """The exact sums, the currencies in the order of the alphabet; None adds nothing."""
    sums: dict[str, Decimal] = {}
    for price in prices:
        if price is not None:
            sums[price.currency] = sums.get(price.currency, Decimal()) + price.amount
    return dict(sorted(sums.items()))


def sums_of_problems(problems: Iterable[KnownProblem]) -> dict[str, Decimal]:
    """The money of `problems` by currency; an order with several problems counts once, with its largest amount."""
    known = [(each, each.amount) for each in problems if each.amount]
    orders = {session: each.order_id for each, _ in known if (session := each.ids.get(_SESSION)) and each.order_id}
    largest: dict[tuple[str, str], Price] = {}
    for each, price in known:
        key = (_subject(each, orders), price.currency)
        largest[key] = max(largest.get(key, price), price, key=lambda amount: amount.amount)
    return sums_by_currency(largest.values())


def _subject(problem: KnownProblem, orders: Mapping[str, str]) -> str:
    """The order that its money is of; else the session, or the problem itself."""
    session = problem.ids.get(_SESSION) or problem.id
    return problem.order_id or orders.get(session, session)


def sums_text(sums: Mapping[str, Decimal]) -> str:
    """EUR 1,204.00 and USD 31.00; empty where there is none."""
    return " and ".join(Price(amount, currency).text for currency, amount in sums.items())
