"""True delivery: `fulfilled` means shipped, and an order is delivered when all of its parcels are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ordersync_dagster.core.orders import Status, StoredOrder, can_move
from ordersync_dagster.core.printful_order import Missing, NotAsked, PrintfulOrder, Shipment
from ordersync_dagster.core.printful_parcels import Parcels, read_parcels
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem

FULFILLED = "fulfilled"  # Printful's word for an order whose parcels are all made
RawParcels = Sequence[object] | Missing | NotAsked


def until_delivered(order: PrintfulOrder) -> PrintfulOrder:
    """`order` where the shop waits for the parcels: what API v1 alone proves."""
    return replace(order, status=Status.SHIPPED, waits_for_parcels=True) if order.word == FULFILLED else order


def can_be_delivered(stored: StoredOrder, order: PrintfulOrder) -> bool:
    """Whether the parcels of `order` may still change the status of `stored`."""
    return order.waits_for_parcels and can_move(stored.status, Status.DELIVERED)


def with_parcels(order: PrintfulOrder, raw: RawParcels) -> PrintfulOrder:
    """`order` with what API v2 says of its parcels."""
    if isinstance(raw, Missing | NotAsked):
        return replace(order, parcels=raw)
    parcels = read_parcels(raw)
    pieces = None if order.unread_items else sum(item.quantity for item in order.items)
    is_delivered = parcels.are_delivered(len(order.shipments), pieces)
    return replace(
        order,
        status=Status.DELIVERED if is_delivered else Status.SHIPPED,
        parcels=parcels,
        shipments=tuple(_dated(each, parcels) for each in order.shipments),
    )


def _dated(shipment: Shipment, parcels: Parcels) -> Shipment:
    """The parcel with the day when it was delivered. Both versions of the API use one id, or else the same link."""
    theirs = [each for each in parcels.all if each.id == shipment.id]
    theirs += [each for each in parcels.all if each.tracking_url and each.tracking_url == shipment.tracking_url]
    at = next((each.delivered_at for each in theirs if each.is_delivered and each.delivered_at), None)
    return replace(shipment, delivered_at=f"{at:%Y-%m-%dT%H:%M:%SZ}") if at else shipment


def delivery_problems(stored: StoredOrder, theirs: PrintfulOrder) -> Iterator[Problem]:
    """Why nobody knows whether `stored` was delivered, and the parcels that will not arrive."""
    ids = {"order_id": stored.id, "printful_order_id": theirs.printful_order_id}
    found = theirs.parcels
    if isinstance(found, NotAsked):
        sentence = f"Printful could not be asked for the parcels of order {stored.id}: {found.reason}."
        yield Problem(ProblemClass.PRINTFUL_NOT_ASKED, f"{sentence} The next run asks again.", ids)
    elif isinstance(found, Missing):
        sentence = (
            f"Printful's API v2 has no order {found.printful_order_id}, which its API v1 shows, so nobody knows "
            f"whether order {stored.id} was delivered."
        )
        yield Problem(ProblemClass.MISSING_AT_PRINTFUL, sentence, ids)
    elif found is not None and can_move(stored.status, Status.DELIVERED):
        yield from _of_parcels(stored, found, ids)


def _of_parcels(stored: StoredOrder, parcels: Parcels, ids: dict[str, str]) -> Iterator[Problem]:
    if parcels.lost:
        named = ", ".join(f"{each.id} ({' and '.join(each.words)})" for each in parcels.lost)
        sentence = f"Order {stored.id} did not reach its customer whole. Parcels, in Printful's words: {named}."
        yield Problem(ProblemClass.NOT_DELIVERED, sentence, ids)
    if parcels.unknown_words:
        words = ", ".join(repr(each[:40]) for each in parcels.unknown_words)
        sentence = (
            f"Printful says {words} of a parcel of order {stored.id}, which is not mapped; it is not delivered yet."
        )
        yield Problem(ProblemClass.UNKNOWN_STATUS, sentence, ids)
    if parcels.unread:
        sentence = f"Not all parcels of order {stored.id} can be read at Printful: {parcels.unread}."
        yield Problem(ProblemClass.MALFORMED_PRINTFUL_ORDER, sentence, ids)
