"""Orders that are not given up although their session will not be paid any more."""

from ordersync_dagster.core.orders import Status, StoredOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import Overdue

_GIVEN_UP = (Status.CANCELLED, Status.REFUNDED, Status.FAILED)
_DELIVERED = (Status.DELIVERED, Status.COMPLETED)


def order_without_payment(row: StoredOrder, session_id: str, overdue: Overdue) -> list[Problem]:
    """The problem of `row`, whose session is overdue; none for an order that is given up, or names another payment."""
    is_paid_otherwise = row.payment_intent_id and row.payment_intent_id != overdue.payment_intent_id
    if row.status in _GIVEN_UP or is_paid_otherwise:
        return []
    sentence = f"Order {row.id} has no payment: session {session_id} of {overdue.since} is still unpaid{_remedy(row)}"
    ids = {"order_id": row.id, "stripe_session_id": session_id}
    if row.printful_order_id:
        ids["printful_order_id"] = row.printful_order_id
    return [Problem(ProblemClass.ORDER_WITHOUT_PAYMENT, sentence, ids)]


def _remedy(row: StoredOrder) -> str:
    """What to do: the further Printful has got, the more urgent."""
    if row.status in _DELIVERED:
        return ", and its goods are delivered. Ask the customer to pay for them."
    if row.status == Status.SHIPPED:
        return ", and its goods are on the way. Have them stopped at once, or ask the customer to pay."
    if row.printful_order_id:
        return f", and Printful has its order {row.printful_order_id}. Cancel it there at once, before goods are sent."
    return ". Send no goods, and cancel the order."
