"""reconcile(observed, stored) → Plan: the only place that decides what will be written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import chain

from ordersync_dagster.core.changes import AddItems, InsertOrder, Limits, OrderUpdate
from ordersync_dagster.core.decide_links import Unlinked, Unread, link
from ordersync_dagster.core.decide_printful import printful_side
from ordersync_dagster.core.decide_sessions import SessionSide, duplicate_orders, filled
from ordersync_dagster.core.orders import LineItem, Order, StoredOrder, as_stored
from ordersync_dagster.core.printful_order import Fulfilment, Lookup
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.refunds import Refunded
from ordersync_dagster.core.stripe_session import NO_ID, SessionProblem, Skip, Verdict

SEVERAL = 5  # Printful ids; so many unknown ones are hardly all gone


@dataclass(frozen=True, slots=True)
class Observed:
    """What the vendors said: sessions already read, refunds, and Printful's answers by Printful id."""

    day: date | None = None
    sessions: tuple[Verdict, ...] = ()
    refunded: Refunded = field(default_factory=dict)
    printful_orders: Mapping[str, Lookup] = field(default_factory=dict)
    line_items: Mapping[str, tuple[LineItem, ...]] = field(default_factory=dict)  # by session id
    gone: tuple[str, ...] = ()  # Printful ids to remember as gone
    back: tuple[str, ...] = ()  # Printful ids that were remembered so, and that Printful shows again
    unknown: int = 0  # Printful ids that were asked for, where Printful knows none that the shop names
    unlinked: tuple[Unlinked, ...] = ()  # orders of earlier parts that still wait for a link
    strangers: tuple[Fulfilment, ...] = ()  # Printful orders that no order of the shop was known to name
    unread: Unread = Unread()  # what more there may be of them
    taken: Collection[str] = ()  # Printful ids that orders of the shop name
    link_by: str | None = None  # what the shop gives Printful as external_id; None where it may be either
    now: int = 0  # Unix seconds
    links_later: bool = False  # leave those without a Printful id to a later part


@dataclass(frozen=True, slots=True)
class Stored:
    """What the shop's tables say."""

    orders: tuple[StoredOrder, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Plan:
    """Every change that one part of a run would make, and everything it decided not to do."""

    day: date | None = None
    inserts: tuple[InsertOrder, ...] = ()
    completions: tuple[OrderUpdate, ...] = ()
    updates: tuple[OrderUpdate, ...] = ()
    skips: tuple[Skip, ...] = ()
    failed_sessions: tuple[SessionProblem, ...] = ()
    printful_orders: tuple[str, ...] = ()  # the shop's ids of the orders that were looked up
    notes: tuple[Problem, ...] = ()
    unlinked: tuple[Unlinked, ...] = ()  # left to a later part
    warnings: tuple[str, ...] = ()  # what is said aloud of the whole run
    payments: tuple[tuple[str, str], ...] = ()  # of some sessions: payment intent id and order id, for `whole`

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*(failed.problem for failed in self.failed_sessions), *self.notes)

    @property
    def change_count(self) -> int:
        """Rows that `apply` would write to orders and order_items."""
        changes = [change for update in self.updates for change in update.changes]
        items = sum(len(change.items) for change in changes if isinstance(change, AddItems))
        rows = sum(not all(isinstance(each, AddItems) for each in update.changes) for update in self.updates)
        return len(self.inserts) + len(self.completions) + rows + items


@dataclass(frozen=True, slots=True)
class Step:
    """A plan with what it was made from, so that it can be made anew."""

    observed: Observed
    plan: Plan


def reconcile(observed: Observed, stored: Stored) -> Plan:
    """Compare both sides. Pure; the order of the input does not matter; what a plan produces needs no plan."""
    return whole([reconcile_some(observed, stored)])


def whole(plans: Sequence[Plan]) -> Plan:
    """One plan of those that were made of some sessions of a day each, with what only all of them show."""
    first, lists = plans[0], [each.name for each in fields(Plan) if each.name != "day"]
    joined = {name: tuple(chain.from_iterable(getattr(plan, name) for plan in plans)) for name in lists}
    notes = (*joined["notes"], *duplicate_orders(frozenset(joined["payments"])))
    return Plan(first.day, **{**joined, "notes": notes, "payments": ()})


def reconcile_some(observed: Observed, stored: Stored) -> Plan:
    """`reconcile` for some sessions of a day; the plan is `whole`'s to finish."""
    sessions = SessionSide(stored.orders, stored.limits, observed.refunded)
    for verdict in each_once(observed.sessions):
        sessions.decide(verdict)
    orders = _as_planned(stored.orders, sessions.completions, sessions.inserts)
    lines = {**observed.line_items, **_lines(observed.sessions)}
    updates, looked_up, notes = printful_side(orders, observed.printful_orders, lines, stored.limits)
    unlinked = (*observed.unlinked, *sessions.unlinked)
    later = unlinked if observed.links_later else ()
    links = link(
        () if later else unlinked,
        observed.strangers,
        observed.taken,
        stored.limits,
        observed.now,
        observed.link_by,
        observed.unread,
    )
    return Plan(
        day=observed.day,
        inserts=tuple(sessions.inserts),
        completions=tuple(sessions.completions),
        updates=(*updates, *links.updates),
        skips=tuple(sessions.skips),
        failed_sessions=tuple(sessions.failed),
        printful_orders=(*looked_up, *links.linked),
        notes=(*sessions.notes, *notes, *links.notes),
        unlinked=later,
        warnings=(_other_store(observed.unknown),) if observed.unknown >= SEVERAL else (),
        payments=_payments(orders) if observed.sessions else (),
    )


def _payments(orders: Iterable[StoredOrder]) -> tuple[tuple[str, str], ...]:
    return tuple((order.payment_intent_id, order.id) for order in orders if order.payment_intent_id)


def _other_store(unknown: int) -> str:
    return (
        f"Printful knows none of the {unknown} orders that it was asked for: PRINTFUL_API_KEY or PRINTFUL_STORE_ID may "
        "be another store's. The next run asks for all of them again."
    )


def planned_orders(plan: Plan) -> tuple[StoredOrder, ...]:
    """The rows that the session side of `plan` leaves: what the Printful side goes on from."""
    return tuple(_as_planned((), plan.completions, plan.inserts))


def _as_planned(
    stored: Iterable[StoredOrder], completions: Iterable[OrderUpdate], inserts: Iterable[InsertOrder]
) -> list[StoredOrder]:
    orders = {order.key: order for order in stored}
    orders |= {update.seen.key: filled(update) for update in completions}
    orders |= {insert.order.session_id: as_stored(insert.order) for insert in inserts}
    return list(orders.values())


def each_once(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """By session id; a session that was listed twice counts once, but every row without an id counts."""
    with_id = {each.session_id: each for each in verdicts if each.session_id != NO_ID}
    without_id = sorted((each for each in verdicts if each.session_id == NO_ID), key=str)
    return [*(with_id[key] for key in sorted(with_id)), *without_id]


def _lines(verdicts: Iterable[Verdict]) -> dict[str, tuple[LineItem, ...]]:
    return {each.session_id: each.line_items for each in verdicts if isinstance(each, Order) and each.line_items}
