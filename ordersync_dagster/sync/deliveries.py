"""Asks Printful's API v2 for parcels: only of orders that they may still change, and seldom where those are many."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ordersync_dagster.core.changes import FillFields, OrderUpdate
from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.delivery import can_be_delivered, delivery_problems, until_delivered, with_parcels
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links
from ordersync_dagster.core.orders import Status, StoredOrder, can_move
from ordersync_dagster.core.printful_order import Lookup, PrintfulOrder
from ordersync_dagster.core.printful_parcels import parcel_time
from ordersync_dagster.sync.ports import AskedParcels, PrintfulParcels

FEW = 50  # so many orders on their way are asked for in every run
REST = timedelta(hours=20)  # of each, where they are more; a daily run may come some hours early
LONG_REST = timedelta(days=7)  # of parcels that left long ago: some carriers never say `delivered`
LONG_ON_ITS_WAY = timedelta(days=30)


@dataclass(slots=True)
class Deliveries:
    """Serves one run of a shop that waits for its parcels."""

    printful: PrintfulParcels
    record: AskedParcels
    clock: Callable[[], datetime]
    _asked: Mapping[str, datetime] = field(default_factory=dict)  # by Printful id, of orders that can be delivered

    def begin(self, stored: Iterable[tuple[str, str, str]]) -> None:
        """Take over (order id, Printful id, status) of every order that names a Printful order."""
        open_ids = {printful_id for _, printful_id, status in stored if can_move(status, Status.DELIVERED)}
        self._asked = {name: at for name, at in self.record.asked().items() if name in open_ids}

    def told(
        self, answers: Mapping[str, Lookup], stored: Sequence[StoredOrder]
    ) -> tuple[dict[str, Lookup], tuple[str, ...]]:
        """`answers` with the parcels of those orders that they may change, and the ids of those still on their way."""
        orders = {name: until_delivered(each) for name, each in answers.items() if isinstance(each, PrintfulOrder)}
        named = Counter(order.printful_order_id for order in stored)
        wanted = {name: order for order in stored if named[name := order.printful_order_id or ""] == 1}
        due = {name: each for name, each in orders.items() if name in wanted and self._is_due(wanted[name], each)}
        told = self._with_parcels(due)
        waiting = [name for name, each in told.items() if _is_on_its_way(wanted[name], each)]
        return {**answers, **orders, **told}, tuple(sorted(waiting))

    def of_links(self, links: Links, limits: Limits) -> Links:
        """`links` with the parcels of those Printful orders that will be linked."""
        links = replace(links, candidates=tuple(map(until_delivered, links.candidates)))
        linked = {_linked_id(update): update.seen for update in decide_links(links, limits).updates}
        orders = {each.printful_order_id: each for each in links.candidates}
        sent = {name: orders[name] for name, row in linked.items() if can_be_delivered(row, orders[name])}
        told = self._with_parcels(sent)
        return replace(links, candidates=tuple(told.get(name, each) for name, each in orders.items()))

    def _with_parcels(self, orders: Mapping[str, PrintfulOrder]) -> dict[str, PrintfulOrder]:
        found = self.printful.parcels(sorted(orders)) if orders else ()
        return {name: with_parcels(orders[name], parcels) for name, parcels in found}

    def _is_due(self, stored: StoredOrder, order: PrintfulOrder) -> bool:
        before = self._asked.get(order.printful_order_id)
        if not can_be_delivered(stored, order):
            return False
        if before is None or len(self._asked) <= FEW:
            return True
        now = self.clock()
        return now - before >= (LONG_REST if now - _sent_at(order) > LONG_ON_ITS_WAY else REST)


def _is_on_its_way(stored: StoredOrder, order: PrintfulOrder) -> bool:
    """Whether Printful answered, and nothing has to be told: only then may the next question wait."""
    return order.status is not Status.DELIVERED and not any(delivery_problems(stored, order))


def _linked_id(update: OrderUpdate) -> str:
    fills = (each.values for each in update.changes if isinstance(each, FillFields))
    return next(str(values["printful_order_id"]) for values in fills if "printful_order_id" in values)


def _sent_at(order: PrintfulOrder) -> datetime:
    """When its last parcel left; where nobody knows, when the order was made."""
    days = [day for each in order.shipments if (day := parcel_time(each.ship_date))]
    return max(days, default=datetime.fromtimestamp(order.created or 0, UTC))
