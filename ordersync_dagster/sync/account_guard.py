"""Is Stripe's key of the account that the shop's orders came from? A session does not name its account."""

from collections.abc import Iterator
from dataclasses import dataclass

from ordersync_dagster.core.errors import WrongAccountError
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.stripe_session import SkipReason
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.ports import Sessions, Store
from ordersync_dagster.sync.step import PrintfulNeeds, Step

# From this many orders of the key's own mode on, Stripe must know the session of one.
MIN_ORDERS_FOR_ACCOUNT_CHECK = 20
SESSIONS_ASKED = 5  # of those orders

_Steps = Iterator[tuple[Step, PrintfulNeeds]]


@dataclass(frozen=True, slots=True)
class AccountGuard:
    """Keeps another account's sessions out of a shop that has orders of its own."""

    stripe: Sessions
    store: Store
    is_live: bool

    def checked(self, window: Window, steps: _Steps) -> _Steps:
        """`steps`, held back until a session has its order, or Stripe knows the session of an order of `window`.

        Stripe is asked for such sessions only where an order is to be added, or no session had an order at all.
        Raises WrongAccountError where it knows none of them.
        """
        kind = "cs_live_" if self.is_live else "cs_test_"  # orders of other channels have neither
        ours = self.store.newest_sessions(window, kind, MIN_ORDERS_FOR_ACCOUNT_CHECK)
        is_proven = len(ours) < MIN_ORDERS_FOR_ACCOUNT_CHECK
        held: list[tuple[Step, PrintfulNeeds]] = []
        for step, needs in steps:
            held.append((step, needs))
            if not is_proven and (_has_order(step) or step.plan.inserts):
                is_proven = _has_order(step) or self._require(ours)
            del step, needs  # no name may hold a busy day while the next is read
            if is_proven:
                yield from held
                held.clear()
        if held:
            self._require(ours)
            yield from held

    def _require(self, ours: list[str]) -> bool:
        """True where Stripe knows one of some sessions of `ours`."""
        asked = ours[:: MIN_ORDERS_FOR_ACCOUNT_CHECK // SESSIONS_ASKED]
        if not any(self.stripe.session(each) is not None for each in asked):
            raise WrongAccountError(
                f"the database holds {MIN_ORDERS_FOR_ACCOUNT_CHECK} or more orders of Checkout Sessions in this "
                f"period, and Stripe knows none of the sessions that it was asked for ({', '.join(asked)}): is "
                "STRIPE_SECRET_KEY another shop's, or DATABASE_URL? No order was added."
            )
        return True


def _has_order(step: Step) -> bool:
    """Whether an order names a session of this day; an order that only a reference names proves nothing."""
    notes = (note for note in step.plan.notes if note.problem_class is ProblemClass.SUPERSEDED_SESSION)
    others = {note.ids.get("stripe_session_id") for note in notes}
    return any(each.reason is SkipReason.ORDER_EXISTS and each.session_id not in others for each in step.plan.skips)
