"""Goods that Printful makes or has sent although their payment went back, or may go back."""

from datetime import date

from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import Status, StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import DAY
from ordersync_dagster.core.window import midnight

# So long after it was handed over, a parcel may still be on its way: then it can be stopped, or comes back.
ON_ITS_WAY_FOR = 14 * DAY
TO_BE_MADE = {  # Printful's word → what it is, and how to stop it
    "draft": ("is still a draft", "Delete it at Printful, so that nobody confirms it"),
    "pending": ("waits to be accepted", "Cancel it at Printful at once"),
    "inreview": ("is in review", "Ask Printful at once to cancel it"),
    "onhold": ("is on hold", "Ask Printful at once to cancel it"),
    "inprocess": ("is being made", "Ask Printful at once to cancel it"),
}
SENT = {
    "partial": ("has sent a part of the goods", "Ask Printful at once to cancel the rest, and ask for the goods back"),
    "fulfilled": ("has sent the goods", "Have the parcel stopped, or ask the customer to send it back"),
}


def back_and_shipping(stored: StoredOrder, theirs: PrintfulOrder, payment: Payment, now: int) -> Problem | None:
    """The problem of goods that Printful has to stop, or None. `now` in Unix seconds.

    It says more than the notice about the payment alone, which is not told then.
    """
    if payment.is_refunded or stored.status == Status.REFUNDED:
        return _refunded(stored, theirs, now)
    if payment.disputes and (theirs.word in TO_BE_MADE or theirs.word == "partial"):
        return _disputed(stored, theirs, payment)
    return None


def _refunded(stored: StoredOrder, theirs: PrintfulOrder, now: int) -> Problem | None:
    if theirs.word == "fulfilled" and now - _sent_at(theirs) > ON_ITS_WAY_FOR:
        return None  # it arrived long ago: a refund after that is no mistake
    found = {**TO_BE_MADE, **SENT}.get(theirs.word)
    if found is None:
        return None
    state, remedy = found
    sentence = (
        f"The whole payment of order {stored.id} went back to the customer, and Printful order "
        f"{theirs.printful_order_id} {state}. {remedy}."
    )
    return Problem(ProblemClass.REFUNDED_BUT_SHIPPING, sentence, named(stored, theirs), amount=theirs.cost)


def _disputed(stored: StoredOrder, theirs: PrintfulOrder, payment: Payment) -> Problem:
    state, _ = TO_BE_MADE.get(theirs.word, SENT["partial"])
    names = ", ".join(payment.disputes)
    sentence = (
        f"The customer's bank disputes the payment of order {stored.id} ({names}), and Printful order "
        f"{theirs.printful_order_id} {state}. Have Printful stop it until the dispute is decided, and answer the "
        "dispute at Stripe."
    )
    ids = {**named(stored, theirs), "stripe_dispute_ids": names}
    return Problem(ProblemClass.DISPUTED_BUT_SHIPPING, sentence, ids, amount=theirs.cost)


def _sent_at(theirs: PrintfulOrder) -> float:
    """When the last parcel was handed over, in Unix seconds; where nobody knows, when the order was made."""
    days = [day for each in theirs.shipments if each.ship_date and (day := _day(each.ship_date))]
    return midnight(max(days)).timestamp() if days else float(theirs.created or 0)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def named(stored: StoredOrder, theirs: PrintfulOrder) -> dict[str, str]:
    """The ids of an order and of its Printful order."""
    session = {"stripe_session_id": stored.session_id} if stored.session_id else {}
    return {"order_id": stored.id, **session, "printful_order_id": theirs.printful_order_id}
