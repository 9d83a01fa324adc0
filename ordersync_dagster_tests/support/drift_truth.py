"""What a report has to say of a pretend world, counted from its records by rules of our own."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ordersync_dagster.report.drift.report import DriftReport
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.world import in_window, lost

Row = dict[str, Any]
DECIMALS = {"usd": 2, "eur": 2, "gbp": 2, "jpy": 0}  # the currencies that a pretend world knows
FINAL_WORDS = {"refunded", "returned"}
NOT_CHARGED = ("draft", "canceled", "failed", None)


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
    reasons: Counter[str] = field(default_factory=Counter)  # what each adds to the shop's side


@dataclass
class WorldTruth:
    """Of the whole world: by currency, and the days of payments without an order."""

    money: dict[str, Truth] = field(default_factory=lambda: defaultdict(Truth))
    lost_days: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0


def told_by(report: DriftReport) -> WorldTruth:
    """The same figures as a report tells them."""
    told = WorldTruth(unreadable=report.reconciliation.unreadable)
    for each in report.reconciliation.money:
        told.money[each.currency] = Truth(*each[1:])
    for difference in report.reconciliation.differences:
        told.money[difference.currency].reasons[str(difference.reason)] = difference.amount
    for span in report.reconciliation.spans:
        told.lost_days.update({span.day: span.missing} if span.missing else {})
    return told


def truth_of(world: World) -> WorldTruth:
    """The last 30 days of a world whose orders name a session or a payment of these days."""
    found, refunds = WorldTruth(), _refunds(world)
    is_lost = {session["id"] for session in lost(world)}
    for session in in_window(world):
        rows = list(_orders_of(world, session))
        if session["payment_status"] == "paid":
            _count_payment(found, session, rows, refunds, is_lost=session["id"] in is_lost)
        elif rows:
            _extra(found, "unpaid", rows)
        for row in rows:
            _count_order(found, row)
    _count_made(found, world)
    return found


def can_be_added(session: Row) -> bool:
    """Whether an order can be made of a paid session."""
    details, text = session["customer_details"] or {}, str(session["metadata"])
    return bool(details.get("email")) and _minor_units(session) is not None and "\\x00" not in text


def _orders_of(world: World, session: Row) -> Iterator[Row]:
    """The order that names the session, then those that name only its payment."""
    payment, known = session["payment_intent"], {each["id"] for each in world.sessions}
    yield from (row for row in world.shop.orders if row["stripe_session_id"] == session["id"])
    for row in world.shop.orders:
        if payment and row["stripe_payment_intent_id"] == payment and row["stripe_session_id"] not in known:
            yield row


def _count_payment(found: WorldTruth, session: Row, rows: list[Row], refunds: Counter[str], *, is_lost: bool) -> None:
    amount = _minor_units(session)
    found.unreadable += amount is None
    if session["currency"] in DECIMALS:
        of = found.money[session["currency"]]
        of.payments, of.paid = of.payments + 1, of.paid + (amount or 0)
        of.returned += refunds[session["payment_intent"]]
    if rows:
        total = minor(rows[0]["total_amount"], rows[0]["currency"])
        if total != amount:
            found.money[session["currency"]].reasons["other_amount"] += total - (amount or 0)
        _extra(found, "second_order", rows[1:])
        return
    if is_lost:
        found.lost_days[f"{datetime.fromtimestamp(session['created'], UTC):%Y-%m-%d}"] += 1
    reason = "too_recent" if not is_lost else "to_add" if can_be_added(session) else "undecided"
    if session["currency"] in DECIMALS:
        found.money[session["currency"]].reasons[reason] -= amount or 0


def _extra(found: WorldTruth, reason: str, rows: list[Row]) -> None:
    for row in rows:
        found.money[row["currency"]].reasons[reason] += minor(row["total_amount"], row["currency"])


def _count_order(found: WorldTruth, row: Row) -> None:
    total, mine = minor(row["total_amount"], row["currency"]), found.money[row["currency"]]
    mine.orders, mine.ordered = mine.orders + 1, mine.ordered + total
    mine.refunded += total if row["status"] in FINAL_WORDS else 0


def _count_made(found: WorldTruth, world: World) -> None:
    """Each Printful order that orders name, once, even if two of them name it."""
    named = {row["printful_order_id"] for row in world.shop.orders if _is_of_period(world, row)}
    for order in world.printful_orders:
        if str(order["id"]) in named and order["status"] not in NOT_CHARGED:
            currency = order["costs"]["currency"].lower()
            found.money[currency].made += 1
            found.money[currency].costs += minor(Decimal(order["costs"]["total"]), currency)


def _is_of_period(world: World, row: Row) -> bool:
    return any(row in _orders_of(world, session) for session in in_window(world))


def minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units."""
    return int(amount * 10 ** DECIMALS[currency])


def _minor_units(session: Row) -> int | None:
    """The amount of a session; None where nobody can read it, or where no charge is so large."""
    amount = session["amount_total"]
    return amount if session["currency"] in DECIMALS and amount is not None and amount < 10**13 else None


def _refunds(world: World) -> Counter[str]:
    sums: Counter[str] = Counter()
    for refund in world.refunds:
        if refund["status"] in ("succeeded", "pending"):
            sums[refund["payment_intent"]] += refund["amount"]
    return sums
