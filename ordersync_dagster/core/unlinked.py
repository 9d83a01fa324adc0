"""Paid orders that wait and name no Printful order.

A webhook that failed would have created the order at Printful and kept its id; recovered orders lack it.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ordersync_dagster.core.orders import Order, Price, Status, StoredOrder
from ordersync_dagster.core.payment_state import PaymentState
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.recipient import Recipient

DAY = 86_400  # seconds
NOTHING_TO_SHIP = (
    "Its checkout asked for no shipping address: if it has nothing that is shipped, acknowledge this problem."
)
_UUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE)
_OPEN_WITHOUT_PRINTFUL = (Status.PROCESSING, Status.PENDING)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A paid order that waits and names no Printful order, with the order that its session describes."""

    order: StoredOrder
    session: Order
    payment: PaymentState = PaymentState()  # where it is not kept, nobody is said to wait

    @property
    def is_recovered(self) -> bool:
        """Whether we inserted it."""
        return self.order.is_recovered or self.order.id == self.session.id

    @property
    def ids(self) -> dict[str, str]:
        """The ids by which a problem names it."""
        return {"order_id": self.order.id, "stripe_session_id": self.order.session_id}

    def names(self, link_by: str | None) -> frozenset[str]:
        """Each `external_id` that the shop may have given Printful, which holds at most 32 characters.

        Other channels number their orders too, so an id that is no UUID counts only where the shop says "order_id".
        """
        own = own_names(self.order.id)
        is_own = link_by == "order_id" or (link_by is None and is_uuid(self.order.id))
        by_order = own if is_own else set()
        by_payment = {self.order.payment_intent_id} if link_by in (None, "payment_intent") else set()
        return frozenset(name for name in by_order | by_payment if name)

    @property
    def recipient(self) -> Recipient:
        """Who gets the goods, as the session says."""
        address = self.session.shipping_address or {}
        return Recipient.of(self.session.customer_email, address.get("name"), address.get("postal_code"))


def without_doubt(unlinked: Iterable[Unlinked], paid_twice: Collection[str]) -> Iterator[Unlinked]:
    """`unlinked`, where no order that may have been paid twice is said to wait: its goods may be sent twice."""
    for each in unlinked:
        is_doubtful = each.order.id in paid_twice
        yield replace(each, payment=replace(each.payment, unknown="paid twice")) if is_doubtful else each


def is_uuid(name: str | None) -> bool:
    """Whether an order's id or an `external_id` is a UUID, with or without its dashes."""
    return name is not None and _UUID.fullmatch(name) is not None


def own_names(order_id: str) -> set[str]:
    """An order's id as Printful may hold it."""
    written = {order_id, order_id.lower()}
    return written | {name.replace("-", "") for name in written}


def is_unlinked(order: StoredOrder) -> bool:
    """Whether `order` waits for goods and names no Printful order."""
    return not order.printful_order_id and order.status in _OPEN_WITHOUT_PRINTFUL


def unfulfilled(unlinked: Iterable[Unlinked], now: int) -> list[Problem]:
    """Paid orders with nothing at Printful: recovered ones at once, others after a day. `now` in Unix seconds."""
    return [_waiting_problem(each) for each in unlinked if _is_due(each, now)]


def not_looked_at(unlinked: Iterable[Unlinked], now: int) -> list[Problem]:
    """The same orders where Printful was left out of the run: nobody knows whether it has them."""
    return [_unknown_problem(each) for each in unlinked if _is_due(each, now)]


def _is_due(each: Unlinked, now: int) -> bool:
    return each.payment.is_kept and (each.is_recovered or now - each.session.created.timestamp() > DAY)


def _waiting_problem(each: Unlinked) -> Problem:
    sentence = f"Order {each.order.id} {_since(each)} and has nothing at Printful: its customer waits."
    if not (each.session.shipping_address or each.order.shipping_address):
        sentence += f" {NOTHING_TO_SHIP}"
    return Problem(ProblemClass.UNFULFILLED, sentence, each.ids | ({"recovered": "yes"} if each.is_recovered else {}))


def _unknown_problem(each: Unlinked) -> Problem:
    sentence = f"Order {each.order.id} {_since(each)} and names no Printful order. This run did not look at Printful."
    paid = Price(each.session.total, each.session.currency)
    return Problem(ProblemClass.NOT_LOOKED_AT, sentence, each.ids, each.session.created.date(), paid)


def _since(each: Unlinked) -> str:
    return "was missing in the shop" if each.is_recovered else "was paid more than a day ago"  # a dry run adds none
