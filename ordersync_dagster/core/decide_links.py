"""Orders without a Printful id against Printful orders that no order names: sure links are set, likely ones told."""

from dataclasses import replace

from ordersync_dagster.core.changes import FillFields, OrderUpdate
from ordersync_dagster.core.decide_printful import update_order
from ordersync_dagster.core.judge_links import judge_links
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.paid_and_made import most_urgent, paid_and_made
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unlinked import Unlinked, unfulfilled

# From this many 404s on, suspect a wrong store or key, not deleted orders.
MIN_404S_TO_WARN = 5


def decide_links(links: Links, limits: Limits) -> Plan:
    """Link by `external_id` where nothing contradicts; whatever else may be a link is only told."""
    judged = judge_links(links)
    linked = [_linked(links, each, theirs, limits) for each, theirs in judged.certain]
    notes = [problem for _, problems in linked for problem in problems]
    notes.extend(notice for each in judged.left for notice in links.left.get(each.order.id, ()))
    notes.extend(judged.told.values())
    hidden = {each.order.id: problem for each in judged.left if (problem := _unread_problem(each, links))}
    notes.extend(hidden.values())
    left = [each for each in judged.left if each.order.id not in hidden]
    waiting = [each for each in left if each.order.id not in judged.told]
    reason = links.unread.reason
    notes.extend([_not_asked(each, reason) for each in left] if reason else unfulfilled(waiting, links.now))
    of_orders = {each.order.id: each for each in links.unlinked}
    return Plan(
        is_of_links=True,
        updates=tuple(update for update, _ in linked),
        printful_orders=tuple(update.seen.id for update, _ in linked),
        notes=tuple(_about(note, of_orders[note.ids["order_id"]]) for note in notes),
        warnings=(_other_store(links.not_found),) if links.not_found >= MIN_404S_TO_WARN else (),
    )


def _about(problem: Problem, each: Unlinked) -> Problem:
    """`problem` with its order's session, so that it has the same id in every run, and the session's day and amount."""
    amount = Price(each.session.total, each.session.currency)
    ids = {**problem.ids, **each.ids}
    return replace(problem, ids=ids, day=each.session.created.date(), amount=problem.amount or amount)


def _linked(links: Links, each: Unlinked, theirs: PrintfulOrder, limits: Limits) -> tuple[OrderUpdate, list[Problem]]:
    payment, is_erased = Payment.of(each.session, each.payment), each.order.key in links.erased
    update, problems = update_order(each.order, theirs, payment.lines, limits, is_erased=is_erased)
    problems += paid_and_made(each.order, theirs, payment, links.rules, links.now)
    problems = most_urgent(problems, links.left.get(each.order.id, ()))
    name = "payment" if theirs.external_id == each.order.payment_intent_id else "id"
    source = f"Printful order {theirs.printful_order_id}, whose external_id is the order's {name}"
    fill = FillFields({"printful_order_id": theirs.printful_order_id}, source)
    return OrderUpdate(each.order, (fill, *(update.changes if update else ()))), problems


def _unread_problem(each: Unlinked, links: Links) -> Problem | None:
    """The problem of a Printful order that carries this order's name and cannot be read."""
    if not links.unread.orders:
        return None
    for name in sorted(each.names(links.link_by) & links.unread.orders.keys()):
        problem = links.unread.orders[name]
        sentence = f"{problem.sentence} It belongs to order {each.order.id}, which was not linked to it."
        return Problem(problem.problem_class, sentence, {**problem.ids, **each.ids})
    return None


def _not_asked(each: Unlinked, reason: str) -> Problem:
    sentence = f"Printful could not be asked for an order of order {each.order.id}: {reason}. The next run asks again."
    return Problem(ProblemClass.PRINTFUL_NOT_ASKED, sentence, each.ids)


def _other_store(not_found: int) -> str:
    return (
        f"Printful knows none of the {not_found} orders that it was asked for: PRINTFUL_API_KEY or PRINTFUL_STORE_ID "
        "may be another store's. The next run asks for all of them again."
    )
