"""The Printful phase of a run: look up orders, compare the answers, then look for missing links."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, compress, islice
from operator import not_
from typing import Any

from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.errors import VendorError
from ordersync_dagster.core.link_evidence import LINK_SLACK
from ordersync_dagster.core.links import Links, Unread, may_be_linked
from ordersync_dagster.core.not_made import MakingRules, Payment
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.paid_and_made import OF_PAYMENTS
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.printful_order import (
    Lookup,
    Missing,
    NotAsked,
    PrintfulOrder,
    read_printful_order,
)
from ordersync_dagster.core.printful_order_fields import external_id
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.unclaimed import decide_unclaimed
from ordersync_dagster.core.unlinked import Unlinked, without_doubt
from ordersync_dagster.sync.deliveries import Deliveries
from ordersync_dagster.sync.ports import PrintfulOrders, Store
from ordersync_dagster.sync.step import PrintfulNeeds, Step
from ordersync_dagster.sync.unclaimed_orders import UnclaimedOrders

ORDERS_PER_BATCH = 500  # planned and written together
ASK_MISSING_AGAIN_AFTER = timedelta(days=7)


@dataclass(slots=True)
class PrintfulPhase:
    """Collects the orders to look up, then plans the changes that Printful's answers make.

    Its memory is bounded by those orders, not by the sessions of the window.
    """

    printful: PrintfulOrders
    store: Store
    clock: Callable[[], datetime]
    unclaimed: UnclaimedOrders
    link_by: str | None = None
    rules: MakingRules = MakingRules()
    deliveries: Deliveries | None = None  # None where `fulfilled` is taken for delivered
    _owners: dict[str, list[str]] = field(default_factory=dict)  # Printful id → ids of all orders that name it
    _wanted: set[str] = field(default_factory=set)  # Printful ids to look up
    _asked_about: set[str] = field(default_factory=set)  # ids of the orders that name one of them, or none
    _planned: dict[str, StoredOrder] = field(default_factory=dict)  # by order id: inserted or completed by this run
    _payments: dict[str, Payment] = field(default_factory=dict)  # by session id
    _left: dict[str, list[Problem]] = field(default_factory=dict)  # by order id, taken over from the Stripe side
    _refunded: list[StoredOrder] = field(default_factory=list)  # they name no Printful order
    _paid_twice: set[str] = field(default_factory=set)  # ids of orders that may be one purchase, whatever their days
    _erased: set[str] = field(default_factory=set)  # sessions of this run's period whose customer was erased
    _unlinked: list[Unlinked] = field(default_factory=list)  # waiting orders that name no Printful order
    _candidates: list[PrintfulOrder] = field(default_factory=list)  # listed orders that no order of the shop names
    _taken_names: dict[str, str] = field(default_factory=dict)  # external_id → Printful id that the shop names
    _remembered: frozenset[str] = frozenset()  # Printful ids that an earlier run found gone
    _not_found: list[str] = field(default_factory=list)  # 404s of this run that are not remembered
    _down: str = ""  # why Printful gave no answer to the first request; then nothing more is asked
    _is_our_store: bool = False  # Printful knows an order that the shop names
    _unreadable: dict[str, Problem] = field(default_factory=dict)  # candidates that cannot be read, by external_id
    _nameless: list[Problem] = field(default_factory=list)  # those that have none: they may belong to any order

    def begin(self, is_wanted: Callable[[str, str], bool]) -> None:
        """Look up the stored orders whose Printful id and status are wanted; a refused token stops the run at once."""
        try:
            self.printful.count()
        except VendorError as error:
            self._down = str(error).rstrip(".")
        stored = self.store.printful_ids()
        if self.deliveries:
            self.deliveries.begin(stored)
        for order_id, printful_id, status in stored:
            self._owners.setdefault(printful_id, []).append(order_id)
            if is_wanted(printful_id, status):
                self._wanted.add(printful_id)
                self._asked_about.add(order_id)

    def add(self, needs: PrintfulNeeds) -> None:
        """Take over the orders of one day of sessions."""
        for order in needs.orders:
            self._want(order.printful_order_id or "", order)
        self._asked_about.update(each.order.id for each in needs.unlinked)
        self._unlinked.extend(needs.unlinked)
        self._erased.update(needs.erased)
        self._refunded.extend(needs.refunded)
        self._paid_twice.update(needs.paid_twice)
        for each in needs.payments:
            if not self._wanted.isdisjoint(each.printful_ids):
                self._payments[each.session_id] = each.payment

    def take_over(self, step: Step) -> Step:
        """`step` without the notices about payments of orders that are looked up: the answer may say more."""
        is_taken = [
            each.problem_class in OF_PAYMENTS and each.ids.get("order_id") in self._asked_about
            for each in step.plan.notes
        ]
        if not any(is_taken):
            return step
        for each in compress(step.plan.notes, is_taken):
            left = replace(each, day=each.day or step.plan.day)
            self._left.setdefault(each.ids["order_id"], []).append(left)
        kept = tuple(compress(step.plan.notes, map(not_, is_taken)))
        return replace(step, plan=replace(step.plan, notes=kept))

    def _want(self, printful_id: str, order: StoredOrder) -> None:
        self._planned[order.id] = order
        self._asked_about.add(order.id)
        self._wanted.add(printful_id)
        owners = self._owners.setdefault(printful_id, [])
        if order.id not in owners:
            owners.append(order.id)

    def steps(self) -> Iterator[Step]:
        """One for each batch of answers, then one for the links; asks Printful nothing where nothing is wanted."""
        if not (self._wanted or self._unlinked):
            warning = f"{self._down}. No order had to be looked up there."
            yield from [Step(Links(), Plan(warnings=(warning,)))] if self._down else []
            return
        answers = self._answers()
        while batch := dict(islice(answers, ORDERS_PER_BATCH)):
            yield self._batch_step(batch)
        linked = self._links_step() if self._unlinked or self._not_found else None
        yield from [linked] if linked else []
        if self.unclaimed.since is not None and self._is_complete:
            yield self._unclaimed_step(linked.plan if linked else Plan())

    @property
    def _is_complete(self) -> bool:
        """Whether the shop's store was read, and to the end of what was asked for."""
        return not self._reason and (self._is_our_store or not self._owners)

    def _unclaimed_step(self, links: Plan) -> Step:
        told = (note.ids.get("printful_order_ids", "").split(", ") for note in links.notes)
        linked = {str(each.completed.printful_order_id): each.completed for each in links.updates}
        self._owners |= {printful_id: [order.id] for printful_id, order in linked.items()}
        for theirs in (each for each in self._candidates if each.printful_order_id in linked):
            self.unclaimed.keep_named(theirs)
        explained = {*chain.from_iterable(told), *linked}
        planned = (*self._planned.values(), *self._refunded, *linked.values())
        facts = self.unclaimed.facts(explained, planned, lambda printful_id: self._owners[printful_id][0], self.clock())
        return Step(facts, decide_unclaimed(facts))

    def _batch_step(self, answers: Mapping[str, Lookup]) -> Step:
        order_ids = [order_id for printful_id in answers for order_id in self._owners[printful_id]]
        planned = [self._planned[order_id] for order_id in order_ids if order_id in self._planned]
        loaded = self.store.orders([order_id for order_id in order_ids if order_id not in self._planned])
        stored = Stored((*loaded, *planned), self.store.limits)
        answers, waiting = self.deliveries.told(answers, stored.orders) if self.deliveries else (answers, ())
        now, erased = int(self.clock().timestamp()), self._erased_of(stored.orders)
        batch = PrintfulBatch(answers, self._payments, self.rules, now, erased, self._left)
        self.unclaimed.keep_missing(answers)
        back = tuple(key for key in answers if key in self._remembered and not isinstance(answers[key], Missing))
        return Step(batch, decide_printful(batch, stored), self._gone(answers), back, waiting)

    def _erased_of(self, orders: Iterable[StoredOrder]) -> frozenset[str]:
        """The keys of those orders whose customer was erased."""
        keys = {order.key for order in orders}
        return self.store.erased(keys) | (keys & self._erased)

    def _gone(self, answers: Mapping[str, Lookup]) -> tuple[str, ...]:
        """The 404s to remember: none until Printful knows one order of the shop, for the key may be another store's."""
        fresh = [key for key, answer in answers.items() if isinstance(answer, Missing) and not answer.is_remembered]
        self._not_found.extend(fresh)
        if not self._is_our_store:
            return ()
        gone, self._not_found = tuple(self._not_found), []
        return gone

    def _links_step(self) -> Step:
        links = Links(
            unlinked=tuple(without_doubt(self._unlinked, self._paid_twice)),
            candidates=tuple(self._candidates),
            unread=Unread(self._unreadable, self._reason),
            taken=self._owners.keys(),
            taken_names=self._taken_names,
            taken_back=self._links_before(),
            link_by=self.link_by,
            not_found=len(self._not_found),
            erased=self._erased_of(each.order for each in self._unlinked),
            rules=self.rules,
            now=int(self.clock().timestamp()),
            left=self._left,
        )
        links = self.deliveries.of_links(links, self.store.limits) if self.deliveries else links
        return Step(links, decide_links(links, self.store.limits))

    def _links_before(self) -> Mapping[str, Collection[str]]:
        """The Printful ids that earlier runs gave to orders which now may be linked: somebody took them back."""
        offered = {each.external_id for each in self._candidates}
        orders = [each.order.id for each in self._unlinked if offered & each.names(self.link_by)] if offered else []
        return self.store.printful_ids_given(orders) if orders else {}

    @property
    def _reason(self) -> str:
        """Why nobody knows all orders that Printful has; empty where they are known."""
        nameless = (problem.sentence.rstrip(".") for problem in self._nameless)
        return self._down or self.printful.unread or next(nameless, "")

    def _keep_unreadable(self, name: str | None, problem: Problem) -> None:
        if name is None:
            self._nameless.append(problem)
        else:
            self._unreadable[name] = problem

    def _answers(self) -> Iterator[tuple[str, Lookup]]:
        """Answers for the wanted orders; other orders that the list shows are kept as candidates for links."""
        self._remembered = self.store.known_missing(self.clock() - ASK_MISSING_AGAIN_AFTER) & self._wanted
        not_shown = set(self._remembered)
        times = [each.session.created.timestamp() for each in self._unlinked]
        since = int(min(times)) - LINK_SLACK if times else None
        unclaimed = self.unclaimed
        names = frozenset(name for each in self._unlinked for name in each.names(self.link_by))
        for printful_id, raw in self._asked(min((each for each in (since, unclaimed.since) if each), default=None)):
            is_linkable = bool(times) and may_be_linked(raw, since, names)
            if printful_id not in self._owners and not (is_linkable or unclaimed.is_of_period(raw)):
                continue
            answer = raw if isinstance(raw, Missing | NotAsked) else read_printful_order(raw)
            is_known = printful_id in self._owners and not isinstance(answer, Missing | NotAsked)
            self._is_our_store = self._is_our_store or is_known
            if is_known and isinstance(answer, PrintfulOrder) and answer.external_id and self._unlinked:
                self._taken_names[answer.external_id] = printful_id
            if is_known and isinstance(answer, PrintfulOrder):
                unclaimed.keep_named(answer)
            if printful_id in self._wanted:
                not_shown.discard(printful_id)
                yield printful_id, answer
            elif printful_id in self._owners:
                continue
            elif isinstance(answer, PrintfulOrder):
                self._candidates.extend([answer] if is_linkable else [])
                if unclaimed.is_of_period(raw):
                    unclaimed.keep(answer)
            elif is_linkable and isinstance(raw, Mapping) and isinstance(answer, Problem):
                self._keep_unreadable(external_id(raw), answer)
        yield from ((printful_id, Missing(printful_id, is_remembered=True)) for printful_id in sorted(not_shown))

    def _asked(self, since: int | None) -> Iterator[tuple[str, Mapping[str, Any] | Missing | NotAsked]]:
        wanted = self._wanted - self._remembered
        if self._down:
            return ((printful_id, NotAsked(printful_id, self._down)) for printful_id in sorted(wanted))
        return self.printful.orders(wanted, since, self._remembered)
