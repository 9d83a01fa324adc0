"""The Printful side of a run: which orders to look up, what Printful answers, and whose links are missing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from ordersync_dagster.core.decide_links import Unlinked, Unread
from ordersync_dagster.core.orders import LineItem, Order, StoredOrder
from ordersync_dagster.core.plan import Observed, Plan, Step, Stored, planned_orders, reconcile
from ordersync_dagster.core.printful_order import (
    Lookup,
    Missing,
    NotAsked,
    PrintfulOrder,
    external_id,
    read_printful_order,
)
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import Verdict
from ordersync_dagster.sync.ports import PrintfulOrders, Store

BATCH = 500  # orders that are planned and written together
MISSING_IS_ASKED_AGAIN_AFTER = timedelta(days=7)
LINK_SLACK = timedelta(days=1)  # a Printful order is made after its session, by clocks that may differ


@dataclass(slots=True)
class PrintfulSide:
    """Collects the orders that Printful makes, then plans what its answers change.

    What it holds is bounded by those orders, not by the sessions of the window.
    """

    printful: PrintfulOrders
    store: Store
    clock: Callable[[], datetime]
    link_by: str | None = None
    _owners: dict[str, list[str]] = field(default_factory=dict)  # Printful id → ids of all orders that name it
    _wanted: set[str] = field(default_factory=set)  # Printful ids to look up
    _planned: dict[str, StoredOrder] = field(default_factory=dict)  # by order id: inserted or completed by this run
    _line_items: dict[str, tuple[LineItem, ...]] = field(default_factory=dict)  # by session id
    _unlinked: list[Unlinked] = field(default_factory=list)  # orders that wait and name none
    _strangers: list[PrintfulOrder] = field(default_factory=list)  # what the list showed besides
    _remembered: frozenset[str] = frozenset()  # Printful ids that are not asked, being gone since an earlier run
    _unknown: list[str] = field(default_factory=list)  # 404s of this run that are not remembered
    _is_our_store: bool = False  # Printful knows an order that the shop names
    _unreadable: dict[str, Problem] = field(default_factory=dict)  # the same where it cannot be read, by external_id

    def begin(self, is_wanted: Callable[[str], bool]) -> None:
        """Want the stored orders with such a status; a refused token stops the run before anything is written."""
        self.printful.count()
        for order_id, printful_id, status in self.store.printful_ids():
            self._owners.setdefault(printful_id, []).append(order_id)
            if is_wanted(status):
                self._wanted.add(printful_id)

    def hand_on(self, verdicts: Sequence[Verdict], existing: Mapping[str, StoredOrder], plan: Plan) -> None:
        """Take over from a day of sessions: `existing` orders by session id, and what `plan` makes of them."""
        for order in planned_orders(plan):
            was_known = order.session_id in existing and existing[order.session_id].printful_order_id
            if order.printful_order_id and not was_known:
                self._want(order.printful_order_id, order)
        self._unlinked.extend(plan.unlinked)
        for verdict in verdicts:
            if isinstance(verdict, Order) and verdict.line_items:
                order_now = existing.get(verdict.session_id)
                named = {verdict.printful_order_id, order_now and order_now.printful_order_id}
                if named & self._wanted:
                    self._line_items[verdict.session_id] = verdict.line_items

    def _want(self, printful_id: str, order: StoredOrder) -> None:
        self._planned[order.id] = order
        self._wanted.add(printful_id)
        owners = self._owners.setdefault(printful_id, [])
        if order.id not in owners:
            owners.append(order.id)

    def steps(self) -> Iterator[Step]:
        """The answers in batches, then the links; asks for nothing where nothing is wanted."""
        if not (self._wanted or self._unlinked):
            return
        answers = self._answers()
        while batch := dict(islice(answers, BATCH)):
            yield self._batch_step(batch)
        if self._unlinked or self._unknown:
            yield self._last_step()

    def _batch_step(self, answers: Mapping[str, Lookup]) -> Step:
        order_ids = [order_id for printful_id in answers for order_id in self._owners[printful_id]]
        planned = [self._planned[order_id] for order_id in order_ids if order_id in self._planned]
        loaded = self.store.orders([order_id for order_id in order_ids if order_id not in self._planned])
        back = tuple(key for key in answers if key in self._remembered and not isinstance(answers[key], Missing))
        observed = Observed(printful_orders=answers, line_items=self._line_items, gone=self._gone(answers), back=back)
        return Step(observed, reconcile(observed, Stored((*loaded, *planned), self.store.limits)))

    def _gone(self, answers: Mapping[str, Lookup]) -> tuple[str, ...]:
        """The 404s to remember: none until Printful knew one order of the shop, for the store may be another's."""
        fresh = [key for key, answer in answers.items() if isinstance(answer, Missing) and not answer.is_remembered]
        self._unknown.extend(fresh)
        if not self._is_our_store:
            return ()
        gone = tuple(self._unknown)
        self._unknown.clear()
        return gone

    def _last_step(self) -> Step:
        observed = Observed(
            unlinked=tuple(self._unlinked),
            strangers=tuple(self._strangers),
            unread=Unread(self._unreadable, self.printful.unread),
            taken=self._owners.keys(),
            unknown=len(self._unknown),
            link_by=self.link_by,
            now=int(self.clock().timestamp()),
        )
        return Step(observed, reconcile(observed, Stored(limits=self.store.limits)))

    def _answers(self) -> Iterator[tuple[str, Lookup]]:
        """Answers for the wanted orders; whatever else the list shows of these days is kept for the links."""
        self._remembered = self.store.known_missing(self.clock() - MISSING_IS_ASKED_AGAIN_AFTER) & self._wanted
        not_shown = set(self._remembered)
        times = [each.session.created.timestamp() for each in self._unlinked]
        since = int(min(times) - LINK_SLACK.total_seconds()) if times else None
        for printful_id, raw in self.printful.orders(self._wanted - self._remembered, since, self._remembered):
            answer = raw if isinstance(raw, Missing | NotAsked) else read_printful_order(raw)
            is_known = printful_id in self._owners and not isinstance(answer, Missing | NotAsked)
            self._is_our_store = self._is_our_store or is_known
            if printful_id in self._wanted:
                not_shown.discard(printful_id)
                yield printful_id, answer
            elif printful_id in self._owners:
                continue
            elif isinstance(answer, PrintfulOrder):
                self._strangers.append(answer)
            elif isinstance(raw, Mapping) and isinstance(answer, Problem):
                self._unreadable[external_id(raw) or ""] = answer
        yield from ((printful_id, Missing(printful_id, is_remembered=True)) for printful_id in sorted(not_shown))
