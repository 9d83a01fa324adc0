"""A session on its own: which order it becomes."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.orders import LineItem, Status, order_id
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.sandbox import ABSENT, checkout_session, customer_details, line_item
from ordersync_dagster.sandbox.world.sessions import CREATED, PAYMENT_INTENT, SESSION_ID
from ordersync_dagster_tests.support.builders import order_of

METADATA = {"cart": "c42", "note": "", "Größe": "S", "printfulOrderId": " 42 ", "html": "<b>'); drop table"}


def test_a_paid_session_becomes_an_order_in_processing() -> None:
    order = order_of(checkout_session(amount_total=4999, currency="USD", created=1_790_000_000))
    assert (order.session_id, order.id) == (SESSION_ID, order_id(SESSION_ID))
    assert order.status is Status.PROCESSING
    assert (order.total, order.currency) == (Decimal("49.99"), "usd")
    assert order.created == datetime.fromtimestamp(1_790_000_000, UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "total"),
    [(800, "jpy", "800"), (107411050, "kwd", "107411.050"), (1999, "usd", "19.99"), (500, "ugx", "5.00")],
)
def test_money_is_exact_in_every_currency(amount: int, currency: str, total: str) -> None:
    assert str(order_of(checkout_session(amount_total=amount, currency=currency)).total) == total


def test_the_amount_is_the_shops_and_not_the_one_shown_to_the_customer() -> None:
    shown = {"presentment_amount": 9999, "presentment_currency": "eur"}
    order = order_of(checkout_session(amount_total=2600, presentment_details=shown))
    assert (order.total, order.currency) == (Decimal("26.00"), "usd")


@pytest.mark.parametrize(
    ("fields", "prices"),
    [
        ({"presentment_details": {"presentment_amount": 390000, "presentment_currency": "JPY"}}, [("390000", "jpy")]),
        ({"currency_conversion": {"amount_total": 2399, "source_currency": "eur"}}, [("23.99", "eur")]),
        ({"presentment_details": {"presentment_amount": None, "presentment_currency": "eur"}}, []),
        ({"presentment_details": {"presentment_amount": 2399, "presentment_currency": "xyz"}}, []),
        ({"presentment_details": {"presentment_amount": 2399, "presentment_currency": None}}, []),
        ({"presentment_details": [], "currency_conversion": "eur"}, []),
        ({"presentment_details": ABSENT, "currency_conversion": ABSENT}, []),
    ],
)
def test_the_price_in_the_other_currency_is_known_too(fields: dict[str, Any], prices: list[tuple[str, str]]) -> None:
    order = order_of(checkout_session(**fields))
    assert [(str(each.amount), each.currency) for each in order.other_prices] == prices


def test_metadata_is_kept_unchanged() -> None:
    assert order_of(checkout_session(metadata=METADATA)).metadata == METADATA


@pytest.mark.parametrize("metadata", [None, ABSENT, {}])
def test_no_metadata_is_empty_metadata(metadata: Any) -> None:
    assert order_of(checkout_session(metadata=metadata)).metadata == {}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (PAYMENT_INTENT, PAYMENT_INTENT),
        ({"id": PAYMENT_INTENT, "object": "payment_intent"}, PAYMENT_INTENT),
        (None, None),
        (ABSENT, None),
        ({}, None),
        (5, None),
        ("", None),
    ],
)
def test_a_payment_intent_comes_as_an_id_or_expanded_or_not_at_all(given: Any, stored: str | None) -> None:
    assert order_of(checkout_session(payment_intent=given)).payment_intent_id == stored


@pytest.mark.parametrize(
    ("details", "prefilled", "email"),
    [
        (customer_details(email="jane@example.com"), "old@example.com", "jane@example.com"),
        (customer_details(email=None), "old@example.com", "old@example.com"),
        (customer_details(email=" "), "old@example.com", "old@example.com"),
        (None, "old@example.com", "old@example.com"),
        (ABSENT, "old@example.com", "old@example.com"),
        ("jane@example.com", "old@example.com", "old@example.com"),
    ],
)
def test_the_email_is_what_the_customer_typed_else_what_the_shop_prefilled(
    details: Any, prefilled: str, email: str
) -> None:
    assert order_of(checkout_session(customer_details=details, customer_email=prefilled)).customer_email == email


def test_the_name_is_the_customers_else_the_one_on_the_parcel() -> None:
    parcel = {"shipping_details": {"name": "Parcel Name", "address": {"line1": "1 Test Street"}}}
    named = checkout_session(customer_details=customer_details(name="Card Name"), collected_information=parcel)
    nameless = checkout_session(customer_details=customer_details(name=None), collected_information=parcel)
    assert order_of(named).customer_name == "Card Name"
    assert order_of(nameless).customer_name == "Parcel Name"


@pytest.mark.parametrize(
    ("asked", "collected", "name"),
    [
        ({"individual_name": "Ilze Example", "business_name": "Example SIA"}, {}, "Ilze Example"),
        ({"business_name": "Example SIA"}, {}, "Example SIA"),
        ({}, {"individual_name": "Ilze Example", "business_name": "Example SIA"}, "Ilze Example"),
        ({"business_name": "Example SIA"}, {"individual_name": "Ilze Example"}, "Ilze Example"),
        ({}, {"business_name": "Example SIA"}, "Example SIA"),
        ({"individual_name": " ", "business_name": 5}, {}, None),
    ],
)
def test_without_these_the_name_is_the_one_that_checkout_asked_for(
    asked: dict[str, Any], collected: dict[str, Any], name: str | None
) -> None:
    details = customer_details(name=None, **asked)
    session = checkout_session(customer_details=details, collected_information=collected)
    assert order_of(session).customer_name == name


@pytest.mark.parametrize(
    ("metadata", "printful_id"),
    [
        ({"printfulOrderId": "190000001"}, "190000001"),
        ({"printful_order_id": "190000001"}, "190000001"),
        ({"printfulOrderId": 190000001}, "190000001"),
        ({"printfulOrderId": " 190000001 "}, "190000001"),
        ({"printfulOrderId": "", "printful_order_id": "7"}, "7"),
        ({"printfulOrderId": "8", "printful_order_id": "7"}, "8"),
        ({"printfulOrderId": "@my-external-id"}, None),
        ({"printfulOrderId": "١٢"}, None),
        ({"printfulOrderId": "../orders/1"}, None),
        ({"printfulOrderId": "9" * 21}, None),
        ({"printfulOrderId": 10**20}, None),
        ({"printfulOrderId": -5}, None),
        ({"printfulOrderId": True}, None),
        ({"printfulOrderId": None}, None),
        ({}, None),
    ],
)
def test_the_printful_id_is_a_number_that_the_shop_put_into_metadata(metadata: Any, printful_id: str | None) -> None:
    assert order_of(checkout_session(metadata=metadata)).printful_order_id == printful_id


def lines(*rows: Any, **overrides: Any) -> dict[str, Any]:
    """A session's expanded list."""
    return {"object": "list", "data": list(rows), "has_more": False, **overrides}


def test_line_items_give_the_price_of_one_unit() -> None:
    listed = lines(line_item(amount_total=5200, quantity=2), line_item(amount_total=999))
    assert order_of(checkout_session(line_items=listed)).line_items == (
        LineItem(2, Decimal("26.00")),
        LineItem(1, Decimal("9.99")),
    )


def test_the_price_of_one_unit_is_exact_however_large() -> None:
    listed = lines(line_item(amount_total=900_719_925_474_099_303, quantity=3))
    assert order_of(checkout_session(line_items=listed)).line_items == (LineItem(3, Decimal("3002399751580331.01")),)


@pytest.mark.parametrize(
    "listed",
    [
        ABSENT,
        None,
        [],
        {"data": None},
        lines(line_item(), has_more=True),
        lines(line_item(), None),
        lines(line_item(), "line"),
        lines(line_item(quantity=None)),
        lines(line_item(quantity=True)),
        lines(line_item(quantity=0)),
        lines(line_item(amount_total=1000, quantity=3)),
        lines(line_item(amount_subtotal=None)),
        lines(line_item(amount_subtotal=-2600)),
        lines(line_item(amount_subtotal=26.0)),
        lines(line_item(amount_total=10**19)),
    ],
)
def test_fault_23_lines_that_do_not_give_every_price_exactly_give_none(listed: Any) -> None:
    assert order_of(checkout_session(line_items=listed)).line_items == ()


def test_a_session_that_cost_nothing_is_an_order_where_the_shop_wants_it() -> None:
    rules = SessionRules(live=False, include_free=True)
    coupon = checkout_session(payment_status="no_payment_required", amount_total=0, payment_intent=None)
    zero = checkout_session(payment_status="paid", amount_total=0, payment_intent=None)
    assert order_of(coupon, rules).total == order_of(zero, rules).total == 0


@pytest.mark.parametrize("field", ["status", "mode"])
def test_a_field_that_old_sessions_lack_does_not_hide_a_payment(field: str) -> None:
    assert order_of(checkout_session(**{field: None})) == order_of(checkout_session(**{field: ABSENT}))


def test_a_session_older_than_the_grace_period_is_settled() -> None:
    assert order_of(checkout_session(), SessionRules(live=False, settled_before=CREATED + 1)).session_id == SESSION_ID
