"""Payments that came so late that the shop may have given the order up. docs/decisions/0021 says how they are known."""

from collections.abc import Iterable, Mapping

from ordersync_dagster.core.orders import Order, Status, StoredOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session_fields import MalformedError, created_time, id_of
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.unlinked import DAY
from ordersync_dagster.core.window import day_of

_WAITING = (Status.PENDING, Status.PROCESSING)  # of another status nothing is to be decided, or more urgently


def read_late_payments(events: Iterable[object]) -> Mapping[str, int]:
    """Session id → when its payment came, in Unix seconds, of Stripe's events of delayed payments."""
    found: dict[str, int] = {}
    for event in events:
        data = event.get("data") if isinstance(event, Mapping) else None
        session_id = id_of(data.get("object")) if isinstance(data, Mapping) else None
        if isinstance(event, Mapping) and session_id:
            try:
                found[session_id] = created_time(event)
            except MalformedError:
                continue
    return found


def may_be_late(order: Order, row: StoredOrder | None, after: int, now: int) -> bool:
    """Whether Stripe's events have to tell when the session was paid; `after` in seconds, `now` in Unix seconds."""
    is_old = now - order.created.timestamp() > after
    return order.settles_later and is_old and order.total > 0 and (row is None or row.status in _WAITING)


def late_payment(row: StoredOrder, order: Order, paid_at: int | None, after: int) -> list[Problem]:
    """The problem of an order that waits for its goods, and whose payment came more than `after` seconds late."""
    made = order.created.timestamp()
    if paid_at is None or paid_at - made <= after or row.status not in _WAITING:
        return []
    days = int((paid_at - made) / DAY)
    sentence = (
        f"Order {row.id} was paid on {day_of(paid_at)}, {counted(days, 'day')} after its checkout. "
        "Look whether its goods and prices are still the same, and tell the customer: you may have called it cancelled."
    )
    return [Problem(ProblemClass.LATE_PAYMENT, sentence, {"order_id": row.id, "stripe_session_id": order.session_id})]
