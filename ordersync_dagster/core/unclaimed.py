"""Printful orders of the run's period that no order of the shop names, and that no link explains: who paid for them?

Only what is certain is told. docs/decisions/0020 says what that is.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ordersync_dagster.core.back_and_shipping import back_and_shipping
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import Status, StoredOrder
from ordersync_dagster.core.payment_state import GIVEN_BACK
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import is_uuid
from ordersync_dagster.core.window import day_of

GIVEN_UP = ("canceled", "failed")  # Printful's words
MADE = ("pending", "inreview", "onhold", "inprocess", "partial", "fulfilled")  # Printful makes or made it, and is paid
MAX_ORPHANS = 20  # told one by one; the rest is one warning
SETTLES_WITHIN = 3600  # seconds in which the shop's own code may still write down what it ordered
_PAYMENT = re.compile(r"pi_[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """The Printful orders that nobody names, and the facts that say whose they are."""

    free: tuple[PrintfulOrder, ...] = ()
    rows: Mapping[str, StoredOrder] = field(default_factory=dict)  # `external_id` → the order that has this name
    twins: Mapping[str, StoredOrder] = field(default_factory=dict)  # Printful id → the order that has the same goods
    alive: Collection[str] = ()  # Printful ids that orders name, and that Printful has not given up
    given_up: Collection[str] = ()  # Printful ids that orders name, and that Printful has given up or does not know
    near: Mapping[str, StoredOrder] = field(default_factory=dict)  # Printful id → the order for the same recipient
    unpaid: Collection[str] = ()  # payments of which Stripe knows no paid session
    names_by_id: bool = False  # the shop names its Printful orders by the ids of its orders
    other_channels: bool | None = None  # the setting
    now: int = 0  # Unix seconds


def is_payment(name: str | None) -> bool:
    """Whether an `external_id` has the form of a payment intent's id."""
    return name is not None and _PAYMENT.fullmatch(name) is not None


def recipients_of(theirs: PrintfulOrder) -> frozenset[int]:
    """Two Printful orders that share one of these go to the same recipient."""
    return frozenset(map(hash, {theirs.recipient.email, theirs.recipient.addressee} - {None}))


def goods_for(theirs: PrintfulOrder) -> frozenset[int]:
    """Two Printful orders that share one of these have the same goods and the same recipient."""
    goods = tuple(sorted((item.variant_id, item.quantity) for item in theirs.items))
    recipients = {theirs.recipient.email, theirs.recipient.addressee} - {None}
    is_known = bool(goods) and not theirs.unread_items
    return frozenset(hash((recipient, goods)) for recipient in recipients) if is_known else frozenset()


def decide_unclaimed(unclaimed: Unclaimed) -> Plan:
    """Every free Printful order once: a second one of a payment, one whose payment went back, or one without any."""
    second: dict[str, list[PrintfulOrder]] = defaultdict(list)
    orders: dict[str, StoredOrder] = {}
    notes: list[Problem] = []
    orphans: list[PrintfulOrder] = []
    for theirs in sorted(unclaimed.free, key=lambda each: (each.created or 0, each.printful_order_id)):
        named = unclaimed.rows.get(theirs.external_id or "")
        order = named or _twin(theirs, unclaimed)
        if order is not None and order.printful_order_id in unclaimed.alive:
            second[order.id].append(theirs)
            orders[order.id] = order
        elif replaced := _replaced(named, theirs, unclaimed):
            notes.append(_takes_its_place(replaced, theirs))
        elif named is not None:
            notes += _of_refunded(named, theirs, unclaimed.now)
        elif _is_orphan(theirs, unclaimed):
            orphans.append(theirs)
    notes += [_twice(orders[order_id], others) for order_id, others in sorted(second.items())]
    notes += [_orphan(each, unclaimed.near.get(each.printful_order_id)) for each in orphans[:MAX_ORPHANS]]
    rest = len(orphans) - MAX_ORPHANS
    return Plan(is_of_links=True, looked_for_unclaimed=True, notes=tuple(notes), warnings=(_more(rest),) * (rest > 0))


def _twin(theirs: PrintfulOrder, unclaimed: Unclaimed) -> StoredOrder | None:
    """The order that has the same goods; none where `theirs` carries the name of a payment of its own."""
    is_paid = is_payment(theirs.external_id) and theirs.external_id not in unclaimed.unpaid
    return None if is_paid else unclaimed.twins.get(theirs.printful_order_id)


def _replaced(named: StoredOrder | None, theirs: PrintfulOrder, unclaimed: Unclaimed) -> StoredOrder | None:
    """The order whose own Printful order was given up, and for which `theirs` may be made instead."""
    order = named or (None if is_payment(theirs.external_id) else unclaimed.near.get(theirs.printful_order_id))
    is_lost = order is not None and order.printful_order_id in unclaimed.given_up
    return order if is_lost and order is not None and order.status not in GIVEN_BACK else None


def _takes_its_place(order: StoredOrder, theirs: PrintfulOrder) -> Problem:
    sentence = (
        f"Printful order {theirs.printful_order_id} may take the place of Printful order {order.printful_order_id} of "
        f"order {order.id}, which Printful does not make. If it does, set the order's printful_order_id to it. Do not "
        "order the goods again before you have looked."
    )
    session = {"stripe_session_id": order.session_id} if order.session_id else {}
    ids = {"order_id": order.id, **session, "printful_order_ids": theirs.printful_order_id}
    return Problem(ProblemClass.POSSIBLE_LINK, sentence, ids, day=_day(theirs), amount=theirs.cost)


def _is_orphan(theirs: PrintfulOrder, unclaimed: Unclaimed) -> bool:
    """Whether it is made and paid for, and nobody paid the shop for it."""
    is_settled = theirs.created is not None and theirs.created < unclaimed.now - SETTLES_WITHIN
    if theirs.word not in MADE or not is_settled or unclaimed.other_channels:
        return False
    if is_payment(theirs.external_id):
        return theirs.external_id in unclaimed.unpaid
    is_ours = unclaimed.names_by_id and is_uuid(theirs.external_id)
    return is_ours or unclaimed.other_channels is False


def _of_refunded(order: StoredOrder, theirs: PrintfulOrder, now: int) -> Iterable[Problem]:
    """The order carries the name of `theirs` and names no Printful order: nobody would look at its goods."""
    if order.printful_order_id or order.status != Status.REFUNDED:
        return []
    found = back_and_shipping(order, theirs, Payment(), now)
    return [replace(found, day=_day(theirs))] if found else []


def _twice(order: StoredOrder, others: list[PrintfulOrder]) -> Problem:
    names = ", ".join(sorted((str(order.printful_order_id), *(each.printful_order_id for each in others))))
    sentence = (
        f"Printful has more than one order for the one payment of order {order.id}: {names}. Cancel at Printful what "
        "is too many, unless you sent the goods again on purpose."
    )
    session = {"stripe_session_id": order.session_id} if order.session_id else {}
    ids = {"order_id": order.id, **session, "printful_order_ids": names}
    problem = Problem(ProblemClass.DUPLICATE_FULFILMENT, sentence, ids)
    return replace(problem, day=_day(others[0]), amount=others[0].cost)


def _orphan(theirs: PrintfulOrder, near: StoredOrder | None) -> Problem:
    costs = f" for {theirs.cost}" if theirs.cost else ""
    begin = f"Printful makes order {theirs.printful_order_id} of {_day(theirs)}{costs}, and"
    sentence = (
        f"{begin} nobody paid for it: no order of the shop names it, and no paid Checkout Session belongs to it. "
        "Cancel it at Printful, or set the printful_order_id of its order."
    )
    if near is not None:
        sentence = (
            f"{begin} no order of the shop names it. Order {near.id} is for the same recipient: look whether it is "
            "made for that one, before you cancel it at Printful."
        )
    ids = {"printful_order_id": theirs.printful_order_id}
    return Problem(ProblemClass.ORPHAN_PRINTFUL, sentence, ids, day=_day(theirs), amount=theirs.cost)


def _more(rest: int) -> str:
    return (
        f"Printful makes {rest} more orders of this period that nobody paid for. If its store also serves other sales "
        "channels, set ORDERSYNC_OTHER_CHANNELS=true: then no such order is told."
    )


def _day(theirs: PrintfulOrder) -> date | None:
    return day_of(theirs.created) if theirs.created else None
