"""Whether the shop's columns can hold an order."""

from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.order_fields import INSERTED, Kind
from ordersync_dagster.core.orders import Order, Price
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem

_TEXTS = tuple(field for field in INSERTED if field.kind is Kind.TEXT)


def reason_not_to_insert(order: Order, limits: Limits) -> Problem | None:
    """The problem of a session whose order a column would round, cut off or refuse."""
    ids = {"stripe_session_id": order.session_id}
    if not limits.total.holds(order.total):
        return Problem(
            ProblemClass.AMOUNT_DOES_NOT_FIT,
            f"Session {order.session_id} became no order: orders.total_amount is numeric({limits.total.precision},"
            f"{limits.total.scale}) and cannot hold {Price(order.total, order.currency)} exactly. Widen the column.",
            ids,
        )
    texts = {each.column: getattr(order, each.attribute) for each in _TEXTS} if limits.widths else {}
    column = limits.too_narrow("orders", texts)
    if column is not None:
        sentence = (
            f"Session {order.session_id} became no order: {column} is too narrow for its value. Widen the column."
        )
        return Problem(ProblemClass.TEXT_DOES_NOT_FIT, sentence, ids)
    values = {each.column: getattr(order, each.attribute) for each in INSERTED} if limits.required else {}
    column = limits.lacking("orders", values)
    return _lacks(order, column, ids) if column else None


def _lacks(order: Order, column: str, ids: dict[str, str]) -> Problem:
    return Problem(
        ProblemClass.DATABASE_REFUSED,
        f"Session {order.session_id} became no order: {column} must have a value, and there is none for it. Allow "
        "NULL, or say under [values.orders] in ordersync.toml what stands there instead.",
        ids,
    )
