"""The use case: plan a window, apply the plan, a day at a time; and what it needs of the outside."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import islice
from typing import TypeVar

from ordersync_dagster.core.checkout import SessionRules, SkipReason, Verdict, read_session
from ordersync_dagster.core.errors import TooManyChangesError, WrongAccountError
from ordersync_dagster.core.fulfilment import Fulfilment, Lookup, Missing, NotAsked, read_fulfilment
from ordersync_dagster.core.linking import Unlinked, is_unlinked
from ordersync_dagster.core.orders import OPEN, LineItem, Order, StoredOrder
from ordersync_dagster.core.plan import Observed, Plan, Stored, planned_orders, reconcile
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.refunds import Refunded, read_refunds
from ordersync_dagster.core.window import Window
from ordersync_dagster.ports import Applied, PrintfulOrders, Sessions, Store

BATCH = 500  # orders of the Printful side that are planned and written together
MISSING_IS_ASKED_AGAIN_AFTER = timedelta(days=7)
LINK_SLACK = timedelta(days=1)  # a Printful order is made after its session, by clocks that may differ
PROVEN_BY = 20  # orders of the period, of which Stripe must know at least one
DECISIONS = 3  # how often an order that others keep moving is decided anew


T = TypeVar("T")
Approval = Callable[[Sequence[Plan]], None]


class PrintfulScope(Enum):
    """Which orders are looked up at Printful. The names are what people write."""

    all = "all"
    open = "open"
    none = "none"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for."""

    window: Window
    printful: PrintfulScope = PrintfulScope.all
    reads_stripe: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One day of sessions, or one batch of Printful orders: the plan, and what came of it where it was applied."""

    plan: Plan
    applied: tuple[Applied, ...] = ()
    kept_changing: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        refused = tuple(problem for applied in self.applied for problem in applied.refused)
        return (*self.plan.problems, *refused, *self.kept_changing)


@dataclass(frozen=True, slots=True)
class _Step:
    """A plan with what it was made from, so that it can be made anew."""

    observed: Observed
    plan: Plan


@dataclass(slots=True)
class _Progress:
    """What the session side hands on to the Printful side. Bounded by the orders that Printful makes."""

    wanted: dict[str, list[str]] = field(default_factory=dict)  # Printful id → ids of stored orders
    planned: dict[str, StoredOrder] = field(default_factory=dict)  # by order id: inserted or completed by this plan
    line_items: dict[str, tuple[LineItem, ...]] = field(default_factory=dict)  # by session id
    taken: set[str] = field(default_factory=set)  # Printful ids that orders of the shop name
    unlinked: list[Unlinked] = field(default_factory=list)  # orders that wait and name none


@dataclass(frozen=True, slots=True)
class OrderSync:
    """Observe, reconcile, apply. `preview` and `repair` make the same plan; only `repair` applies it."""

    run_id: str
    stripe: Sessions
    printful: PrintfulOrders | None
    store: Store
    rules: SessionRules
    clock: Callable[[], datetime]
    link_by: str | None = None

    def preview(self, request: Request) -> Iterator[Part]:
        """Every part of the plan; nothing is written."""
        for step in self._steps(request):
            yield Part(step.plan)

    def repair(
        self,
        request: Request,
        *,
        approve: Approval | None = None,
        summarise: Callable[[], Mapping[str, int]] = dict,
    ) -> Iterator[Part]:
        """Every part, after it was written. `summarise` is asked at the end for the figures of the run's record.

        With `approve` the whole plan is made first and shown to it; what it raises stops the run before any write.
        Raises LockHeldError and what vendors and database raise; the parts that were yielded before stay written.
        """
        with self.store.run(self.run_id, request.window) as summary:
            steps = self._steps(request)
            if approve is not None:
                made = list(steps)
                approve([step.plan for step in made])
                steps = iter(made)
            for step in steps:
                yield self._apply(step)
                del step  # as in _of_this_account
            summary.update(summarise())

    def _steps(self, request: Request) -> Iterator[_Step]:
        progress = _Progress()
        if self._asks_printful(request):
            assert self.printful is not None  # noqa: S101  # _asks_printful says so
            self.printful.count()  # a refused token stops the run before anything is written
            for order_id, printful_id, status in self.store.printful_ids():
                progress.taken.add(printful_id)
                if request.printful is PrintfulScope.all or status in OPEN:
                    progress.wanted.setdefault(printful_id, []).append(order_id)
        if request.reads_stripe:
            yield from self._of_this_account(request.window, self._session_steps(request, progress))
        yield from self._printful_steps(request, progress)

    def _asks_printful(self, request: Request) -> bool:
        return self.printful is not None and request.printful is not PrintfulScope.none

    def _session_steps(self, request: Request, progress: _Progress) -> Iterator[_Step]:
        refunds = _Refunds(self.stripe, request.window.start_epoch)
        with_items = self._asks_printful(request)
        listed = self.stripe.sessions(
            request.window, lambda row: read_session(row, self.rules), with_line_items=with_items
        )
        for day, verdicts in _every_day(request.window, listed):
            yield self._day_step(day, verdicts, refunds, progress if with_items else None)

    def _day_step(self, day: date, verdicts: list[Verdict], refunds: "_Refunds", progress: "_Progress | None") -> _Step:
        """One day decided; a method of its own, so that what was stored is let go of before the next day is read."""
        stored = Stored(self.store.orders_of_sessions([each.session_id for each in verdicts]), self.store.limits)
        existing = {order.session_id: order for order in stored.orders}
        is_new = any(isinstance(each, Order) and each.session_id not in existing for each in verdicts)
        observed = Observed(
            day=day,
            sessions=tuple(verdicts),
            refunded=refunds.read() if is_new else {},
            now=int(self.clock().timestamp()),
            links_later=progress is not None,
        )
        plan = reconcile(observed, stored)
        if progress is not None:
            _hand_on(progress, verdicts, existing, plan)
        return _Step(observed, plan)

    def _of_this_account(self, window: Window, steps: Iterator[_Step]) -> Iterator[_Step]:
        """Hold everything back until one session has its order, where the shop already holds orders of the window.

        Sessions carry no account: another shop's key would fill this database with its orders.
        Raises WrongAccountError where not one matches.
        """
        held: list[_Step] = []
        is_proven = self.store.orders_created_in(window, PROVEN_BY) < PROVEN_BY
        for step in steps:
            held.append(step)
            is_proven = is_proven or any(skip.reason is SkipReason.ORDER_EXISTS for skip in step.plan.skips)
            del step  # a busy day is large, and the next one is read while this name would still hold it
            if is_proven:
                yield from held
                held.clear()
        if held:
            raise WrongAccountError(
                f"the database holds {PROVEN_BY} or more orders of this period, and Stripe lists the session of none: "
                "is STRIPE_SECRET_KEY another shop's, or DATABASE_URL? Nothing was written."
            )

    def _printful_steps(self, request: Request, progress: _Progress) -> Iterator[_Step]:
        for order in progress.planned.values():
            owners = progress.wanted.setdefault(order.printful_order_id or "", [])
            owners += [] if order.id in owners else [order.id]
            progress.taken.add(order.printful_order_id or "")
        if not self._asks_printful(request) or not (progress.wanted or progress.unlinked):
            return
        gone = self.store.known_missing(self.clock() - MISSING_IS_ASKED_AGAIN_AFTER) & progress.wanted.keys()
        strangers: list[Fulfilment] = []
        answers = self._answers(progress, gone, strangers)
        while batch := dict(islice(answers, BATCH)):
            order_ids = [order_id for printful_id in batch for order_id in progress.wanted[printful_id]]
            planned = [progress.planned[order_id] for order_id in order_ids if order_id in progress.planned]
            loaded = self.store.orders([order_id for order_id in order_ids if order_id not in progress.planned])
            observed = Observed(printful_orders=batch, line_items=progress.line_items)
            yield _Step(observed, reconcile(observed, Stored((*loaded, *planned), self.store.limits)))
        if progress.unlinked:
            now = int(self.clock().timestamp())
            waiting, seen, taken = tuple(progress.unlinked), tuple(strangers), frozenset(progress.taken)
            observed = Observed(unlinked=waiting, strangers=seen, taken=taken, link_by=self.link_by, now=now)
            yield _Step(observed, reconcile(observed, Stored(limits=self.store.limits)))

    def _answers(
        self, progress: _Progress, gone: Collection[str], strangers: list[Fulfilment]
    ) -> Iterator[tuple[str, Lookup]]:
        """Answers for the wanted orders; whatever else the list showed of these days goes to `strangers`."""
        assert self.printful is not None  # noqa: S101  # checked by the caller
        yield from ((printful_id, Missing(printful_id, is_remembered=True)) for printful_id in sorted(gone))
        asked = [each for each in progress.wanted if each not in gone]
        times = [each.session.created.timestamp() for each in progress.unlinked]
        since = int(min(times) - LINK_SLACK.total_seconds()) if times else None
        for printful_id, raw in self.printful.orders(asked, since):
            answer = raw if isinstance(raw, Missing | NotAsked) else read_fulfilment(raw)
            if printful_id in progress.wanted:
                yield printful_id, answer
            elif isinstance(answer, Fulfilment):
                strangers.append(answer)

    def _apply(self, step: _Step) -> Part:
        """Write one plan; an order that somebody moved meanwhile is read and decided again."""
        applied = [self.store.apply(step.plan, self.run_id)]
        for _ in range(DECISIONS - 1):
            if not applied[-1].stale_sessions:
                break
            again = self._decide_again(step.observed, applied[-1].stale_sessions)
            applied.append(self.store.apply(again, self.run_id))
        self._remember_missing(step.observed)
        restless = tuple(_kept_changing(session_id) for session_id in applied[-1].stale_sessions)
        return Part(step.plan, tuple(applied), restless)

    def _decide_again(self, observed: Observed, session_ids: Collection[str]) -> Plan:
        stored = Stored(self.store.orders_of_sessions(session_ids), self.store.limits)
        known = {order.session_id for order in stored.orders}
        sessions = tuple(verdict for verdict in observed.sessions if verdict.session_id in known)
        fresh = {order.session_id: order for order in stored.orders if is_unlinked(order)}
        unlinked = [each for each in observed.unlinked if each.order.session_id in fresh]
        unlinked = [replace(each, order=fresh[each.order.session_id]) for each in unlinked]
        return reconcile(replace(observed, sessions=sessions, unlinked=tuple(unlinked)), stored)

    def _remember_missing(self, observed: Observed) -> None:
        answers = observed.printful_orders.items()
        fresh = [key for key, answer in answers if isinstance(answer, Missing) and not answer.is_remembered]
        if fresh:
            self.store.remember_missing(fresh)


class _Refunds:
    """The refunds since the window's start, listed once and only when something is to be added."""

    def __init__(self, stripe: Sessions, since: int) -> None:
        self._stripe, self._since = stripe, since
        self._found: Refunded | None = None

    def read(self) -> Refunded:
        if self._found is None:
            self._found = read_refunds(self._stripe.refunds(self._since) or [])
        return self._found


def _every_day(window: Window, listed: Iterator[tuple[date, list[T]]]) -> Iterator[tuple[date, list[T]]]:
    """The listed days and, in their places, the days on which there was nothing."""
    empty = list(window.days)  # oldest first
    for day, rows in listed:
        while empty and empty[-1] > day:
            yield empty.pop(), []
        if empty and empty[-1] == day:
            empty.pop()
        yield day, rows
    yield from ((day, []) for day in reversed(empty))


def _hand_on(progress: _Progress, verdicts: Iterable[object], existing: Mapping[str, StoredOrder], plan: Plan) -> None:
    for order in planned_orders(plan):
        was_known = order.session_id in existing and existing[order.session_id].printful_order_id
        if order.printful_order_id and not was_known:
            progress.planned[order.id] = order
    progress.unlinked.extend(plan.unlinked)
    for verdict in verdicts:
        if isinstance(verdict, Order) and verdict.line_items:
            order_now = existing.get(verdict.session_id)
            if verdict.printful_order_id or (order_now and order_now.printful_order_id):
                progress.line_items[verdict.session_id] = verdict.line_items


def at_most(limit: int) -> Approval:
    """Refuse a plan that writes more rows of orders and items than `limit`, with TooManyChangesError."""

    def approve(plans: Sequence[Plan]) -> None:
        total = sum(plan.change_count for plan in plans)
        if total > limit:
            raise TooManyChangesError(
                f"the plan writes {total} rows of orders and items, more than the limit of {limit} changes; "
                "nothing was written. Look at a dry run, then raise the limit."
            )

    return approve


def _kept_changing(session_id: str) -> Problem:
    sentence = f"The order of session {session_id} kept changing while it was written; the next run takes it up."
    return Problem(ProblemClass.KEPT_CHANGING, sentence, {"stripe_session_id": session_id})
