"""The plans of the pieces of a day, joined to the plan of the day."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from operator import attrgetter
from typing import Any

from ordersync_dagster.core.payment_problems import (
    SAME_PURCHASE_WITHIN,
    Paid,
    duplicate_orders,
    same_purchase,
    same_purchases,
)
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import Unlinked


@dataclass(frozen=True, slots=True)
class Piece:
    """The plan of some sessions of a day, and what other pieces and days have to know of it."""

    plan: Plan
    payments: tuple[tuple[str, str], ...] = ()  # (payment intent id, order id) of every order that they met
    paid: tuple[Paid, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)  # order id → session id, of orders under another session
    doubtful: Mapping[str, str] = field(default_factory=dict)  # the same, where the amounts do not agree


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


def join_pieces(pieces: Sequence[Piece], around: Around = Around()) -> Plan:
    """One plan of the pieces of a day, with the duplicates, which only all pieces together show."""
    plans = [piece.plan for piece in pieces]
    names = [each.name for each in fields(Plan) if each.name not in ("day", "is_of_links", "looked_for_unclaimed")]
    joined: dict[str, Any] = {name: tuple(chain.from_iterable(getattr(plan, name) for plan in plans)) for name in names}
    payments = frozenset(chain.from_iterable(piece.payments for piece in pieces))
    purchases = around.purchases(pieces)
    told = {
        note.ids["stripe_session_ids"] for note in joined["notes"] if note.problem_class is ProblemClass.DOUBLE_PAYMENT
    }
    problems = (same_purchase(each) for each in purchases if not around.leaves(each))
    twins = [each for each in problems if each.ids["stripe_session_ids"] not in told]
    twins.sort(key=attrgetter("sentence"))
    left = {paid.order_id for each in purchases if around.leaves(each) for paid in each}
    paid_otherwise = {order_id for piece in pieces for order_id in piece.claims}
    kept = [each for each in joined["notes"] if not _is_refuted(each, paid_otherwise)]
    notes = (*kept, *duplicate_orders(payments), *twins)
    joined |= {
        "notes": notes,
        "unlinked": tuple(_without_doubt(joined["unlinked"], notes, left)),
        "warnings": tuple(dict.fromkeys(joined["warnings"])),
    }
    return Plan(plans[0].day, **joined)


def _without_doubt(unlinked: Iterable[Unlinked], notes: Iterable[Problem], left: Collection[str]) -> Iterator[Unlinked]:
    """`unlinked`, where an order that may have been paid twice is not said to wait: its goods may be sent twice.

    `left` are the orders of which the day before tells that.
    """
    doubled = {
        *left,
        *(
            order_id
            for note in notes
            if note.problem_class is ProblemClass.DOUBLE_PAYMENT
            for order_id in note.ids["order_ids"].split(", ")
        ),
    }
    for each in unlinked:
        is_doubled = each.order.id in doubled
        yield replace(each, payment=replace(each.payment, unknown="paid twice")) if is_doubled else each


def _is_refuted(note: Problem, paid_otherwise: Collection[str]) -> bool:
    """Whether `note` says that an order has no payment, and another session paid it."""
    return note.problem_class is ProblemClass.ORDER_WITHOUT_PAYMENT and note.ids["order_id"] in paid_otherwise
