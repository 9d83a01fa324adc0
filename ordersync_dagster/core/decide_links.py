"""Orders without a Printful id against Printful orders that no order names: sure links are set, likely ones told."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ordersync_dagster.core.changes import FillFields, OrderUpdate
from ordersync_dagster.core.decide_printful import update_order
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.not_made import MakingRules, Payment, not_made
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.unlinked import Unlinked, unfulfilled

# From this many 404s on, suspect a wrong store or key, not deleted orders.
MIN_404S_TO_WARN = 5


@dataclass(frozen=True, slots=True)
class Unread:
    """Printful orders that we could not read: no order may be said to have nothing at Printful because of them."""

    orders: Mapping[str, Problem] = field(default_factory=dict)  # by external_id
    reason: str = ""  # why the list is incomplete; empty where it is complete


@dataclass(frozen=True, slots=True)
class Links:
    """The orders that wait for a link, and the Printful orders that may be theirs."""

    unlinked: tuple[Unlinked, ...] = ()
    candidates: tuple[PrintfulOrder, ...] = ()
    unread: Unread = Unread()
    taken: Collection[str] = ()  # Printful ids that orders of the shop name
    link_by: str | None = None  # the shop's `external_id`: "payment_intent", "order_id", or None for either
    not_found: int = 0  # 404s, where Printful knows none of the shop's orders
    rules: MakingRules = MakingRules()
    now: int = 0  # Unix seconds


def decide_links(links: Links, limits: Limits) -> Plan:
    """Link by `external_id`, which is unique in a store; likely links are only reported."""
    free = [each for each in links.candidates if each.printful_order_id not in links.taken]
    certain, left = _certain(links, free)
    claimed = {theirs.printful_order_id for _, theirs in certain}
    linked = [_linked(links, each, theirs, limits) for each, theirs in certain]
    notes = [problem for _, problems in linked for problem in problems]
    likely = _likely(left, [each for each in free if each.printful_order_id not in claimed])
    notes.extend(likely.values())
    hidden = {each.order.id: problem for each in left if (problem := _unread_problem(each, links))}
    notes.extend(hidden.values())
    left = [each for each in left if each.order.id not in hidden]
    reason = links.unread.reason
    waiting = [each for each in left if each.order.id not in likely]
    notes.extend([_not_asked(each, reason) for each in left] if reason else unfulfilled(waiting, links.now))
    return Plan(
        updates=tuple(update for update, _ in linked),
        printful_orders=tuple(update.seen.id for update, _ in linked),
        notes=tuple(notes),
        warnings=(_other_store(links.not_found),) if links.not_found >= MIN_404S_TO_WARN else (),
    )


def _certain(
    links: Links, free: Sequence[PrintfulOrder]
) -> tuple[list[tuple[Unlinked, PrintfulOrder]], list[Unlinked]]:
    """Each order with the one Printful order that carries its name, and the orders that have none."""
    by_name = {each.external_id: each for each in free if each.external_id}
    waiting = sorted(links.unlinked, key=lambda each: each.order.id)
    if not by_name:  # skip computing the names of thousands of orders
        return [], waiting
    certain: dict[str, tuple[Unlinked, PrintfulOrder]] = {}
    left: list[Unlinked] = []
    for each in waiting:
        found = {by_name[name].printful_order_id: by_name[name] for name in each.names(links.link_by) & by_name.keys()}
        if len(found) == 1 and not found.keys() & certain.keys():
            certain |= {printful_id: (each, theirs) for printful_id, theirs in found.items()}
        else:
            left.append(each)
    return list(certain.values()), left


def _linked(links: Links, each: Unlinked, theirs: PrintfulOrder, limits: Limits) -> tuple[OrderUpdate, list[Problem]]:
    payment = Payment(each.session.line_items, is_kept=each.is_paid)
    update, problems = update_order(each.order, theirs, payment.lines, limits)
    problems.extend(not_made(each.order, theirs, payment, links.rules, links.now))
    fill = FillFields({"printful_order_id": theirs.printful_order_id})
    return OrderUpdate(each.order, (fill, *(update.changes if update else ()))), problems


def _likely(unlinked: Sequence[Unlinked], free: Sequence[PrintfulOrder]) -> dict[str, Problem]:
    """By order id."""
    by_likeness: Mapping[tuple[str, int, int], list[str]] = defaultdict(list)
    for each in free:
        if each.likeness is not None:
            by_likeness[each.likeness].append(each.printful_order_id)
    if not by_likeness:  # nothing to match against: skip computing the likeness of thousands of orders
        return {}
    found = [(each, by_likeness[each.likeness]) for each in unlinked if each.likeness in by_likeness]
    return {each.order.id: _possible(each, sorted(printful_ids)) for each, printful_ids in found}


def _possible(each: Unlinked, printful_ids: Sequence[str]) -> Problem:
    names = ", ".join(printful_ids)
    return Problem(
        ProblemClass.POSSIBLE_LINK,
        f"Order {each.order.id} is likely Printful order {names} (same recipient, day and number of goods). If it is, "
        "set its printful_order_id.",
        each.ids | {"printful_order_ids": names},
    )


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
