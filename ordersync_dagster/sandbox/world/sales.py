"""Sales, with their state at Printful and in the shop."""

from collections.abc import Iterable
from dataclasses import dataclass

from ordersync_dagster.sandbox.world.draft import Draft
from ordersync_dagster.sandbox.world.world import Json

PRINTFUL_DELAY = 90  # seconds between payment and Printful's order
UNKNOWN_TO_PRINTFUL = 123_456_789


@dataclass(frozen=True)
class Sale:
    """A sale of `items` prints, `days` ago; the shop has rows for `known` of them.

    Without `at_printful`, the shop's row names an order that Printful does not have.
    """

    days: float
    in_shop: str
    at_printful: str | None
    items: int
    known: int
    parcels: int = 0
    is_complete: bool = True
    knows_tracking: bool = False
    currency: str = "usd"
    is_legacy: bool = False
    unpriced: int = 0
    is_refunded: bool = False


def add_sales(draft: Draft, sales: Iterable[Sale]) -> None:
    """Adds all sales to the draft."""
    for sale in sales:
        add_sale(draft, sale)


def add_sale(draft: Draft, sale: Sale) -> None:
    """Adds the session, the shop's order and Printful's order of one sale."""
    person, picks = draft.person(), draft.basket(sale.items)
    session = draft.sell_prints(
        draft.ago(days=sale.days), picks, person=person, currency=sale.currency, is_legacy=sale.is_legacy
    )
    order = draft.parcels.order(
        session["created"] + PRINTFUL_DELAY, picks, person=person, currency=sale.currency,
        unpriced=sale.unpriced, status=sale.at_printful or "draft", parcels=sale.parcels,
        is_complete=sale.is_complete, external_id=session["payment_intent"],
    )  # fmt: skip
    if sale.at_printful:
        draft.send_to_printful(order)
    else:
        order["id"] = UNKNOWN_TO_PRINTFUL
    tracking = _tracking(order) if sale.knows_tracking else {}
    row = draft.record(session, sale.in_shop, printful_order_id=str(order["id"]), **tracking)
    draft.record_items(row, order["items"][: sale.known])
    if sale.is_refunded:
        draft.refund(session, session["amount_total"])


def _tracking(order: Json) -> Json:
    parcel = order["shipments"][-1]
    return {"tracking_number": parcel["tracking_number"], "tracking_url": parcel["tracking_url"]}


def add_downloads(draft: Draft, ages_in_days: Iterable[float]) -> list[Json]:
    """Adds completed sales of downloads; returns their sessions."""
    sessions = [draft.sell_download(draft.ago(days=age)) for age in ages_in_days]
    for session in sessions:
        draft.record(session, "completed")
    return sessions
