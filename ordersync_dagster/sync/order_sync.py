"""The use case: plan a window, apply the plan, a day at a time; and what it needs of the outside."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from operator import attrgetter

from ordersync_dagster.core.decide_links import is_unlinked
from ordersync_dagster.core.errors import TooManyChangesError
from ordersync_dagster.core.orders import OPEN
from ordersync_dagster.core.plan import Observed, Plan, Step, Stored, reconcile
from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import Applied, PrintfulOrders, Sessions, Store
from ordersync_dagster.sync.printful_phase import PrintfulSide
from ordersync_dagster.sync.stripe_phase import StripeSide

DECISIONS = 3  # how often an order that others keep moving is decided anew

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
        return map(Part, map(attrgetter("plan"), self._steps(request)))

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
            yield from map(self._apply, steps)
            summary.update(summarise())

    def _steps(self, request: Request) -> Iterator[Step]:
        side = self._printful_side(request.printful)
        if side:
            side.begin(lambda status: request.printful is PrintfulScope.all or status in OPEN)
        if request.reads_stripe:
            yield from StripeSide(self.stripe, self.store, self.rules, self.clock, side).steps(request.window)
        if side:
            yield from side.steps()

    def _printful_side(self, scope: PrintfulScope) -> PrintfulSide | None:
        if self.printful is None or scope is PrintfulScope.none:
            return None
        return PrintfulSide(self.printful, self.store, self.clock, self.link_by)

    def _apply(self, step: Step) -> Part:
        """Write one plan; an order that somebody moved meanwhile is read and decided again."""
        applied = [self.store.apply(step.plan, self.run_id)]
        gone: list[str] = []
        for _ in range(DECISIONS - 1):
            stale = applied[-1].stale_sessions
            if not stale:
                break
            stored = Stored(self.store.orders_of_sessions(stale), self.store.limits)
            gone.extend(sorted(set(stale) - {order.session_id for order in stored.orders}))
            applied.append(self.store.apply(self._decide_again(step.observed, stored), self.run_id))
        self._remember_missing(step.observed)
        restless = tuple(_kept_changing(session_id) for session_id in (*gone, *applied[-1].stale_sessions))
        return Part(step.plan, tuple(applied), restless)

    def _decide_again(self, observed: Observed, stored: Stored) -> Plan:
        known = {order.session_id for order in stored.orders}
        sessions = tuple(verdict for verdict in observed.sessions if verdict.session_id in known)
        fresh = {order.session_id: order for order in stored.orders if is_unlinked(order)}
        unlinked = [each for each in observed.unlinked if each.order.session_id in fresh]
        unlinked = [replace(each, order=fresh[each.order.session_id]) for each in unlinked]
        return reconcile(replace(observed, sessions=sessions, unlinked=tuple(unlinked)), stored)

    def _remember_missing(self, observed: Observed) -> None:
        if observed.gone:
            self.store.remember_missing(observed.gone)
        if observed.back:
            self.store.forget_missing(observed.back)


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
