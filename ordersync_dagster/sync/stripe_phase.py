"""The Stripe side of a run: the sessions of its window, a day at a time, compared with the shop's orders."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import starmap
from typing import TypeVar

from ordersync_dagster.core.errors import WrongAccountError, WrongModeError
from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.plan import Observed, Plan, Step, Stored, each_once, reconcile_some, whole
from ordersync_dagster.core.refunds import Refunded, read_refunds
from ordersync_dagster.core.stripe_session import SessionRules, SkipReason, Verdict, read_session
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import Sessions, Store
from ordersync_dagster.sync.printful_phase import PrintfulSide

PROVEN_BY = 20  # orders of the period, of which Stripe must know at least one
TOGETHER = 2000  # sessions of a day whose orders are held at once

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StripeSide:
    """Plans what the sessions of a window change; `printful` takes over what has to be looked up there."""

    stripe: Sessions
    store: Store
    rules: SessionRules
    clock: Callable[[], datetime]
    printful: PrintfulSide | None

    def steps(self, window: Window) -> Iterator[Step]:
        """One for each UTC day, newest first; raises WrongModeError and WrongAccountError before the first."""
        self._require_mode()
        refunds = _Refunds(self.stripe, window.start_epoch)
        listed = self.stripe.sessions(
            window, lambda row: read_session(row, self.rules), with_line_items=self.printful is not None
        )
        days = starmap(partial(self._day_step, refunds), _every_day(window, listed))
        yield from self._of_this_account(window, days)

    def _require_mode(self) -> None:
        """Raise WrongModeError where a test key meets the orders of a real shop."""
        if not self.rules.live and self.store.has_live_orders():
            raise WrongModeError(
                "STRIPE_SECRET_KEY is a key of test mode, and the database holds orders of live Checkout Sessions "
                "(cs_live_…): test orders do not belong among them. Use the live key, or another database. "
                "Nothing was written."
            )

    def _day_step(self, refunds: "_Refunds", day: date, verdicts: list[Verdict]) -> Step:
        """Some thousand sessions at a time: of the orders that stay as they are, no more than theirs are held."""
        observed = Observed(
            day=day,
            sessions=tuple(each_once(verdicts)),
            now=int(self.clock().timestamp()),
            links_later=self.printful is not None,
        )
        count = len(observed.sessions)
        pieces = [observed.sessions[start : start + TOGETHER] for start in range(0, count, TOGETHER)] or [()]
        plan = whole([self._compared(refunds, replace(observed, sessions=some)) for some in pieces])
        completed = {update.seen.session_id for update in plan.completions}  # no others may have to be decided again
        kept = tuple(each for each in observed.sessions if each.session_id in completed)
        return Step(replace(observed, sessions=kept, refunded=refunds.found), plan)

    def _compared(self, refunds: "_Refunds", observed: Observed) -> Plan:
        orders = [each for each in observed.sessions if isinstance(each, Order)]
        payments = {each.payment_intent_id for each in orders if each.payment_intent_id}
        loaded = self.store.orders_of_sessions([each.session_id for each in observed.sessions], payments)
        stored = Stored(loaded, self.store.limits)
        existing = {order.session_id: order for order in stored.orders}
        is_new = any(each.session_id not in existing for each in orders)
        plan = reconcile_some(replace(observed, refunded=refunds.read() if is_new else {}), stored)
        if self.printful:
            self.printful.hand_on(observed.sessions, existing, plan)
        return plan

    def _of_this_account(self, window: Window, steps: Iterator[Step]) -> Iterator[Step]:
        """Hold everything back until one session has its order, where the shop already holds orders of the window.

        Sessions carry no account: another shop's key would fill this database with its orders.
        Raises WrongAccountError where not one matches.
        """
        held: list[Step] = []
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


class _Refunds:
    """The refunds since the window's start, listed once and only when something is to be added."""

    def __init__(self, stripe: Sessions, since: int) -> None:
        self._stripe, self._since = stripe, since
        self._is_read = False
        self.found: Refunded = {}

    def read(self) -> Refunded:
        if not self._is_read:
            self.found, self._is_read = read_refunds(self._stripe.refunds(self._since)), True
        return self.found


def _every_day(window: Window, listed: Iterator[tuple[date, list[T]]]) -> Iterator[tuple[date, list[T]]]:
    """The listed days and, in their places, the days on which there was nothing."""
    empty = list(window.days)  # oldest first
    for day, rows in listed:
        while empty and empty[-1] > day:
            yield empty.pop(), []
        if empty and empty[-1] == day:
            empty.pop()
        yield day, rows
        del rows  # as in _of_this_account
    yield from ((day, []) for day in reversed(empty))
