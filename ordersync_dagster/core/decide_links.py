"""Orders without a Printful id against Printful's orders that nobody names: certain links, and likely ones.

A webhook that failed would have created the order at Printful and kept its id; recovered orders lack it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ordersync_dagster.core.changes import FillFields, OrderUpdate
from ordersync_dagster.core.decide_printful import update_order
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import Order, Status, StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.text import hashed_email

DAY = 86_400  # seconds
OPEN_WITHOUT_PRINTFUL = (Status.PROCESSING, Status.PENDING)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A paid order that waits and names no Printful order, with what its session says of it."""

    order: StoredOrder
    session: Order

    @property
    def is_recovered(self) -> bool:
        """Whether it is one of those that we inserted."""
        return self.order.id == self.session.id

    def names(self, link_by: str | None) -> frozenset[str]:
        """What the shop may have given Printful as `external_id`, which holds at most 32 characters."""
        by_order = {self.order.id, self.order.id.replace("-", "")} if link_by in (None, "order_id") else set()
        by_payment = {self.order.payment_intent_id} if link_by in (None, "payment_intent") else set()
        return frozenset(name for name in by_order | by_payment if name)

    @property
    def likeness(self) -> tuple[str, int, int]:
        """Recipient, UTC day and number of goods: what a Printful order of the same purchase shares."""
        goods = sum(line.quantity for line in self.session.line_items)
        return (
            hashed_email(self.session.customer_email),
            self.session.created.date().toordinal(),
            goods,
        )


@dataclass(frozen=True, slots=True)
class Links:
    """Updates of the orders that could be linked, what is only likely, and who still waits."""

    updates: tuple[OrderUpdate, ...]
    linked: tuple[str, ...]  # ids of the linked orders
    notes: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """What Printful's list did not tell: nobody may say that an order has nothing there because of it."""

    orders: Mapping[str, Problem] = field(default_factory=dict)  # by external_id: orders that cannot be read
    reason: str = ""  # why the list was not read to its end; empty where it was


def is_unlinked(order: StoredOrder) -> bool:
    """Whether `order` waits for goods that no Printful order is known for."""
    return not order.printful_order_id and order.status in OPEN_WITHOUT_PRINTFUL


def link(
    unlinked: Iterable[Unlinked],
    strangers: Iterable[PrintfulOrder],
    taken: Collection[str],
    limits: Limits,
    now: int,
    link_by: str | None = None,
    unread: Unread = Unread(),
) -> Links:
    """Link by `external_id`, unique in a store; what is less certain is only reported. `now` is in Unix seconds.

    `link_by` says what the shop puts there: "payment_intent", "order_id", or None for either.
    """
    free = [each for each in strangers if each.printful_order_id not in taken]
    by_name = {each.external_id: each for each in free if each.external_id}
    updates: list[OrderUpdate] = []
    notes: list[Problem] = []
    claimed: set[str] = set()
    left: list[Unlinked] = []
    for each in sorted(unlinked, key=lambda each: each.order.id):
        found = {by_name[name].printful_order_id: by_name[name] for name in each.names(link_by) & by_name.keys()}
        certain = next(iter(found.values())) if len(found) == 1 else None
        if certain is None or certain.printful_order_id in claimed:
            left.append(each)
            continue
        claimed.add(certain.printful_order_id)
        update, problems = _linked(each, certain, limits)
        updates.append(update)
        notes.extend(problems)
    notes.extend(_likely(left, [each for each in free if each.printful_order_id not in claimed]))
    hidden = {each.order.id: problem for each in left if (problem := _hidden(each, unread, link_by))}
    notes.extend(hidden.values())
    left = [each for each in left if each.order.id not in hidden]
    notes.extend([_not_asked(each, unread.reason) for each in left] if unread.reason else unfulfilled(left, now))
    return Links(tuple(updates), tuple(update.seen.id for update in updates), tuple(notes))


def unfulfilled(unlinked: Sequence[Unlinked], now: int) -> list[Problem]:
    """Paid orders with nothing at Printful: recovered ones at once, the shop's own after a day."""
    return [_waiting(each) for each in unlinked if each.is_recovered or now - each.session.created.timestamp() > DAY]


def _linked(each: Unlinked, theirs: PrintfulOrder, limits: Limits) -> tuple[OrderUpdate, list[Problem]]:
    update, problems = update_order(each.order, theirs, each.session.line_items, limits)
    fill = FillFields({"printful_order_id": theirs.printful_order_id})
    return OrderUpdate(each.order, (fill, *(update.changes if update else ()))), problems


def _likely(unlinked: Sequence[Unlinked], free: Sequence[PrintfulOrder]) -> list[Problem]:
    by_likeness: Mapping[tuple[str, int, int], list[str]] = defaultdict(list)
    for each in free:
        if each.likeness is not None:
            by_likeness[each.likeness].append(each.printful_order_id)
    if not by_likeness:
        return []  # telling what thousands of orders are like is work
    found = [(each, by_likeness[each.likeness]) for each in unlinked if each.likeness in by_likeness]
    return [_possible(each, sorted(printful_ids)) for each, printful_ids in found]


def _possible(each: Unlinked, printful_ids: Sequence[str]) -> Problem:
    names = ", ".join(printful_ids)
    return Problem(
        ProblemClass.POSSIBLE_LINK,
        f"Order {each.order.id} is likely Printful order {names} (same recipient, day and number of goods). If it is, "
        "set its printful_order_id.",
        _ids(each) | {"printful_order_ids": names},
    )


def _hidden(each: Unlinked, unread: Unread, link_by: str | None) -> Problem | None:
    """The Printful order that is this one's by its name and cannot be read."""
    for name in sorted(each.names(link_by) & unread.orders.keys()):
        problem = unread.orders[name]
        sentence = f"{problem.sentence} It belongs to order {each.order.id}, which was not linked to it."
        return Problem(problem.problem_class, sentence, {**problem.ids, **_ids(each)})
    return None


def _not_asked(each: Unlinked, reason: str) -> Problem:
    sentence = f"Printful could not be asked for an order of order {each.order.id}: {reason}. The next run asks again."
    return Problem(ProblemClass.PRINTFUL_NOT_ASKED, sentence, _ids(each))


def _ids(each: Unlinked) -> dict[str, str]:
    return {"order_id": each.order.id, "stripe_session_id": each.order.session_id}


def _waiting(each: Unlinked) -> Problem:
    what = "was recovered and" if each.is_recovered else "was paid more than a day ago and"
    sentence = f"Order {each.order.id} {what} has nothing at Printful: its customer waits."
    return Problem(ProblemClass.UNFULFILLED, sentence, _ids(each) | ({"recovered": "yes"} if each.is_recovered else {}))
