"""A Printful order, read whole or not at all."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.printful_order import PrintfulItem, Shipment, read_printful_order
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.sandbox import ABSENT, printful_item, printful_order, shipment
from ordersync_dagster.sandbox.world.printful_orders import costs, retail_costs
from ordersync_dagster_tests.support.builders import PRINTFUL_ID, malformed, printful_answer

HUGE = pytest.param(10**5000, id="5001 digits")


def item_of(**overrides: Any) -> PrintfulItem:
    """The default item with `overrides`, read."""
    (item,) = printful_answer(items=[printful_item(**overrides)]).items
    return item


def shipment_of(**overrides: Any) -> Shipment:
    """The default parcel with `overrides`, read."""
    (parcel,) = printful_answer(shipments=[shipment(**overrides)]).shipments
    return parcel


def test_an_item_is_read_with_catalog_and_sync_ids_and_both_prices() -> None:
    item = item_of(id=7, variant_id=4011, sync_variant_id=99, quantity=2, retail_price="26.00", price="12.95")
    assert (item.id, item.product_id, item.variant_id, item.sync_variant_id) == ("7", "71", "4011", "99")
    assert (item.quantity, item.retail_price, item.cost) == (2, Decimal("26.00"), Decimal("12.95"))


def test_amounts_may_be_numbers_and_null() -> None:
    item = item_of(price=Decimal("65.5"), retail_price=None)
    assert (item.cost, item.retail_price) == (Decimal("65.5"), None)
    assert item_of(price="", retail_price=0).retail_price == 0


def test_the_picture_is_the_mockup_and_never_the_print_file() -> None:
    files = [{"type": "default", "preview_url": "print"}, {"type": "preview", "preview_url": "mockup"}]
    assert item_of(files=files).image_url == "mockup"


@pytest.mark.parametrize(
    "files",
    [
        None,
        ABSENT,
        {},
        [],
        [None, "file"],
        [{"type": "default", "preview_url": "print"}],
        [{"type": "preview", "preview_url": None}],
        [{"type": "preview", "preview_url": 5}],
    ],
)
def test_without_a_mockup_the_picture_is_the_blank_products(files: Any) -> None:
    product = {"product_id": 71, "variant_id": 4011, "image": "blank"}
    assert item_of(files=files, product=product).image_url == "blank"
    assert item_of(files=files, product={"product_id": 71}).image_url is None


def test_an_item_has_some_name() -> None:
    product = {"product_id": 71, "name": "Blank tee"}
    assert item_of(name="Field Notes tee", product=product).name == "Field Notes tee"
    assert item_of(name=None, product=product).name == "Blank tee"
    assert item_of(name=" ", product={"product_id": 71}).name == "Printful variant 4011"


def test_the_variant_may_stand_on_the_product_alone() -> None:
    row = {**printful_item(), "variant_id": None, "product": {"product_id": 71, "variant_id": 5}}
    assert printful_answer(items=[row]).items[0].variant_id == "5"


def test_a_key_that_old_orders_lack_is_nothing() -> None:
    bare = printful_order(
        items=ABSENT, incomplete_items=ABSENT, shipments=None, costs=ABSENT, retail_costs=None, store=ABSENT
    )
    read = read_printful_order(bare)
    assert not isinstance(read, Problem)
    assert (read.items, read.unsynced_items, read.shipments) == ((), 0, ())
    assert (read.retail_currency, read.cost_currency) == (None, None)


def test_currencies_are_lower_case() -> None:
    read = printful_answer(costs=costs(currency="EUR"), retail_costs=retail_costs(currency="USD"))
    assert (read.cost_currency, read.retail_currency) == ("eur", "usd")
    assert printful_answer(costs=costs(currency=None), retail_costs=[]).cost_currency is None


def test_what_is_not_synced_at_printful_is_counted() -> None:
    assert printful_answer(incomplete_items=[printful_item(), printful_item(id=2)]).unsynced_items == 2


def test_a_parcel_without_a_number_yet_has_none() -> None:
    assert shipment_of(tracking_number=0).tracking_number is None
    assert shipment_of(tracking_number="0").tracking_number is None
    assert shipment_of(tracking_number=123).tracking_number == "123"
    assert shipment_of(tracking_url="").tracking_url is None


def test_only_true_is_a_reshipment() -> None:
    assert shipment_of(reshipment=True).is_reshipment
    assert not shipment_of(reshipment=1).is_reshipment


def test_a_parcel_is_named_by_its_id_else_by_what_follows_it() -> None:
    assert shipment_of(id=5).id == "5"
    assert shipment_of(id=None, tracking_number="N1").id == "N1"
    assert (
        shipment_of(id=None, tracking_number=None, tracking_url="https://example.com/1").id == "https://example.com/1"
    )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (9400100000000000000001, "9400100000000000000001"),  # a number of USPS has 22 digits
        (10**34 - 1, "9" * 34),
        (1, "1"),
        (0, None),
        (-1, None),
        ("0", None),
        ("", None),
        (True, None),
        (10**40, None),
        (Decimal("1.5"), None),
    ],
)
def test_a_tracking_number_may_be_sent_as_a_number(sent: object, kept: str | None) -> None:
    assert shipment_of(tracking_number=sent).tracking_number == kept


def test_a_parcel_that_can_neither_be_named_nor_followed_is_left_out() -> None:
    assert printful_answer(shipments=[{}, shipment(id=None, tracking_number=None, tracking_url=None)]).shipments == ()


def test_a_parcel_is_kept_with_all_that_the_shop_may_show() -> None:
    kept = {
        "id": "30000001",
        "carrier": "USPS",
        "service": "USPS Ground Advantage",
        "tracking_number": "N1",
        "tracking_url": "https://tracking.example.com/parcels/N1",
        "ship_date": "2026-01-01",
    }
    sent = shipment_of(tracking_number="N1", ship_date="2026-01-01", reshipment=True)
    assert sent.as_json() == kept | {"reshipment": True}
    delivered = replace(sent, is_reshipment=False, delivered_at="2026-01-05T10:00:00Z")
    assert delivered.as_json() == kept | {"reshipment": False, "delivered_at": "2026-01-05T10:00:00Z"}
    assert not shipment_of(reshipment="yes").is_reshipment


@pytest.mark.parametrize("record", [None, "order", 5, [], {}, {"id": None}, {"id": ""}, {"id": True}, {"id": 1.5}])
def test_what_has_no_id_is_a_problem(record: Any) -> None:
    problem = read_printful_order(record)
    assert isinstance(problem, Problem)
    assert problem.problem_class == "malformed_printful_order"


@pytest.mark.parametrize("bad_id", ["1\0", "\ud800", 10**20])
def test_an_id_that_cannot_be_written_down_is_none(bad_id: Any) -> None:
    assert malformed(id=bad_id).ids == {"printful_order_id": "(no id)"}


@pytest.mark.parametrize(
    ("overrides", "what"),
    [
        ({"status": None}, "its status is not a word"),
        ({"status": 5}, "its status is not a word"),
        ({"status": ABSENT}, "its status is not a word"),
        ({"status": "\ud800"}, "its status is not a word"),
    ],
)
def test_an_order_without_a_status_is_left_alone(overrides: dict[str, Any], what: str) -> None:
    problem = malformed(**overrides)
    assert problem.sentence == f"Printful order {PRINTFUL_ID} was left alone: {what}."
    assert problem.ids == {"printful_order_id": PRINTFUL_ID}
    assert problem.is_error


@pytest.mark.parametrize(
    ("overrides", "items", "shipments"),
    [
        ({"items": {}}, "its items are not a list of objects", ""),
        ({"items": None}, "it has no list of items", ""),
        ({"items": ABSENT}, "it has no list of items", ""),
        ({"items": [None]}, "its items are not a list of objects", ""),
        ({"incomplete_items": [5]}, "its incomplete_items are not a list of objects", ""),
        ({"items": [printful_item(name="Zo\ud83d")]}, "one of its items holds a NUL or half a surrogate pair", ""),
        ({"shipments": "none"}, "", "its shipments are not a list of objects"),
        ({"shipments": [shipment(carrier="\0")]}, "", "one of its shipments holds a NUL or half a surrogate pair"),
        ({"notes": "Zo\0"}, "", ""),
    ],
)
def test_items_or_parcels_that_cannot_be_read_are_named_and_the_order_is_read(
    overrides: dict[str, Any], items: str, shipments: str
) -> None:
    order = printful_answer(**overrides)
    assert (order.unread_items, order.unread_shipments) == (items, shipments)
    assert order.status == "processing"


def test_what_can_be_read_beside_an_odd_parcel_is_read() -> None:
    order = printful_answer(shipments=[None, shipment(id=5)])
    assert [parcel.id for parcel in order.shipments] == ["5"]


@pytest.mark.parametrize("quantity", [None, 0, -1, True, 1.0, Decimal(1), "1", 2**31, HUGE])
def test_a_quantity_is_a_whole_number_above_0(quantity: Any) -> None:
    assert "the quantity of its item 70000001" in printful_answer(items=[printful_item(quantity=quantity)]).unread_items


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"id": None}, "one of its items has no id"),
        ({"product": None}, "its item 70000001 has no product id or no variant id"),
        (
            {"variant_id": None, "product": {"product_id": 71}},
            "its item 70000001 has no product id or no variant id",
        ),
    ],
)
def test_an_item_needs_its_ids(overrides: dict[str, Any], why: str) -> None:
    assert printful_answer(items=[{**printful_item(), **overrides}]).unread_items == why


@pytest.mark.parametrize("amount", ["free", True, 12.95, [], Decimal("NaN"), "-1.00", HUGE])
@pytest.mark.parametrize("field", ["price", "retail_price"])
def test_a_price_that_is_no_amount_is_never_guessed(field: str, amount: Any) -> None:
    why = printful_answer(items=[printful_item(**{field: amount})]).unread_items
    assert f"the {field} of its item 70000001 is" in why
