"""Printful's answers against orders: status, tracking and items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from ordersync_dagster.core.changes import Change, OrderUpdate, SetStatus, SetTracking
from ordersync_dagster.core.delivery import delivery_problems
from ordersync_dagster.core.items import missing_items
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.not_made import MakingRules, Payment
from ordersync_dagster.core.orders import LineItem, Price, Status, StoredOrder, can_move
from ordersync_dagster.core.paid_and_made import most_urgent, paid_and_made
from ordersync_dagster.core.payment_problems import NOT_LIVE
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.printful_order import Lookup, Missing, NotAsked, PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.tracking import has_no_list, missing_tracking


@dataclass(frozen=True, slots=True)
class PrintfulBatch:
    """Printful's answers by Printful id, and the payments of this run's period by session id."""

    answers: Mapping[str, Lookup]
    payments: Mapping[str, Payment] = field(default_factory=dict)
    rules: MakingRules = MakingRules()
    now: int = 0  # Unix seconds
    erased: frozenset[str] = frozenset()  # keys of orders whose customer was erased
    left: Mapping[str, Sequence[Problem]] = field(default_factory=dict)  # by order id: told if nothing is more urgent


def decide_printful(batch: PrintfulBatch, stored: Stored) -> Plan:
    """The plan for every order of `stored` whose Printful id was answered."""
    updates: list[OrderUpdate] = []
    notes: list[Problem] = []
    known = [order for order in stored.orders if order.printful_order_id in batch.answers]
    known.sort(key=lambda order: (str(order.printful_order_id), order.id))
    for printful_id, group in groupby(known, key=lambda order: str(order.printful_order_id)):
        order, *others = group
        if others:
            notes.append(_ambiguous(printful_id, [order, *others]))
            notes.extend(notice for each in (order, *others) for notice in batch.left.get(each.id, ()))
            continue
        answer, payment = batch.answers[printful_id], batch.payments.get(order.session_id, Payment())
        is_erased = order.key in batch.erased
        update, problems = update_order(order, answer, payment.lines, stored.limits, is_erased=is_erased)
        if isinstance(answer, PrintfulOrder):
            problems += paid_and_made(order, answer, payment, batch.rules, batch.now)
        left = [each for each in batch.left.get(order.id, ()) if not _is_solved(each, update)]
        notes.extend(_about(problem, order) for problem in most_urgent(problems, left))
        if update:
            updates.append(update)
    return Plan(updates=tuple(updates), printful_orders=tuple(order.id for order in known), notes=tuple(notes))


def _about(problem: Problem, order: StoredOrder) -> Problem:
    """`problem` with the session and the amount of its order."""
    amount = Price(order.total, order.currency) if order.total is not None and order.currency else None
    named = {"stripe_session_id": order.session_id} if order.session_id else {}
    return replace(problem, ids={**problem.ids, **named}, amount=problem.amount or amount)


def _is_solved(left: Problem, update: OrderUpdate | None) -> bool:
    """Whether an order that is not live becomes so by `update`, because Printful makes or sends its goods."""
    changes = update.changes if update else ()
    return left.problem_class is ProblemClass.PAID_BUT_NOT_LIVE and any(
        isinstance(each, SetStatus) and each.after not in NOT_LIVE for each in changes
    )


def update_order(
    stored: StoredOrder,
    lookup: Lookup,
    lines: tuple[LineItem, ...],
    limits: Limits,
    *,
    is_erased: bool = False,
) -> tuple[OrderUpdate | None, list[Problem]]:
    """The update that Printful's answer makes to one order, and the problems of the values that it leaves.

    Of a customer who `is_erased` only the status is taken over: a parcel leads to an address, and goods that are made
    to order may show a person.
    """
    if not isinstance(lookup, PrintfulOrder):
        return None, [_no_answer(stored, lookup)]
    found: list[Change | Problem | None] = [_status_change(stored, lookup)]
    found += [] if is_erased else _goods_and_parcels(stored, lookup, lines, limits)
    changes = tuple(each for each in found if each is not None and not isinstance(each, Problem))
    problems = [*(each for each in found if isinstance(each, Problem)), *delivery_problems(stored, lookup)]
    return (OrderUpdate(stored, changes) if changes else None), problems


def _goods_and_parcels(
    stored: StoredOrder, lookup: PrintfulOrder, lines: tuple[LineItem, ...], limits: Limits
) -> list[Change | Problem | None]:
    return [
        _tracking_that_fits(stored, lookup, limits),
        _unlisted(stored, lookup),
        _unread_parcels(stored, lookup),
        missing_items(stored, lookup, lines, limits),
    ]


def _tracking_that_fits(stored: StoredOrder, theirs: PrintfulOrder, limits: Limits) -> SetTracking | Problem | None:
    change = missing_tracking(stored, theirs)
    values = {"tracking_number": change.number, "tracking_url": change.url} if change else {}
    column = limits.too_narrow("orders", values)
    if column is None:
        return change
    sentence = f"The tracking of order {stored.id} was left alone: {column} is too narrow for it. Widen the column."
    ids = {"order_id": stored.id, "printful_order_id": theirs.printful_order_id}
    return Problem(ProblemClass.TEXT_DOES_NOT_FIT, sentence, ids)


def _unlisted(stored: StoredOrder, theirs: PrintfulOrder) -> Problem | None:
    if not has_no_list(stored, theirs):
        return None
    sentence = f"The metadata of order {stored.id} is no JSON object; it was left alone, and lists no parcels."
    ids = {"order_id": stored.id, "printful_order_id": theirs.printful_order_id, "column": "metadata"}
    return Problem(ProblemClass.UNREADABLE_COLUMN, sentence, ids)


def _unread_parcels(stored: StoredOrder, theirs: PrintfulOrder) -> Problem | None:
    if not theirs.unread_shipments:
        return None
    sentence = f"Not all parcels of order {stored.id} can be read at Printful: {theirs.unread_shipments}."
    ids = {"order_id": stored.id, "printful_order_id": theirs.printful_order_id}
    return Problem(ProblemClass.MALFORMED_PRINTFUL_ORDER, sentence, ids)


def _status_change(stored: StoredOrder, theirs: PrintfulOrder) -> SetStatus | Problem | None:
    after = theirs.status
    ids = {"order_id": stored.id, "printful_order_id": theirs.printful_order_id}
    if after is None:
        word = repr(theirs.word[:40])
        sentence = f"Printful says {word} of order {stored.id}, which is not mapped; it stays {stored.status}."
        return Problem(ProblemClass.UNKNOWN_STATUS, sentence, ids)
    is_included = stored.status == Status.COMPLETED and after is Status.DELIVERED  # completed includes delivered
    # Sooner than the parcels say: the shop itself, or a run before it waited for them, has set it.
    is_included |= theirs.waits_for_parcels and stored.status in (Status.DELIVERED, Status.COMPLETED)
    if stored.status in (after, Status.REFUNDED) or is_included:  # whatever becomes of the goods, the money is back
        return None
    if can_move(stored.status, after):
        return SetStatus(stored.status, after, theirs.says)
    sentence = f"Order {stored.id} is {stored.status} and stays so, although Printful says {theirs.word}."
    return Problem(ProblemClass.REGRESS_BLOCKED, sentence, ids)


def _no_answer(stored: StoredOrder, lookup: Missing | NotAsked | Problem) -> Problem:
    ids = {"order_id": stored.id, "printful_order_id": stored.printful_order_id or ""}
    if isinstance(lookup, Missing):
        sentence = f"Printful has no order {lookup.printful_order_id}, which order {stored.id} names."
        return Problem(ProblemClass.MISSING_AT_PRINTFUL, sentence, ids)
    if isinstance(lookup, NotAsked):
        sentence = f"Printful could not be asked about order {stored.id}: {lookup.reason}. The next run asks again."
        return Problem(ProblemClass.PRINTFUL_NOT_ASKED, sentence, ids)
    return replace(lookup, ids={**lookup.ids, **ids})


def _ambiguous(printful_id: str, orders: list[StoredOrder]) -> Problem:
    names = ", ".join(order.id for order in orders)
    return Problem(
        ProblemClass.AMBIGUOUS_MATCH,
        f"{len(orders)} orders name the same Printful order {printful_id} and were left alone: {names}.",
        {"printful_order_id": printful_id, "order_ids": names},
    )
