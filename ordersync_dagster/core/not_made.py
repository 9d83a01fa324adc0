"""Paid orders whose goods Printful does not make. Their status looks harmless in the shop, so each is named."""

from dataclasses import dataclass, replace
from datetime import date

from ordersync_dagster.core.orders import LineItem, Order, Price, Status, StoredOrder
from ordersync_dagster.core.payment_state import PaymentState
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import DAY
from ordersync_dagster.core.window import day_of

_STUCK = {  # Printful's word → what it is, and what to do
    "draft": ("is still a draft", "Confirm it at Printful"),
    "pending": ("is still pending", "Look why Printful has not accepted it"),
    "onhold": ("is on hold", "Look at Printful what it waits for"),
}
_GIVEN_UP = {
    "failed": ("has failed", "correct it at Printful and send it again, or refund the customer"),
    "canceled": ("is canceled", "order the goods again, or refund the customer"),
}
_PAID = (Status.PROCESSING, Status.FAILED)  # these words say that an order is paid and not finished
_GIVEN_BACK = (Status.CANCELLED, Status.REFUNDED, Status.RETURNED)  # the shop sends no goods


@dataclass(frozen=True, slots=True)
class Payment:
    """What a run knows of an order's payment; `is_kept` is None where nobody knows it."""

    lines: tuple[LineItem, ...] = ()
    is_kept: bool | None = None  # the customer paid, and it was not refunded
    is_whole: bool = True  # no part of it went back
    day: date | None = None  # UTC, of its session
    is_refunded: bool = False  # the whole of it went back
    disputes: tuple[str, ...] = ()  # ids of undecided disputes
    kept: Price | None = None  # what is left of it; None where nobody knows it

    @classmethod
    def of(cls, order: Order, state: PaymentState) -> "Payment":
        """The payment of a paid session, with its state."""
        is_kept = None if state.unknown else state.is_kept
        kept = _kept(order, state) if is_kept else None
        rest = (order.created.date(), state.is_refunded, state.disputes, kept)
        return cls(order.line_items, is_kept, not state.returned, *rest)


def _kept(order: Order, state: PaymentState) -> Price | None:
    """What was paid less what went back; None of a free order, and where something went back in other money."""
    back = {each.currency: each.amount for each in state.returned}
    if order.total <= 0 or back.keys() - {order.currency}:
        return None
    return Price(order.total - back.get(order.currency, 0), order.currency)


@dataclass(frozen=True, slots=True)
class MakingRules:
    """The shop's settings; without `makes_all` the shop also sells goods that Printful does not make."""

    stuck_after: int = DAY
    makes_all: bool = True


def not_made(
    stored: StoredOrder, theirs: PrintfulOrder, payment: Payment, rules: MakingRules, now: int
) -> list[Problem]:
    """What Printful does not make of `stored`, as it is before this run changes its status. `now` in Unix seconds.

    A problem that only its payment shows carries the day of its session.
    """
    found = _found(stored, theirs, payment, rules, now)
    if payment.day is None or not found:
        return found
    seen_without = {each.problem_class for each in _found(stored, theirs, Payment(), rules, now)}
    return [each if each.problem_class in seen_without else replace(each, day=payment.day) for each in found]


def _found(stored: StoredOrder, theirs: PrintfulOrder, payment: Payment, rules: MakingRules, now: int) -> list[Problem]:
    if payment.is_kept is False:
        return []
    found = [
        _given_up(stored, theirs, payment),
        _stuck(stored, theirs, payment, is_late=now - (theirs.created or 0) > rules.stuck_after),
        _goods_missing(stored, theirs, payment) if rules.makes_all else None,
    ]
    return [problem for problem in found if problem]


def _given_up(stored: StoredOrder, theirs: PrintfulOrder, payment: Payment) -> Problem | None:
    is_paid = stored.status in _PAID or (stored.status in (Status.PENDING, Status.CANCELLED) and payment.is_kept)
    if theirs.word not in _GIVEN_UP or not is_paid:
        return None
    state, remedy = _GIVEN_UP[theirs.word]
    sentence = f"Order {stored.id} is paid, and {_name(theirs)} {state}. If no other one takes its place, {remedy}."
    return Problem(ProblemClass.CANCELLED_AT_PRINTFUL, sentence, _ids(stored, theirs))


def _stuck(stored: StoredOrder, theirs: PrintfulOrder, payment: Payment, *, is_late: bool) -> Problem | None:
    is_paid = stored.status in _PAID or (stored.status == Status.PENDING and payment.is_kept)
    if theirs.word not in _STUCK or not is_paid or not is_late:
        return None
    state, remedy = _STUCK[theirs.word]
    since = f" of {day_of(theirs.created)}" if theirs.created else ""
    sentence = f"Order {stored.id} is paid, and {_name(theirs)}{since} {state}: nobody makes its goods. {remedy}."
    return Problem(ProblemClass.STUCK_AT_PRINTFUL, sentence, _ids(stored, theirs))


def _goods_missing(stored: StoredOrder, theirs: PrintfulOrder, payment: Payment) -> Problem | None:
    """Where more pieces were paid than Printful has; not where one side is unknown, or `missing_items` names it."""
    is_unknown = not payment.lines or not payment.is_whole or theirs.unread_items or theirs.unsynced_items
    if is_unknown or theirs.word in _GIVEN_UP or stored.status in _GIVEN_BACK:
        return None
    paid, made = (sum(each.quantity for each in rows) for rows in (payment.lines, theirs.items))
    if made >= paid:
        return None
    sentence = (
        f"{_name(theirs)} has {made} of the {paid} paid pieces of order {stored.id}. If no other one has the rest, "
        "order it at Printful, or send it yourself."
    )
    return Problem(ProblemClass.GOODS_MISSING, sentence, _ids(stored, theirs))


def _name(theirs: PrintfulOrder) -> str:
    return f"Printful order {theirs.printful_order_id}"


def _ids(stored: StoredOrder, theirs: PrintfulOrder) -> dict[str, str]:
    return {"order_id": stored.id, "printful_order_id": theirs.printful_order_id}
