"""What a report has to say of a pretend world, counted from its records by rules of our own."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.world import in_window, lost

DECIMALS = {"jpy": 0}
FINAL_WORDS = {"refunded", "returned"}


@dataclass
class Truth:
    """Of one currency, in minor units."""

    payments: int = 0
    paid: int = 0
    orders: int = 0
    ordered: int = 0
    returned: int = 0
    refunded: int = 0
    made: int = 0
    costs: int = 0
    lost: int = 0
    too_recent: int = 0


@dataclass
class WorldTruth:
    """Of the whole world: by currency, and the days of lost payments."""

    money: dict[str, Truth] = field(default_factory=lambda: defaultdict(Truth))
    lost_days: Counter[str] = field(default_factory=Counter)


def truth_of(world: World) -> WorldTruth:
    """The last 30 days of a world whose orders all name their own session."""
    found, missing = WorldTruth(), {session["id"] for session in lost(world)}
    rows = {row["stripe_session_id"]: row for row in world.shop.orders}
    refunds = _refunds(world)
    for session in in_window(world):
        if session["payment_status"] == "paid":
            _count(found, world, session, rows.get(session["id"]), refunds, is_lost=session["id"] in missing)
    return found


def _count(
    found: WorldTruth, world: World, session: dict[str, Any], row: Any, refunds: Counter[str], *, is_lost: bool
) -> None:
    of = found.money[session["currency"]]
    of.payments, of.paid = of.payments + 1, of.paid + session["amount_total"]
    of.returned += refunds[session["payment_intent"]]
    if row is None:
        of.lost += session["amount_total"] if is_lost else 0
        of.too_recent += 0 if is_lost else session["amount_total"]
        if is_lost:
            found.lost_days[f"{datetime.fromtimestamp(session['created'], UTC):%Y-%m-%d}"] += 1
        return
    total = minor(row["total_amount"], row["currency"])
    mine = found.money[row["currency"]]
    mine.orders, mine.ordered = mine.orders + 1, mine.ordered + total
    mine.refunded += total if row["status"] in FINAL_WORDS else 0
    for order in world.printful_orders:
        if str(order["id"]) == row["printful_order_id"] and order["status"] not in ("draft", "canceled", "failed"):
            currency = order["costs"]["currency"].lower()
            found.money[currency].made += 1
            found.money[currency].costs += minor(Decimal(order["costs"]["total"]), currency)


def minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units."""
    return int(amount * 10 ** DECIMALS.get(currency, 2))


def _refunds(world: World) -> Counter[str]:
    sums: Counter[str] = Counter()
    for refund in world.refunds:
        if refund["status"] in ("succeeded", "pending"):
            sums[refund["payment_intent"]] += refund["amount"]
    return sums
