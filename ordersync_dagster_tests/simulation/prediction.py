"""What one undisturbed run must leave, computed from Stripe, Printful and the rows before; shares no code with core."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from ordersync_dagster_tests.simulation.shop import Row, Shop
from ordersync_dagster_tests.simulation.truth import MOVES, SAYS, fits
from ordersync_dagster_tests.simulation.vendors import Json, Vendors

WAITING = ("processing", "pending")
_SET_TO_REFUNDED = (
    "SELECT order_id FROM ordersync_audit WHERE resource = 'order'"
    " AND json_extract(after, '$.columns.status') = 'refunded'"
)
REFUNDABLE = ("pending", "processing", "failed", "shipped", "delivered", "completed")


@dataclass(slots=True)
class Expected:
    """One order; `items` counts rows."""

    status: str
    payment: str | None
    printful_id: str | None
    number: str | None
    items: int = 0
    is_due: bool = field(default=False, compare=False)
    is_taken_back: bool = field(default=False, compare=False)  # we had set it to refunded


def predicted(vendors: Vendors, shop: Shop, ripe: datetime, *, waits_for_parcels: bool = False) -> dict[str, Expected]:
    """By session id; sessions of `ripe` and later are too recent."""
    rows = shop.rows("SELECT * FROM orders")
    items: dict[str, list[Row]] = defaultdict(list)
    for row in shop.rows("SELECT * FROM order_items"):
        items[row["order_id"]].append(row)
    of_session = {row["stripe_session_id"]: items[row["id"]] for row in rows}
    orders = {row["stripe_session_id"]: _as_it_is(row, len(items[row["id"]])) for row in rows}
    set_by_us = {each["order_id"] for each in shop.rows(_SET_TO_REFUNDED)}
    for row in rows:
        orders[row["stripe_session_id"]].is_taken_back = row["id"] in set_by_us
    for session in vendors.sessions.values():
        if vendors.is_due(session, ripe):
            _from_session(orders, session, vendors)
    _link(orders, vendors)
    named = Counter(order.printful_id for order in orders.values())
    for session_id, order in orders.items():
        made = vendors.printful.get(order.printful_id or "")
        if made and named[order.printful_id] == 1:
            is_waiting = waits_for_parcels and made["status"] == "fulfilled" and not _is_delivered(vendors, made)
            _from_printful(order, made, of_session.get(session_id, []), "shipped" if is_waiting else None)
    return orders


def found(shop: Shop) -> dict[str, Expected]:
    """The same of what is there."""
    counts = dict(shop.connection.execute("SELECT order_id, count(*) FROM order_items GROUP BY 1").fetchall())
    rows = shop.rows("SELECT * FROM orders")
    return {row["stripe_session_id"]: _as_it_is(row, counts.get(row["id"], 0)) for row in rows}


def _as_it_is(row: Row, items: int) -> Expected:
    payment, printful_id = row["stripe_payment_intent_id"], row["printful_order_id"]
    return Expected(row["status"], payment, printful_id, row["tracking_number"], items)


def _from_session(orders: dict[str, Expected], session: Json, vendors: Vendors) -> None:
    noted = session["metadata"].get("printfulOrderId")
    order = orders.get(session["id"])
    if order is None:
        status = "refunded" if vendors.is_given_back(session) else "processing"
        order = orders[session["id"]] = Expected(status, None, None, None)
    order.is_due = True
    if order.status == "pending" and not (vendors.is_given_back(session) or vendors.is_disputed(session)):
        order.status = "processing"
    if order.status in REFUNDABLE and vendors.is_given_back(session) and not order.is_taken_back:
        order.status = "refunded"
    order.payment = order.payment or session["payment_intent"]
    order.printful_id = order.printful_id or noted


def _link(orders: dict[str, Expected], vendors: Vendors) -> None:
    taken = {order.printful_id for order in orders.values()}
    free = {
        made["external_id"]: key for key, made in vendors.printful.items() if key not in taken and made["external_id"]
    }
    for session_id, order in orders.items():
        if order.is_due and not order.printful_id and order.status in WAITING:
            key = free.get(order.payment)
            if key and _is_meant_for(vendors.printful[key], vendors.sessions[session_id]):
                order.printful_id = key


def _is_meant_for(made: Json, session: Json) -> bool:
    """Whether nothing contradicts the name that the Printful order carries. None is made before its session here."""
    paid = sum(line["quantity"] for line in session["line_items"]["data"])
    has_room = sum(item["quantity"] for item in made["items"]) <= paid
    to = made["recipient"]["email"]
    is_same = to in (None, session["customer_details"]["email"])
    return made["status"] != "canceled" and has_room and is_same


def _is_delivered(vendors: Vendors, made: Json) -> bool:
    """Whether every parcel arrived, and every piece was in one."""
    parcels = vendors.parcels(str(made["id"]))
    pieces = [item["quantity"] for parcel in parcels for item in parcel["shipment_items"]]
    words = {parcel["delivery_status"] for parcel in parcels}
    return words == {"delivered"} and sum(pieces) >= sum(item["quantity"] for item in made["items"])


def _from_printful(order: Expected, made: Json, rows: list[Row], instead: str | None) -> None:
    after = instead or SAYS.get(made["status"])
    if after and after in MOVES.get(order.status, "").split():
        order.status = after
    numbers = [parcel["tracking_number"] for parcel in made["shipments"] if parcel["tracking_number"]]
    order.number = order.number or (numbers[0] if numbers else None)
    if fits(rows, made) is not None:
        order.items = len(made["items"])
