"""Sessions against orders: each session is inserted, skipped or failed; its existing order is completed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import chain

from ordersync_dagster.core.changes import InsertOrder, OrderUpdate
from ordersync_dagster.core.completion import completed
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.order_fields import INSERTED, Kind
from ordersync_dagster.core.orders import Order, Status, StoredOrder, as_stored
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.refunds import Refunded, is_refunded
from ordersync_dagster.core.stripe_session import NO_ID, SessionProblem, Skip, SkipReason, Verdict
from ordersync_dagster.core.unlinked import Unlinked, is_unlinked, not_looked_at

_TEXTS = tuple(field for field in INSERTED if field.kind is Kind.TEXT)


@dataclass(frozen=True, slots=True)
class SessionDay:
    """The sessions of one UTC day, or some of them, and the refunds that Stripe lists."""

    day: date | None = None
    sessions: tuple[Verdict, ...] = ()
    refunded: Refunded = field(default_factory=dict)
    now: int = 0  # Unix seconds
    asks_printful: bool = False  # orders without a Printful id are left to `decide_links`


@dataclass(frozen=True, slots=True)
class Piece:
    """The plan of some sessions of a day, and (payment intent id, order id) of every order that they met."""

    plan: Plan
    payments: tuple[tuple[str, str], ...]


def decide_sessions(day: SessionDay, stored: Stored) -> Plan:
    """The plan of a day, whatever the order of its sessions; once it is applied, the same day changes nothing more."""
    return join_pieces([decide_piece(day, stored)])


def join_pieces(pieces: Sequence[Piece]) -> Plan:
    """One plan of the pieces of a day, with the duplicate orders, which only all pieces together show."""
    plans = [piece.plan for piece in pieces]
    names = [each.name for each in fields(Plan) if each.name != "day"]
    joined = {name: tuple(chain.from_iterable(getattr(plan, name) for plan in plans)) for name in names}
    payments = frozenset(chain.from_iterable(piece.payments for piece in pieces))
    return Plan(plans[0].day, **{**joined, "notes": (*joined["notes"], *_duplicate_orders(payments))})


def decide_piece(day: SessionDay, stored: Stored) -> Piece:
    """The plan of some sessions of a day, for `join_pieces` to finish; `stored` needs only the orders of these."""
    decider = _Decider(stored, day.refunded)
    for verdict in each_once(day.sessions):
        decider.decide(verdict)
    unlinked = tuple(decider.unlinked)
    unknown = [] if day.asks_printful else not_looked_at(sorted(unlinked, key=lambda each: each.order.id), day.now)
    plan = Plan(
        day=day.day,
        inserts=tuple(decider.inserts),
        completions=tuple(decider.completions),
        skips=tuple(decider.skips),
        failed_sessions=tuple(decider.failed),
        notes=(*decider.notes, *unknown),
        unlinked=unlinked if day.asks_printful else (),
    )
    return Piece(plan, _payments(plan, stored.orders) if day.sessions else ())


def each_once(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """By session id; a session that was listed twice counts once, but every row without an id counts."""
    with_id = {each.session_id: each for each in verdicts if each.session_id != NO_ID}
    without_id = sorted((each for each in verdicts if each.session_id == NO_ID), key=str)
    return [*(with_id[key] for key in sorted(with_id)), *without_id]


class _Decider:
    """One verdict at a time: each session ends in exactly one of inserts, skips and failed."""

    def __init__(self, stored: Stored, refunded: Refunded) -> None:
        self._limits, self._refunded = stored.limits, refunded
        self._stored = {order.session_id: order for order in stored.orders if order.session_id}
        self._paid: dict[str, list[str]] = {}  # ids of orders without a session, by payment
        for order in stored.orders:
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
        if is_refunded(order, self._refunded):
            order = replace(order, status=Status.REFUNDED)
        self.inserts.append(InsertOrder(order))
        self._wait(as_stored(order), order)

    def _complete(self, existing: StoredOrder, order: Order) -> None:
        update, problems = completed(existing, order, self._limits)
        self.notes.extend(problems)
        if update:
            self.completions.append(update)
        self._wait(update.filled if update else existing, order)

    def _wait(self, stored: StoredOrder, order: Order) -> None:
        if is_unlinked(stored):
            self.unlinked.append(Unlinked(stored, order))


def _payments(plan: Plan, stored: Iterable[StoredOrder]) -> tuple[tuple[str, str], ...]:
    """(payment intent id, order id) of the orders as `plan` leaves them."""
    existing = (*stored, *(update.filled for update in plan.completions))
    named = [(order.payment_intent_id, order.id) for order in existing]
    named += [(insert.order.payment_intent_id, insert.order.id) for insert in plan.inserts]
    return tuple((payment, order_id) for payment, order_id in named if payment)


def _duplicate_orders(payments: frozenset[tuple[str, str]]) -> list[Problem]:
    """Orders that name the same payment: a customer may get the goods twice."""
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
    column = limits.too_narrow("orders", {each.column: getattr(order, each.attribute) for each in _TEXTS})
    if column is None:
        return None
    sentence = f"Session {order.session_id} became no order: {column} is too narrow for its value. Widen the column."
    return Problem(ProblemClass.TEXT_DOES_NOT_FIT, sentence, ids)
