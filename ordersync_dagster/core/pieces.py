"""The plans of the pieces of a day, joined to the plan of the day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain
from operator import attrgetter
from typing import Any

from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.payment_problems import (
    SAME_PURCHASE_WITHIN,
    Paid,
    duplicate_orders,
    paid_twice,
    same_purchase,
    same_purchases,
    same_references,
)
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import without_doubt


@dataclass(frozen=True, slots=True)
class Piece:
    """The plan of some sessions of a day, and what other pieces and days have to know of it."""

    plan: Plan
    payments: tuple[tuple[str, str], ...] = ()  # (payment intent id, order id) of every order that they met
    paid: tuple[Paid, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)  # order id → session id, of orders under another session
    doubtful: Mapping[str, str] = field(default_factory=dict)  # the same, where the amounts do not agree
    inserted: Mapping[str, str] = field(default_factory=dict)  # payment → session id, of new orders
    not_kept: Mapping[str, str] = field(default_factory=dict)  # as `claims`, of payments that went back or may do so


@dataclass(frozen=True, slots=True)
class Around:
    """Paid sessions of other days, as far as they may be for the purchases of a day.

    `untold` are those of the day after whose day left them to be told with this one, and `leaves_before` (Unix seconds)
    is the first second of a day that leaves its own to the day before; 0 where no run decides that day after it.
    """

    near: tuple[Paid, ...] = ()
    untold: tuple[Paid, ...] = ()
    leaves_before: int = 0

    def purchases(self, pieces: Sequence[Piece]) -> list[tuple[Paid, ...]]:
        """Each purchase of these pieces that was paid more than once, with all its payments."""
        own = (*self.untold, *chain.from_iterable(piece.paid for piece in pieces))
        return same_purchases(own, self.near)

    def leaves(self, purchase: Sequence[Paid]) -> bool:
        """Whether the day before may know one more payment of it, and tells of all of them."""
        return purchase[0].created <= self.leaves_before + SAME_PURCHASE_WITHIN


def named_payments(plan: Plan, stored: Iterable[StoredOrder]) -> tuple[tuple[str, str], ...]:
    """(payment intent id, order id) of the orders as `plan` leaves them."""
    existing = (*stored, *(update.completed for update in plan.completions))
    named = [(order.payment_intent_id, order.id) for order in existing]
    named += [(insert.order.payment_intent_id, insert.order.id) for insert in plan.inserts]
    return tuple((payment, order_id) for payment, order_id in named if payment)


def join_pieces(pieces: Sequence[Piece], around: Around = Around()) -> Plan:
    """One plan of the pieces of a day, with the duplicates, which only all pieces together show."""
    plans = [piece.plan for piece in pieces]
    names = [each.name for each in fields(Plan) if each.name not in ("day", "is_of_links", "looked_for_unclaimed")]
    joined: dict[str, Any] = {name: tuple(chain.from_iterable(getattr(plan, name) for plan in plans)) for name in names}
    payments = frozenset(chain.from_iterable(piece.payments for piece in pieces))
    purchases = around.purchases(pieces)
    alike = same_references(chain.from_iterable(piece.paid for piece in pieces))
    told = [*filter(_is_double, joined["notes"]), *alike]
    problems = (same_purchase(each) for each in purchases if not around.leaves(each))
    twins = [each for each in problems if not any(_sessions(each) <= _sessions(other) for other in told)]
    doubles = sorted((*told, *twins), key=attrgetter("sentence"))
    left = {paid.order_id for each in purchases if around.leaves(each) for paid in each}
    paid_otherwise = {order_id for piece in pieces for order_id in piece.claims}
    kept = [each for each in joined["notes"] if not (_is_double(each) or _is_refuted(each, paid_otherwise))]
    notes = (*kept, *duplicate_orders(payments), *doubles)
    joined |= {
        "notes": notes,
        "unlinked": tuple(without_doubt(joined["unlinked"], {*left, *paid_twice(notes)})),
        "warnings": tuple(dict.fromkeys(joined["warnings"])),
    }
    return Plan(plans[0].day, **joined)


def _is_double(note: Problem) -> bool:
    return note.problem_class is ProblemClass.DOUBLE_PAYMENT


def _sessions(double: Problem) -> set[str]:
    return set(double.ids["stripe_session_ids"].split(", "))


def _is_refuted(note: Problem, paid_otherwise: Collection[str]) -> bool:
    """Whether `note` says that an order has no payment, and another session paid it."""
    return note.problem_class is ProblemClass.ORDER_WITHOUT_PAYMENT and note.ids["order_id"] in paid_otherwise
