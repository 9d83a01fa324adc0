"""Notices about the payment of an order: it went back, is disputed, or is unknown."""

from ordersync_dagster.core.orders import Order, Price, Status, StoredOrder
from ordersync_dagster.core.payment_problems import NOT_LIVE
from ordersync_dagster.core.payment_state import PaymentState, needs_reversals
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import is_unlinked

_DONE = frozenset({Status.DELIVERED, Status.COMPLETED})


def payment_notices(stored: StoredOrder, order: Order, state: PaymentState, *, is_taken_back: bool) -> list[Problem]:
    """The problems of the payment of `stored`; none where its status says that the payment went back.

    With `is_taken_back` an earlier run set the order to refunded, and somebody took that back.
    """
    says_paid = stored.status not in (*NOT_LIVE, Status.PENDING)
    if not needs_reversals(stored) or (state.is_refunded and not says_paid and not is_taken_back):
        return []
    if state.is_refunded:
        return [_refund_taken_back(stored, order) if is_taken_back else _refunded(stored, order)]
    found: list[Problem] = []
    if state.disputes:
        found.append(_disputed(stored, order, state))
    if state.returned and says_paid and stored.status not in _DONE:
        found.append(_partly_refunded(stored, order, state))
    if state.unknown and (state.is_unreadable or not says_paid or is_unlinked(stored)):
        found.append(_unknown(stored, order, state))
    return found


def _refunded(stored: StoredOrder, order: Order) -> Problem:
    is_own = order.session_id == stored.session_id
    payment = "its whole payment" if is_own else f"the whole payment of its session {order.session_id}"
    sentence = (
        f"Order {stored.id} says {stored.status}, and {payment} went back to the customer. Cancel what is not sent "
        "yet, and set the order's status by hand."
    )
    return Problem(ProblemClass.PAYMENT_REFUNDED, sentence, _ids(stored, order))


def _refund_taken_back(stored: StoredOrder, order: Order) -> Problem:
    sentence = (
        f"Order {stored.id} says {stored.status}, and its whole payment went back to the customer. An earlier run set "
        "it to refunded, and somebody took that back: it was not set again. Cancel what is not sent yet, and set the "
        "order's status by hand."
    )
    return Problem(ProblemClass.PAYMENT_REFUNDED, sentence, _ids(stored, order))


def _disputed(stored: StoredOrder, order: Order, state: PaymentState) -> Problem:
    names = ", ".join(state.disputes)
    sentence = (
        f"The customer's bank disputes the payment of order {stored.id} ({names}). Answer it at Stripe, and send no "
        "goods before it is decided."
    )
    return Problem(ProblemClass.DISPUTED, sentence, _ids(stored, order) | {"stripe_dispute_ids": names})


def _partly_refunded(stored: StoredOrder, order: Order, state: PaymentState) -> Problem:
    back = " and ".join(map(str, state.returned))
    sentence = (
        f"Order {stored.id}: {back} of {Price(order.total, order.currency)} went back to the customer. Send "
        "only the goods that are still paid."
    )
    return Problem(ProblemClass.PARTLY_REFUNDED, sentence, _ids(stored, order))


def _unknown(stored: StoredOrder, order: Order, state: PaymentState) -> Problem:
    sentence = (
        f"Nobody knows whether the payment of order {stored.id} was refunded: {state.unknown}. Look at the payment at "
        "Stripe before you send the goods."
    )
    return Problem(ProblemClass.REFUND_UNKNOWN, sentence, _ids(stored, order))


def _ids(stored: StoredOrder, order: Order) -> dict[str, str]:
    return {"order_id": stored.id, "stripe_session_id": order.session_id}
