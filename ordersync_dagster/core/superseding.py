"""A paid session whose payment or reference is an order that does not name it: what becomes of both."""

from collections.abc import Iterator
from dataclasses import dataclass

from ordersync_dagster.core.completion import disagreements
from ordersync_dagster.core.matching import Match, agrees
from ordersync_dagster.core.orders import Order, Status, StoredOrder
from ordersync_dagster.core.payment_notices import payment_notices
from ordersync_dagster.core.payment_problems import NOT_LIVE, paid_but_not_live, superseded
from ordersync_dagster.core.payment_state import GIVEN_BACK, PaymentState
from ordersync_dagster.core.problems import Problem


@dataclass(frozen=True, slots=True)
class Superseding:
    """`is_its_payment` where the session completes the order, `is_doubtful` where the amounts do not agree.

    `not_kept` are the ids of orders whose payment by this session went back, or may go back.
    """

    notes: tuple[Problem, ...]
    is_its_payment: bool = False
    is_doubtful: bool = False
    not_kept: tuple[str, ...] = ()


def supersede(order: Order, match: Match, state: PaymentState) -> Superseding:
    """A payment that does not fit the order of `match`, or went back, does not complete it."""
    row, *others = match.orders
    if match.is_settled:
        return Superseding((superseded(order, match, is_moved=False),))
    is_known = state.is_kept or (state.is_refunded and not match.reference)
    is_its = not others and is_known and agrees(row, order)
    is_moved = is_its and state.is_kept and row.status == Status.PENDING
    notes = [superseded(order, match, is_moved=is_moved)]
    notes += [] if is_its or others else disagreements(row, order)
    notes += [problem for each in match.orders for problem in _of_payment(each, order, state, is_its)]
    is_doubtful = not is_its and not others and bool(match.reference) and not state.is_refunded
    not_kept = () if is_its or state.is_kept else tuple(each.id for each in match.orders)
    return Superseding(tuple(notes), is_its, is_doubtful, not_kept)


def _of_payment(row: StoredOrder, order: Order, state: PaymentState, is_its: bool) -> Iterator[Problem]:
    """What the payment says against the status of `row`; its own session tells the rest where `is_its`."""
    if state.is_kept:
        told = () if is_its else (Status.PENDING, *NOT_LIVE)
        yield from paid_but_not_live(row, order, (*told, *GIVEN_BACK))
    elif not is_its:
        yield from payment_notices(row, order, state, is_taken_back=False)
