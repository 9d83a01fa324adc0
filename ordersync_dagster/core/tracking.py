"""The parcel that an order shows. Tracking is completed and merged, never erased."""

from collections.abc import Sequence

from ordersync_dagster.core.changes import SetTracking
from ordersync_dagster.core.orders import Json, StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder, Shipment

_UNDATED = "9999"  # after every day


def missing_tracking(stored: StoredOrder, theirs: PrintfulOrder) -> SetTracking | None:
    """Fill an empty number or link from the first parcel that has one; None where there is nothing new.

    The columns hold one parcel. As soon as there is a parcel that they do not show, or whose day of delivery is
    known, all of them go to the order's metadata under `printful_shipments`, beside those that it already names.
    """
    before = stored.tracking_number or None, stored.tracking_url or None
    number, url = _completed(*before, _trackable(theirs))
    is_dated = any(parcel.delivered_at for parcel in theirs.shipments)  # the columns have no place for the day
    is_listed = (is_dated or _is_more(number, url, theirs)) and "metadata" not in stored.unreadable
    shipments = _merged(stored, theirs) if is_listed else stored.shipments
    if (number, url, shipments) == (*before, stored.shipments):
        return None
    return SetTracking(number, url, shipments if shipments != stored.shipments else None)


def has_no_list(stored: StoredOrder, theirs: PrintfulOrder) -> bool:
    """Whether there are parcels to list, and the order's metadata cannot hold a list."""
    shown = _completed(stored.tracking_number or None, stored.tracking_url or None, _trackable(theirs))
    return "metadata" in stored.unreadable and _is_more(*shown, theirs)


def _trackable(theirs: PrintfulOrder) -> list[Shipment]:
    """The parcels that have a number or a link, oldest first."""
    parcels = [parcel for parcel in theirs.shipments if parcel.tracking_number or parcel.tracking_url]
    return sorted(parcels, key=lambda parcel: (parcel.ship_date or _UNDATED, parcel.id))


def _is_more(number: str | None, url: str | None, theirs: PrintfulOrder) -> bool:
    return any((parcel.tracking_number, parcel.tracking_url) != (number, url) for parcel in _trackable(theirs))


def _completed(number: str | None, url: str | None, parcels: Sequence[Shipment]) -> tuple[str | None, str | None]:
    """Number and link of one parcel: the one that the columns already show, else the first."""
    if number is None and parcels:
        shown = next((parcel for parcel in parcels if url and parcel.tracking_url == url), parcels[0])
        number, url = shown.tracking_number, url or shown.tracking_url
    links = (each.tracking_url for each in parcels if number and each.tracking_number == number and each.tracking_url)
    return number, url or next(links, None)


def _merged(stored: StoredOrder, theirs: PrintfulOrder) -> tuple[Json, ...]:
    known = {str(parcel.get("id")): parcel for parcel in stored.shipments}
    for parcel in theirs.shipments:
        fresh = {key: value for key, value in parcel.as_json().items() if value is not None}
        known[parcel.id] = {**parcel.as_json(), **known.get(parcel.id, {}), **fresh}
    return tuple(known[key] for key in sorted(known))
