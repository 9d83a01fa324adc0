"""One step of a run before it is applied, and the orders that the Stripe phase hands to the Printful phase."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.decide_printful import PrintfulBatch, decide_printful
from ordersync_dagster.core.decide_sessions import SessionDay, decide_sessions
from ordersync_dagster.core.guessed_prices import without_guessed_prices
from ordersync_dagster.core.links import Links
from ordersync_dagster.core.matching import Matcher
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.plan import Plan, Stored
from ordersync_dagster.core.unclaimed import Unclaimed, decide_unclaimed
from ordersync_dagster.core.unlinked import Unlinked, is_unlinked


@dataclass(frozen=True, slots=True)
class Step:
    """A plan, the input that it was made from, and the Printful ids to remember once it is written."""

    made_from: SessionDay | PrintfulBatch | Links | Unclaimed
    plan: Plan
    gone: tuple[str, ...] = ()  # answered with 404
    back: tuple[str, ...] = ()  # remembered as gone by an earlier run, and listed again
    waiting: tuple[str, ...] = ()  # their parcels are on their way
    limits: tuple[Callable[[Plan], Plan], ...] = ()  # each takes changes out, also when it is decided again

    @property
    def unlinked(self) -> tuple[StoredOrder, ...]:
        """The orders that it links, or says to wait."""
        return tuple(each.order for each in self.made_from.unlinked) if isinstance(self.made_from, Links) else ()

    def without_guessed_prices(self) -> "Step":
        """The step without the items whose price only a session can tell, where not all sessions were read."""
        return self.limited(without_guessed_prices)

    def limited(self, limit: Callable[[Plan], Plan]) -> "Step":
        """The step without the changes that `limit` takes out."""
        return replace(self, plan=limit(self.plan), limits=(*self.limits, limit))

    def decide_again(self, stored: Stored) -> Plan:
        """The plan for the orders of `stored` alone, as they are now."""
        plan = self._decided_again(stored)
        for limit in self.limits:
            plan = limit(plan)
        return plan

    def _decided_again(self, stored: Stored) -> Plan:
        match self.made_from:
            case SessionDay() as day:
                matcher = Matcher(stored.orders, day.elsewhere)
                sessions = tuple(verdict for verdict in day.sessions if matcher.has_order(verdict))
                return decide_sessions(replace(day, sessions=sessions), stored)
            case PrintfulBatch() as batch:
                return decide_printful(batch, stored)
            case Links() as links:
                rows = [order for order in stored.orders if is_unlinked(order)]
                now = {name: order for order in rows for name in (order.id, order.session_id) if name}
                waiting = [each for each in links.unlinked if each.order.key in now]
                unlinked = tuple(replace(each, order=now[each.order.key]) for each in waiting)
                return decide_links(replace(links, unlinked=unlinked), stored.limits)
            case Unclaimed() as unclaimed:
                return decide_unclaimed(unclaimed)  # it changes no order


@dataclass(frozen=True, slots=True)
class SessionPayment:
    """The payment of one session, for the Printful order that it or its order names."""

    session_id: str
    printful_ids: Collection[str | None]
    payment: Payment


@dataclass(frozen=True, slots=True)
class PrintfulNeeds:
    """The orders of one day of sessions that the Printful phase looks up or links."""

    orders: Sequence[StoredOrder] = ()  # they name a Printful order since this day's plan
    unlinked: Sequence[Unlinked] = ()
    payments: Sequence[SessionPayment] = ()
    erased: Collection[str] = ()  # sessions whose customer was erased
    refunded: Sequence[StoredOrder] = ()  # set to refunded by this day's plan, and naming no Printful order
    paid_twice: Collection[str] = ()  # ids of orders that may be one purchase
