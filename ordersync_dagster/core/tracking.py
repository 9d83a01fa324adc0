"""Which parcel an order shows. Tracking is completed and merged, never erased."""

from ordersync_dagster.core.changes import SetTracking
from ordersync_dagster.core.fulfilment import Fulfilment
from ordersync_dagster.core.orders import Json, StoredOrder


def missing_tracking(stored: StoredOrder, fulfilment: Fulfilment) -> SetTracking | None:
    """Fill an empty number or link from the first parcel that has one; None where there is nothing new.

    The columns hold one parcel. As soon as there is a parcel that they do not show, all of them go to the
    order's metadata under `printful_shipments`, beside those that it already names.
    """
    parcels = [parcel for parcel in fulfilment.shipments if parcel.tracking_number or parcel.tracking_url]
    parcels.sort(key=lambda parcel: (parcel.ship_date or "9999", parcel.id))
    number, url = stored.tracking_number, stored.tracking_url
    for parcel in parcels:
        is_shown = number in (None, "", parcel.tracking_number)
        if is_shown and (not number or not url):
            number, url = number or parcel.tracking_number, url or parcel.tracking_url
    shown = {(number, url)}
    is_more = any((parcel.tracking_number, parcel.tracking_url) not in shown for parcel in parcels)
    shipments = _merged(stored, fulfilment) if is_more else stored.shipments
    if (number, url, shipments) == (stored.tracking_number, stored.tracking_url, stored.shipments):
        return None
    return SetTracking(number, url, shipments if shipments != stored.shipments else None)


def _merged(stored: StoredOrder, fulfilment: Fulfilment) -> tuple[Json, ...]:
    known = {str(parcel.get("id")): parcel for parcel in stored.shipments}
    for parcel in fulfilment.shipments:
        fresh = {key: value for key, value in parcel.as_json().items() if value is not None}
        known[parcel.id] = {**parcel.as_json(), **known.get(parcel.id, {}), **fresh}
    return tuple(known[key] for key in sorted(known))
