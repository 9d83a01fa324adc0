"""What hypothesis draws: days of sessions, shops and Printful's answers that collide often, and plain rubbish."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ordersync_dagster.core.decide_printful import PrintfulBatch
from ordersync_dagster.core.decide_sessions import SessionDay
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.not_made import Payment
from ordersync_dagster.core.orders import Order, Status, StoredItem, StoredOrder, item_id, order_id
from ordersync_dagster.core.plan import Stored
from ordersync_dagster.core.printful_order import STATUS, Lookup, Missing, NotAsked
from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.core.stripe_session import Verdict, read_session
from ordersync_dagster.sandbox import (
    checkout_session,
    dispute,
    line_item,
    printful_item,
    printful_order,
    refund,
    shipment,
)
from ordersync_dagster_tests.support.builders import EXISTING_SHOP, TEST_MODE, malformed, printful_answer

SESSION_IDS = [f"cs_test_{number}" for number in range(5)]
PAYMENTS = [None, *(f"pi_{number}" for number in range(5))]
PRINTFUL_IDS = [None, "1", "2", "3"]
VARIANTS = [11, 12, 860_000_011]  # the last is also the sync variant of the first
LINKS = [None, "", "https://example.com/1", "https://example.com/2"]
NUMBERS = [None, "", "N1", "N2"]
ADDRESSES = [None, {}, {"name": None, "line1": None}, {"name": "Asta Example", "line1": "1 Test Street"}]


@dataclass(frozen=True)
class Scene:
    """Both vendors and the shop, as the deciders take them."""

    day: SessionDay
    batch: PrintfulBatch
    stored: Stored


@st.composite
def verdicts(draw: st.DrawFn, session_id: str) -> Verdict:
    """A session, mostly paid, read; Stripe gives no payment to two of them."""
    own_payment = f"pi_{SESSION_IDS.index(session_id)}"
    printful_id = draw(st.sampled_from(PRINTFUL_IDS))
    quantity = draw(st.sampled_from([None, 1, 2]))
    lines = {"data": [line_item(quantity=quantity)], "has_more": False}
    session = checkout_session(
        id=session_id,
        payment_status=draw(st.sampled_from(["paid", "paid", "paid", "unpaid", "no_payment_required"])),
        payment_intent=draw(st.sampled_from([None, own_payment, own_payment])),
        amount_total=draw(st.sampled_from([2600, 1, 0, -1, None, 10**13])),
        currency=draw(st.sampled_from(["usd", "jpy", "kwd", "xyz"])),
        metadata={"printfulOrderId": printful_id} if printful_id else {},
        line_items=lines if quantity else None,
        client_reference_id=draw(st.sampled_from([None, None, "row-of-cs_test_0", "row-of-cs_test_1"])),
    )
    return read_session(session, TEST_MODE)


@st.composite
def stored_orders(draw: st.DrawFn, session_id: str) -> StoredOrder:
    """A row of the shop, written by its webhook handler or by us."""
    row_id = draw(st.sampled_from([f"row-of-{session_id}", order_id(session_id)]))
    item_ids = [*(f"item-{number}-of-{session_id}" for number in range(2)), *(item_id(row_id, each) for each in "56")]
    items = [
        StoredItem(each, "71", str(draw(st.sampled_from(VARIANTS))), draw(st.integers(1, 2)))
        for each in draw(st.lists(st.sampled_from(item_ids), unique=True, max_size=3))
    ]
    return StoredOrder(
        id=row_id,
        session_id=session_id,
        payment_intent_id=draw(st.sampled_from([*PAYMENTS, ""])),
        printful_order_id=draw(st.sampled_from(PRINTFUL_IDS)),
        status=draw(st.sampled_from([*map(str, Status), "on-its-way"])),
        customer_name=draw(st.sampled_from([None, "", "Asta Example"])),
        total=draw(st.sampled_from([None, Decimal(26), Decimal("1.00")])),
        currency=draw(st.sampled_from([None, "usd", "USD", "eur"])),
        tracking_number=draw(st.sampled_from(NUMBERS)),
        tracking_url=draw(st.sampled_from(LINKS)),
        shipping_address=draw(st.sampled_from(ADDRESSES)),
        metadata=draw(st.sampled_from([{}, {"cart": "c42"}, {"printful_shipments": [{"id": "2", "carrier": "USPS"}]}])),
        items=tuple(items),
    )


@st.composite
def lookups(draw: st.DrawFn, printful_id: str) -> Lookup:
    """One answer of Printful."""
    kind = draw(st.sampled_from(["order", "order", "order", "missing", "not asked", "malformed"]))
    if kind == "missing":
        return Missing(printful_id)
    if kind == "not asked":
        return NotAsked(printful_id, "no answer")
    if kind == "malformed":
        return malformed(id=int(printful_id), status=None)
    items = [
        printful_item(
            id=draw(st.integers(5, 8)),
            variant_id=draw(st.sampled_from(VARIANTS)),
            quantity=draw(st.integers(1, 2)),
            retail_price=draw(st.sampled_from([None, "26.00", "26.0001"])),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    parcels = [
        shipment(
            id=draw(st.integers(1, 3)),
            tracking_number=draw(st.sampled_from(NUMBERS)),
            tracking_url=draw(st.sampled_from(LINKS)),
            ship_date=draw(st.sampled_from([None, "2026-01-01", "2026-01-02"])),
            carrier=draw(st.sampled_from([None, "DHL"])),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    word = draw(st.sampled_from([*STATUS, "archived"]))
    return printful_answer(id=int(printful_id), status=word, items=items, shipments=parcels)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A day, a shop and Printful's answers, few enough to meet each other."""
    ids = st.lists(st.sampled_from(SESSION_IDS), unique=True)
    sessions = [draw(verdicts(each)) for each in draw(ids)]
    orders = [draw(stored_orders(each)) for each in draw(ids)]
    asked = draw(st.lists(st.sampled_from(["1", "2", "3"]), unique=True))
    refunds = [refund(payment_intent="pi_0", amount=draw(st.sampled_from([2600, 1])))] if draw(st.booleans()) else []
    disputes = [dispute(payment_intent="pi_1", status=draw(st.sampled_from(["lost", "won", "under_review"])))]
    reversals = read_reversals(refunds, disputes if draw(st.booleans()) else [])
    nameless = draw(st.lists(st.sampled_from(NAMELESS), max_size=2))
    day = SessionDay(sessions=(*sessions, *nameless), reversals=reversals, asks_printful=True)
    payments = {each.session_id: Payment(each.line_items) for each in sessions if isinstance(each, Order)}
    batch = PrintfulBatch({each: draw(lookups(each)) for each in asked}, payments)
    return Scene(day, batch, Stored(tuple(orders), draw(st.sampled_from([Limits(), EXISTING_SHOP]))))


NAMELESS = [read_session(None, TEST_MODE), read_session({"id": None}, TEST_MODE)]
TEXTS = st.text(max_size=8) | st.sampled_from(["\0", "\ud800", "usd", "paid", "complete", "fulfilled", "N1", "1.50"])
NUMBERS_OF_ALL_KINDS = (
    st.integers() | st.floats() | st.decimals() | st.sampled_from([0, 1, 2600, 1_790_000_000, 2**31, 10**400])
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS_OF_ALL_KINDS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn, record: dict[str, Any]) -> Any:
    """`record` with one to three values, at any depth, exchanged for anything."""
    damaged_record: Any = _copied(record)
    for _ in range(draw(st.integers(1, 3))):
        place = damaged_record
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if not isinstance(place[key], dict | list) or draw(st.booleans()):
                place[key] = draw(JSON)
                break
            place = place[key]
    return damaged_record


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


SESSIONS = damaged(checkout_session(line_items={"data": [line_item()], "has_more": False}, shipping={"address": {}}))
PRINTFUL_ORDERS = damaged(printful_order(shipments=[shipment()]))
