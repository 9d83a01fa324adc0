"""The use case: plan a window and apply the plan, a day at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from operator import attrgetter

from ordersync_dagster.core.carried_out import DecidedAgain
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.known_problems import Sightings
from ordersync_dagster.core.ledger import entry_of
from ordersync_dagster.core.not_made import MakingRules
from ordersync_dagster.core.orders import OPEN
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.planned import PlannedChange
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem, with_numbers
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.summary import Summary, summarise
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.deliveries import Deliveries
from ordersync_dagster.sync.only_planned import OnlyPlanned
from ordersync_dagster.sync.ports import PrintfulOrders, Sessions, Store
from ordersync_dagster.sync.printful_phase import PrintfulPhase
from ordersync_dagster.sync.step import Step
from ordersync_dagster.sync.stripe_phase import StripePhase
from ordersync_dagster.sync.unclaimed_orders import UnclaimedOrders
from ordersync_dagster.sync.whole_plan import STRIPE_STOPS, confirmed

REFUSED = ProblemClass.DATABASE_REFUSED
MAX_DECISIONS = 3  # of an order that others keep changing


class PrintfulScope(Enum):
    """Which orders are looked up at Printful. Settings and options use these names."""

    all = "all"
    open = "open"
    none = "none"


@dataclass(frozen=True, slots=True)
class Request:
    """A window, and which sides of it to look at."""

    window: Window
    printful: PrintfulScope = PrintfulScope.all
    reads_stripe: bool = True
    only: frozenset[str] | None = None  # Printful ids of stored orders to look up; None for all
    planned: Sequence[PlannedChange] | None = None  # of a saved plan: nothing else is done

    def wants(self, printful_id: str, status: str) -> bool:
        """Whether a stored order with this Printful id and status is looked up at Printful."""
        is_in_scope = self.printful is PrintfulScope.all or status in OPEN
        return is_in_scope and (self.only is None or printful_id in self.only)


@dataclass(frozen=True, slots=True)
class OrderSync:
    """Observe, decide, apply. `preview` and `repair` make the same plan; only `repair` applies it."""

    run_id: str
    stripe: Sessions
    printful: PrintfulOrders | None
    store: Store
    rules: SessionRules
    clock: Callable[[], datetime]
    link_by: str | None = None
    making: MakingRules = MakingRules()
    other_channels: bool | None = None  # whether Printful's store also serves others; None where nobody said
    deliveries: Deliveries | None = None  # None where `fulfilled` is taken for delivered

    def preview(self, request: Request) -> Iterator[Part]:
        """Every part of the plan; nothing is written."""
        only = OnlyPlanned(request.planned) if request.planned is not None else None
        parts = map(Part, map(attrgetter("plan"), self._steps(request, only)))
        return only.followed(parts) if only else parts

    def repair(
        self,
        request: Request,
        *,
        limit: int | None = None,
        confirm: Callable[[Sequence[Plan]], None] | None = None,
        expected: str | None = None,
    ) -> Iterator[Part]:
        """Every part, after it was written.

        With a saved plan, `limit` (rows of orders and items), `expected` (a plan's digest) or `confirm` the whole plan
        is made first, as in a dry run; TooManyChangesError, PlanMovedError, or whatever `confirm` raises, stops the
        run before any write. Raises LockHeldError and the errors of vendors and database; the parts that were yielded
        before stay written. One of STRIPE_STOPS is raised at the end, when the Printful side was done.
        """
        with self.store.run(self.run_id, request.window) as run:
            only = OnlyPlanned(request.planned) if request.planned is not None else None
            steps = self._steps(request, only)
            if only or limit is not None or confirm is not None or expected is not None:
                steps = confirmed(steps, limit, confirm, expected)
            total = Summary()
            parts = self._applied(steps)
            for part in only.followed(parts) if only else parts:
                total += summarise(part)
                run.sightings.add(part)
                yield part
                del part  # no name may hold a busy day while the next is made
            self.end_look(run.sightings, request.printful)
            run.end(total.as_dict())

    def end_look(self, sightings: Sightings, scope: PrintfulScope) -> None:
        """Say that a run over `scope` came to its end, so that problems which it did not find may end."""
        is_asked = self._asks_printful(scope)
        sightings.end(looked_for_links=is_asked, looked_at_all=is_asked and scope is PrintfulScope.all)

    def _steps(self, request: Request, only: OnlyPlanned | None) -> Iterator[Step]:
        steps = self._all_steps(request)
        return map(only.restrict, steps) if only else steps

    def _all_steps(self, request: Request) -> Iterator[Step]:
        printful = self._printful_phase(request.printful)
        if printful:
            printful.begin(request.wants)
        stopped: OrderSyncError | None = None
        try:
            if request.reads_stripe:
                yield from self._stripe_steps(request.window, printful)
                if printful and request.only is None and not self.stripe.unread_days:
                    printful.unclaimed.period = request.window
        except STRIPE_STOPS as error:
            stopped = error
        if printful:
            yield from printful.steps() if stopped is None else map(Step.without_guessed_prices, printful.steps())
        if stopped is not None:
            raise stopped

    def _stripe_steps(self, window: Window, printful: PrintfulPhase | None) -> Iterator[Step]:
        stripe = StripePhase(self.stripe, self.store, self.rules, self.clock, asks_printful=printful is not None)
        for step, needs in stripe.steps(window):
            if printful:
                printful.add(needs)
                step = printful.take_over(step)
            yield step
            del step, needs  # as in `repair`

    def _printful_phase(self, scope: PrintfulScope) -> PrintfulPhase | None:
        if self.printful is None or not self._asks_printful(scope):
            return None
        unclaimed = UnclaimedOrders(self.stripe, self.store, self.other_channels)
        rules = (self.link_by, self.making, self.deliveries)
        return PrintfulPhase(self.printful, self.store, self.clock, unclaimed, *rules)

    def _asks_printful(self, scope: PrintfulScope) -> bool:
        return self.printful is not None and scope is not PrintfulScope.none

    def _applied(self, steps: Iterator[Step]) -> Iterator[Part]:
        """Each step, written. If somebody changed orders meanwhile, links are decided for those that there are."""
        is_as_planned, missing, numbers = True, frozenset[str](), dict[str, str]()
        for step in steps:
            part = self._apply(step if is_as_planned else self._of_what_is_there(step), missing)
            if any(each.refused or each.written_first_by_others or each.stale_sessions for each in part.applied):
                is_as_planned = False
            if any(each.written_first_by_others for each in part.applied):
                part = self._with_orders_of_others(part)
            missing |= {each.session_id for each in part.plan.failed_sessions if each.problem.problem_class is REFUSED}
            yield self._with_numbers(part, numbers)
            del step, part  # as in `repair`

    def _with_numbers(self, part: Part, numbers: dict[str, str]) -> Part:
        """The part whose problems name the orders that were added by their `numbers`, where the database gave them."""
        planned = {each.order.session_id: each.order.id for each in part.plan.inserts if each.order.is_numbered}
        rows = self.store.orders_of_sessions(planned.keys()) if planned else ()
        numbers |= {planned[row.session_id]: row.id for row in rows}
        notes = tuple(with_numbers(each, numbers) for each in part.plan.notes) if numbers else part.plan.notes
        return replace(part, plan=replace(part.plan, notes=notes)) if numbers else part

    def _with_orders_of_others(self, part: Part) -> Part:
        """The part whose ledger has the orders that somebody else inserted meanwhile, as they are."""
        added = {each.order.session_id: each.order for each in part.plan.inserts}
        rows = {row.session_id: row for row in self.store.orders_of_sessions(added.keys())}
        ledger = tuple(
            entry_of(added[each.session_id], [rows[each.session_id]]) if each.session_id in rows else each
            for each in part.plan.ledger
        )
        return replace(part, plan=replace(part.plan, ledger=ledger))

    def _of_what_is_there(self, step: Step) -> Step:
        if not step.unlinked:
            return step
        rows = self.store.orders_of_sessions([each.session_id for each in step.unlinked if each.session_id])
        rows += self.store.orders([each.id for each in step.unlinked if not each.session_id])
        return replace(step, plan=step.decide_again(Stored(rows, self.store.limits)))

    def _apply(self, step: Step, missing: frozenset[str]) -> Part:
        """Write one plan; an order that somebody changed meanwhile is read and decided again.

        The orders of `missing` sessions were not inserted, and an error says so already.
        """
        applied = [self.store.apply(step.plan, self.run_id)]
        again: list[DecidedAgain] = []
        gone: set[str] = set()
        while (stale := applied[-1].stale_sessions) and len(applied) < MAX_DECISIONS:
            stored = Stored(self.store.orders_of_sessions(stale), self.store.limits)
            gone |= set(stale) - {order.session_id for order in stored.orders} - missing
            again.append(DecidedAgain(frozenset(stale), step.decide_again(stored)))
            applied.append(self.store.apply(again[-1].plan, self.run_id))
        self._remember(step)
        kept_changing = [_kept_changing(session_id) for session_id in (*sorted(gone), *applied[-1].stale_sessions)]
        return Part.of(step.plan, applied, again, kept_changing)

    def _remember(self, step: Step) -> None:
        if step.gone:
            self.store.remember_missing(step.gone)
        if step.back:
            self.store.forget_missing(step.back)
        if step.waiting and self.deliveries:
            self.deliveries.record.remember(step.waiting)


def _kept_changing(session_id: str) -> Problem:
    sentence = f"The order of session {session_id} kept changing while it was written; the next run takes it up."
    return Problem(ProblemClass.KEPT_CHANGING, sentence, {"stripe_session_id": session_id})
