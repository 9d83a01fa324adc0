"""Sessions against orders: what is inserted, completed, skipped or reported."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ordersync_dagster.core.changes import FillFields, InsertOrder, OrderUpdate
from ordersync_dagster.core.decide_links import Unlinked, is_unlinked
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import Json, Order, Status, StoredOrder, as_stored
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.refunds import Refunded, is_given_back
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason, Verdict


class SessionSide:
    """Phase 1, one verdict at a time: each session ends in exactly one of inserts, skips and failed."""

    def __init__(self, stored: Collection[StoredOrder], limits: Limits, refunded: Refunded) -> None:
        self._limits, self._refunded = limits, refunded
        self._stored = {order.session_id: order for order in stored if order.session_id}
        self._paid: dict[str, list[str]] = {}  # ids of orders without a session, by payment
        for order in stored:
            if order.payment_intent_id and not order.session_id:
                self._paid.setdefault(order.payment_intent_id, []).append(order.id)
        self.inserts: list[InsertOrder] = []
        self.completions: list[OrderUpdate] = []
        self.skips: list[Skip] = []
        self.failed: list[SessionProblem] = []
        self.notes: list[Problem] = []
        self.unlinked: list[Unlinked] = []

    def decide(self, verdict: Verdict) -> None:
        existing = self._stored.get(verdict.session_id)
        if existing is not None:
            self.skips.append(Skip(verdict.session_id, SkipReason.ORDER_EXISTS))
            if isinstance(verdict, Order):
                self._complete(existing, verdict)
        elif isinstance(verdict, Skip):
            self.skips.append(verdict)
        elif isinstance(verdict, SessionProblem):
            self.failed.append(verdict)
        elif verdict.payment_intent_id in self._paid:
            self.skips.append(Skip(verdict.session_id, SkipReason.ORDER_EXISTS))
            self.notes.append(_paid_already(verdict, self._paid[verdict.payment_intent_id]))
        else:
            self._insert(verdict)

    def _insert(self, order: Order) -> None:
        problem = _reason_not_to_insert(order, self._limits)
        if problem:
            self.failed.append(SessionProblem(order.session_id, problem))
            return
        if is_given_back(order, self._refunded):
            order = replace(order, status=Status.REFUNDED)
        self.inserts.append(InsertOrder(order))
        self._wait(as_stored(order), order)

    def _complete(self, existing: StoredOrder, order: Order) -> None:
        values = _empty_fields(existing, order)
        column = self._limits.too_narrow("orders", {k: v for k, v in values.items() if isinstance(v, str)})
        if column:
            self.notes.append(_cannot_complete(existing, column))
        elif values:
            update = OrderUpdate(existing, (FillFields(values),))
            self.completions.append(update)
            existing = filled(update)
        self.notes.extend((*_disagreements(existing, order), *_unreadable(existing, order)))
        self._wait(existing, order)

    def _wait(self, stored: StoredOrder, order: Order) -> None:
        if is_unlinked(stored):
            self.unlinked.append(Unlinked(stored, order))


def duplicate_orders(payments: frozenset[tuple[str, str]]) -> list[Problem]:
    """Orders that name the same payment, of (payment intent id, order id): a customer may get the goods twice."""
    by_payment: dict[str, list[str]] = {}
    for payment, order_id in payments:
        by_payment.setdefault(payment, []).append(order_id)
    return [
        Problem(
            ProblemClass.DUPLICATE_ORDER,
            f"{len(ids)} orders name the same payment {payment}: {', '.join(sorted(ids))}. Cancel all but one by hand.",
            {"stripe_payment_intent_id": payment, "order_ids": ", ".join(sorted(ids))},
        )
        for payment, ids in sorted(by_payment.items())
        if len(ids) > 1
    ]


def _paid_already(order: Order, order_ids: Collection[str]) -> Problem:
    names = ", ".join(sorted(order_ids))
    return Problem(
        ProblemClass.DUPLICATE_ORDER,
        f"Session {order.session_id} became no order: order {names} names its payment {order.payment_intent_id} and no "
        "session. If it is the session's, set its stripe_session_id.",
        {
            "stripe_session_id": order.session_id,
            "stripe_payment_intent_id": order.payment_intent_id or "",
            "order_ids": names,
        },
    )


def _reason_not_to_insert(order: Order, limits: Limits) -> Problem | None:
    ids = {"stripe_session_id": order.session_id}
    if not limits.total.holds(order.total):
        return Problem(
            ProblemClass.AMOUNT_DOES_NOT_FIT,
            f"Session {order.session_id} became no order: orders.total_amount is numeric({limits.total.precision},"
            f"{limits.total.scale}) and cannot hold {order.total} {order.currency} exactly. Widen the column.",
            ids,
        )
    texts = {
        "stripe_session_id": order.session_id,
        "stripe_payment_intent_id": order.payment_intent_id,
        "printful_order_id": order.printful_order_id,
        "customer_email": order.customer_email,
        "customer_name": order.customer_name,
        "currency": order.currency,
        "status": order.status,
    }
    column = limits.too_narrow("orders", texts)
    if column is None:
        return None
    sentence = f"Session {order.session_id} became no order: {column} is too narrow for its value. Widen the column."
    return Problem(ProblemClass.TEXT_DOES_NOT_FIT, sentence, ids)


def _cannot_complete(existing: StoredOrder, column: str) -> Problem:
    sentence = f"Order {existing.id} was not completed: {column} is too narrow for its value. Widen the column."
    ids = {"order_id": existing.id, "stripe_session_id": existing.session_id}
    return Problem(ProblemClass.TEXT_DOES_NOT_FIT, sentence, ids)


def _empty_fields(existing: StoredOrder, order: Order) -> dict[str, str | Mapping[str, object]]:
    offered = {
        "stripe_payment_intent_id": (existing.payment_intent_id, order.payment_intent_id),
        "printful_order_id": (existing.printful_order_id, order.printful_order_id),
        "customer_name": (existing.customer_name, order.customer_name),
        "shipping_address": (existing.shipping_address, order.shipping_address),
    }
    free = {column: each for column, each in offered.items() if column not in existing.unreadable}
    return {column: new for column, (old, new) in free.items() if new and _is_empty(old)}


def _is_empty(value: str | Json | None) -> bool:
    """An address of nothing but nulls, which some webhook handlers wrote, says as little as none."""
    return not value or (not isinstance(value, str) and not any(value.values()))


def _disagreements(existing: StoredOrder, order: Order) -> list[Problem]:
    compared = {
        "total_amount": (existing.total, order.total),
        "currency": ((existing.currency or "").lower() or None, order.currency),
        "stripe_payment_intent_id": (existing.payment_intent_id, order.payment_intent_id),
        "printful_order_id": (existing.printful_order_id, order.printful_order_id),
    }
    ids = {"order_id": existing.id, "stripe_session_id": existing.session_id}
    return [
        Problem(
            ProblemClass.ORDER_DISAGREES,
            f"Order {existing.id} says {column} {ours}, its session says {theirs}; it was left alone.",
            {**ids, "column": column},
        )
        for column, (ours, theirs) in compared.items()
        if ours is not None and theirs is not None and ours != theirs
    ]


def _unreadable(existing: StoredOrder, order: Order) -> Iterator[Problem]:
    """What is in the column stays there, because nobody knows what it says."""
    ids = {"order_id": existing.id, "stripe_session_id": existing.session_id}
    if "total_amount" in existing.unreadable:
        sentence = f"Order {existing.id} says a total_amount that is no amount, its session says {order.total}"
        ids_of_amount = {**ids, "column": "total_amount"}
        yield Problem(ProblemClass.ORDER_DISAGREES, f"{sentence}; it was left alone.", ids_of_amount)
    if "shipping_address" in existing.unreadable and order.shipping_address:
        sentence = f"The shipping_address of order {existing.id} is no JSON object; it was left alone."
        yield Problem(ProblemClass.UNREADABLE_COLUMN, sentence, {**ids, "column": "shipping_address"})


def filled(update: OrderUpdate) -> StoredOrder:
    """The order as completing it will leave it."""
    values = {
        name: value
        for change in update.changes
        if isinstance(change, FillFields)
        for name, value in change.values.items()
    }
    fields = {_FIELD_OF_COLUMN[column]: value for column, value in values.items()}
    return replace(update.seen, **fields)  # type: ignore[arg-type]  # the columns are FILLABLE's


_FIELD_OF_COLUMN = {
    "stripe_payment_intent_id": "payment_intent_id",
    "printful_order_id": "printful_order_id",
    "customer_name": "customer_name",
    "shipping_address": "shipping_address",
}
