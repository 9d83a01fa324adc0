"""The use case: plan a window and apply the plan, a day at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from operator import attrgetter

from ordersync_dagster.core.carried_out import DecidedAgain
from ordersync_dagster.core.errors import OrderSyncError, TooManyChangesError, VendorError, WrongAccountError
from ordersync_dagster.core.not_made import MakingRules
from ordersync_dagster.core.orders import OPEN
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.summary import Summary, summarise
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import PrintfulOrders, Sessions, Store
from ordersync_dagster.sync.printful_phase import PrintfulPhase
from ordersync_dagster.sync.step import Step
from ordersync_dagster.sync.stripe_phase import StripePhase
from ordersync_dagster.sync.unclaimed_orders import UnclaimedOrders

REFUSED = ProblemClass.DATABASE_REFUSED
MAX_DECISIONS = 3  # of an order that others keep changing
# They stop the Stripe side alone: Printful's answers are used all the same.
STRIPE_STOPS = (VendorError, WrongAccountError)


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

    def preview(self, request: Request) -> Iterator[Part]:
        """Every part of the plan; nothing is written."""
        return map(Part, map(attrgetter("plan"), self._steps(request)))

    def repair(
        self,
        request: Request,
        *,
        limit: int | None = None,
        confirm: Callable[[Sequence[Plan]], None] | None = None,
    ) -> Iterator[Part]:
        """Every part, after it was written.

        With `limit` (rows of orders and items) or `confirm` the whole plan is made first; TooManyChangesError, or
        whatever `confirm` raises, stops the run before any write. Raises LockHeldError and the errors of vendors and
        database; the parts that were yielded before stay written. One of STRIPE_STOPS is raised at the end, when the
        Printful side was done.
        """
        with self.store.run(self.run_id, request.window) as run:
            steps = self._steps(request)
            if limit is not None or confirm is not None:
                steps = _confirmed(steps, limit, confirm)
            total = Summary()
            for part in self._applied(steps):
                total += summarise(part)
                run.sightings.add(part)
                yield part
                del part  # no name may hold a busy day while the next is made
            asks_printful = self._asks_printful(request.printful)
            run.sightings.end(
                looked_for_links=asks_printful,
                looked_at_all=asks_printful and request.printful is PrintfulScope.all,
            )
            run.end(total.as_dict())

    def _steps(self, request: Request) -> Iterator[Step]:
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
        return PrintfulPhase(self.printful, self.store, self.clock, unclaimed, self.link_by, self.making)

    def _asks_printful(self, scope: PrintfulScope) -> bool:
        return self.printful is not None and scope is not PrintfulScope.none

    def _applied(self, steps: Iterator[Step]) -> Iterator[Part]:
        """Each step, written. If an insert did not take place, links are decided for the orders that there are."""
        is_as_planned, missing = True, frozenset[str]()
        for step in steps:
            part = self._apply(step if is_as_planned else self._of_what_is_there(step), missing)
            if any(each.refused or each.written_first_by_others for each in part.applied):
                is_as_planned = False
            missing |= {each.session_id for each in part.plan.failed_sessions if each.problem.problem_class is REFUSED}
            yield part
            del step, part  # as in `repair`

    def _of_what_is_there(self, step: Step) -> Step:
        if not step.unlinked_sessions:
            return step
        stored = Stored(self.store.orders_of_sessions(step.unlinked_sessions), self.store.limits)
        return replace(step, plan=step.decide_again(stored))

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
        self._remember_missing(step)
        kept_changing = [_kept_changing(session_id) for session_id in (*sorted(gone), *applied[-1].stale_sessions)]
        return Part.of(step.plan, applied, again, kept_changing)

    def _remember_missing(self, step: Step) -> None:
        if step.gone:
            self.store.remember_missing(step.gone)
        if step.back:
            self.store.forget_missing(step.back)


def _confirmed(
    steps: Iterator[Step], limit: int | None, confirm: Callable[[Sequence[Plan]], None] | None
) -> Iterator[Step]:
    """`steps`, all made first, where the plan does not exceed `limit` and `confirm` raises nothing."""
    made, stopped = list[Step](), None
    try:
        made.extend(steps)
    except STRIPE_STOPS as error:
        stopped = error
    plans = [step.plan for step in made]
    total = sum(plan.change_count for plan in plans)
    if limit is not None and total > limit:
        raise TooManyChangesError(
            f"the plan writes {total} rows of orders and items, more than the limit of {limit} changes; "
            "nothing was written. Look at a dry run, then raise the limit."
        )
    if confirm:
        confirm(plans)
    yield from made
    if stopped is not None:
        raise stopped


def _kept_changing(session_id: str) -> Problem:
    sentence = f"The order of session {session_id} kept changing while it was written; the next run takes it up."
    return Problem(ProblemClass.KEPT_CHANGING, sentence, {"stripe_session_id": session_id})
