"""How one sale of prints stands at Printful and in the shop."""

from collections.abc import Iterable
from dataclasses import dataclass

from ordersync_dagster.sandbox.world.draft import Draft
from ordersync_dagster.sandbox.world.world import Json

PRINTFUL_DELAY = 90  # seconds between payment and Printful's order
UNKNOWN_TO_PRINTFUL = 123_456_789


@dataclass(frozen=True)
class Case:
    """A sale of `items` prints so many days ago; `known` of them have rows in the shop.

    Without `at_printful` the shop names an order that Printful does not have.
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


def settle_all(draft: Draft, cases: Iterable[Case]) -> None:
    """Writes every case into the draft."""
    for case in cases:
        settle(draft, case)


def settle(draft: Draft, case: Case) -> None:
    """Writes the sale, the shop's order and Printful's order of one case."""
    person, picks = draft.person(), draft.basket(case.items)
    session = draft.sell_prints(
        draft.ago(days=case.days), picks, person=person, currency=case.currency, is_legacy=case.is_legacy
    )
    order = draft.parcels.order(
        session["created"] + PRINTFUL_DELAY, picks, person=person, currency=case.currency,
        unpriced=case.unpriced, status=case.at_printful or "draft", parcels=case.parcels,
        is_complete=case.is_complete, external_id=session["payment_intent"],
    )  # fmt: skip
    if case.at_printful:
        draft.send_to_printful(order)
    else:
        order["id"] = UNKNOWN_TO_PRINTFUL
    tracking = _tracking(order) if case.knows_tracking else {}
    row = draft.record(session, case.in_shop, printful_order_id=str(order["id"]), **tracking)
    draft.record_items(row, order["items"][: case.known])
    if case.is_refunded:
        draft.refund(session, session["amount_total"])


def _tracking(order: Json) -> Json:
    parcel = order["shipments"][-1]
    return {"tracking_number": parcel["tracking_number"], "tracking_url": parcel["tracking_url"]}


def settle_downloads(draft: Draft, ages_in_days: Iterable[float]) -> list[Json]:
    """Sales of files, delivered at once; returns their sessions."""
    sold = [draft.sell_download(draft.ago(days=age)) for age in ages_in_days]
    for session in sold:
        draft.record(session, "completed")
    return sold
