"""Problems of payments: a payment with another session's order, two payments for one thing, paid orders not live."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ordersync_dagster.core.matching import Match
from ordersync_dagster.core.orders import LineItem, Order, Price, Status, StoredOrder
from ordersync_dagster.core.payment_state import GIVEN_BACK
from ordersync_dagster.core.privacy import normalised_email
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.window import day_of

SAME_PURCHASE_WITHIN = 3600  # seconds
NOT_LIVE = (Status.CANCELLED, Status.FAILED)
_TWICE = (ProblemClass.DOUBLE_PAYMENT, ProblemClass.DUPLICATE_ORDER)
MONEY_BACK = (*GIVEN_BACK, Status.CANCELLED)  # nobody has to be told of a second payment


@dataclass(frozen=True, slots=True)
class Paid:
    """A paid session with the order that it has or gets; `created` in Unix seconds."""

    session_id: str
    order_id: str
    created: int
    purchase: tuple[str, Decimal, str, tuple[LineItem, ...]]
    references: tuple[str, ...] = ()  # the shop says that they name an order, and there is none with such an id

    @classmethod
    def of(cls, order: Order, order_id: str, references: tuple[str, ...] = ()) -> "Paid":
        """The session of `order`; a purchase is the same customer, amount, currency and lines."""
        purchase = (normalised_email(order.customer_email), order.total, order.currency, order.line_items)
        return cls(order.session_id, order_id, int(order.created.timestamp()), purchase, references)


def duplicate_orders(payments: Iterable[tuple[str, str]]) -> list[Problem]:
    """Orders that name the same payment, by (payment intent id, order id): a customer may get the goods twice."""
    by_payment: dict[str, list[str]] = {}
    for payment, order_id in payments:
        by_payment.setdefault(payment, []).append(order_id)
    return [
        Problem(
            ProblemClass.DUPLICATE_ORDER,
            f"{len(ids)} orders name the same payment {payment}: {', '.join(sorted(ids))}. Cancel all but one by hand, "
            "unless each of their sessions is paid.",
            {"stripe_payment_intent_id": payment, "order_ids": ", ".join(sorted(ids))},
        )
        for payment, ids in sorted(by_payment.items())
        if len(ids) > 1
    ]


def same_purchases(paid: Collection[Paid], others: Iterable[Paid] = ()) -> list[tuple[Paid, ...]]:
    """Sessions of the same customer, lines and amount that were paid within an hour, at least one of them in `paid`."""
    by_purchase: dict[object, list[Paid]] = {}
    for each in {each.session_id: each for each in (*others, *paid)}.values():
        by_purchase.setdefault(each.purchase, []).append(each)
    ours = {each.session_id for each in paid}
    return [
        tuple(each)
        for group in by_purchase.values()
        for each in _close_in_time(group)
        if not ours.isdisjoint(p.session_id for p in each)
    ]


def same_purchase(paid: Sequence[Paid]) -> Problem:
    first = paid[0]
    # Lines are read only where Printful is looked at.
    alike = "customer, lines and amount" if first.purchase[3] else "customer and amount"
    why = f"for the same {alike} within an hour"
    problem = double_payment([each.session_id for each in paid], [each.order_id for each in paid], why)
    return replace(problem, day=day_of(first.created))


def same_references(paid: Iterable[Paid]) -> list[Problem]:
    """Sessions that name the same order, which is not there; each group once, in whatever form they write its id."""
    by_reference: dict[str, dict[str, Paid]] = {}
    for each in paid:
        for reference in each.references:
            by_reference.setdefault(reference, {})[each.session_id] = each
    groups = {tuple(sorted(group)): group for group in by_reference.values() if len(group) > 1}
    return [
        double_payment(sessions, [group[session].order_id for session in sessions], "with the same reference")
        for sessions, group in sorted(groups.items())
    ]


def _close_in_time(group: Iterable[Paid]) -> Iterator[list[Paid]]:
    close: list[Paid] = []
    for each in sorted(group, key=lambda paid: (paid.created, paid.session_id)):
        if close and each.created - close[-1].created > SAME_PURCHASE_WITHIN:
            yield from [close] if len(close) > 1 else []
            close = []
        close.append(each)
    yield from [close] if len(close) > 1 else []


def double_payment(session_ids: Collection[str], order_ids: Collection[str], why: str) -> Problem:
    """Several sessions were paid for what looks like one purchase."""
    ids = {"stripe_session_ids": ", ".join(sorted(session_ids)), "order_ids": ", ".join(sorted(set(order_ids)))}
    sentence = (
        f"Sessions {ids['stripe_session_ids']} were all paid, {why} (order {ids['order_ids']}). Ask the customer "
        "before you send the goods a second time, and refund what was paid too much."
    )
    return Problem(ProblemClass.DOUBLE_PAYMENT, sentence, ids)


def paid_twice(notes: Iterable[Problem]) -> set[str]:
    """The ids of the orders that may be one purchase: their goods may be sent twice."""
    told = (each.ids["order_ids"].split(", ") for each in notes if each.problem_class in _TWICE)
    return {order_id for order_ids in told if len(order_ids) > 1 for order_id in order_ids}


def second_payment(order: Order, own: StoredOrder, row: StoredOrder, session_id: str) -> list[Problem]:
    """The session of `order`, whose order is `own`, was paid for `row` too, which the other session has paid."""
    if own.status in MONEY_BACK or row.status in GIVEN_BACK:
        return []
    problem = double_payment([order.session_id, session_id], [row.id, own.id], f"for order {row.id}")
    return [replace(problem, amount=Price(order.total, order.currency))]


def superseded(order: Order, match: Match, *, is_moved: bool) -> Problem:
    """The session of `order` gets no order, because `match` holds it under another session or under none."""
    rows, payment = match.orders, order.payment_intent_id or ""
    names = ", ".join(sorted(row.id for row in rows))
    ids = {"stripe_session_id": order.session_id, "stripe_payment_intent_id": payment, "order_ids": names}
    others = sorted({row.session_id for row in rows if row.session_id})
    if len(rows) > 1:
        begin, verb = f"orders {names} have its payment {payment} and", "name"
    elif match.reference:
        begin, verb = f"its reference is order {names}, which", "names"
    else:
        begin, verb = f"order {names} has its payment {payment} and", "names"
    begin = f"Session {order.session_id} became no order: {begin} {verb}"
    if not others:
        sentence = f"{begin} no session. If it is the session's, set its stripe_session_id."
        return Problem(ProblemClass.DUPLICATE_ORDER, sentence, ids)
    if len(rows) == 1:
        ids |= {"order_id": names, "other_stripe_session_id": others[0]}
    then = "The order was pending and becomes processing." if is_moved else "If it is one purchase, nothing is missing."
    return Problem(ProblemClass.SUPERSEDED_SESSION, f"{begin} session {', '.join(others)}. {then}", ids)


def resembles(order: Order, row: StoredOrder) -> Problem:
    """The session of `order` gets an order, although `row` may be its order."""
    sentence = (
        f"Session {order.session_id} became order {order.id}. Its reference is also the id of the pending order "
        f"{row.id}, which has the same amount and another e-mail address. If it is one purchase, cancel one of the "
        "two orders."
    )
    ids = {
        "stripe_session_id": order.session_id,
        "order_id": row.id,
        "order_ids": ", ".join(sorted((order.id, row.id))),
    }
    return Problem(ProblemClass.SUPERSEDED_SESSION, sentence, ids)


def undecided(order: Order, match: Match) -> Problem:
    """Nobody knows whether the order that the reference names is paid by its own session."""
    (row,) = match.orders
    sentence = (
        f"Session {order.session_id} became no order yet: its reference is order {row.id}, and Stripe could not be "
        f"asked whether that order is paid otherwise: {match.unknown.removesuffix('.')}. The next run asks again."
    )
    ids = {"stripe_session_id": order.session_id, "order_id": row.id, "other_stripe_session_id": row.session_id}
    return Problem(ProblemClass.STRIPE_NOT_READ, sentence, ids)


def paid_but_not_live(row: StoredOrder, order: Order, statuses: Collection[str] = NOT_LIVE) -> list[Problem]:
    """An order with one of `statuses`, whose session is paid; none for any other order."""
    if row.status not in statuses or order.total <= 0:
        return []
    sentence = (
        f"Order {row.id} is {row.status}, but session {order.session_id} is paid and Stripe lists no full refund. "
        "Make the order live, or refund the payment."
    )
    ids = {"order_id": row.id, "stripe_session_id": order.session_id}
    return [Problem(ProblemClass.PAID_BUT_NOT_LIVE, sentence, ids)]
