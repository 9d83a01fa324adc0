"""The builders that other tests use."""

from ordersync_dagster.sandbox import (
    ABSENT,
    checkout_session,
    customer_details,
    dispute,
    invoice_payment,
    line_item,
    printful_item,
    printful_order,
    refund,
    shipment,
)


def test_overrides_replace_whole_values_and_can_leave_a_key_out() -> None:
    session = checkout_session(metadata={"a": "b"}, collected_information=ABSENT, shipping_details=None)
    assert session["metadata"] == {"a": "b"}
    assert "collected_information" not in session
    assert session["shipping_details"] is None


def test_what_follows_from_an_override_follows() -> None:
    session = checkout_session(created=1000, amount_total=800)
    assert (session["expires_at"], session["amount_subtotal"]) == (87_400, 800)
    assert line_item(amount_total=800, quantity=2)["price"]["unit_amount"] == 400
    assert printful_item(variant_id=1)["product"]["variant_id"] == 1
    items = [printful_item(id=5, quantity=3)]
    assert shipment(of=items)["items"][0] == {
        "item_id": 5, "quantity": 3, "picked": 3, "printed": 3, "is_started": True,
    }  # fmt: skip


def test_two_builds_share_nothing() -> None:
    for builder in (
        checkout_session,
        line_item,
        refund,
        dispute,
        invoice_payment,
        printful_order,
        printful_item,
        shipment,
    ):
        first, second = builder(), builder()
        assert first == second
        nested = next(key for key, value in first.items() if isinstance(value, dict | list) and value)
        first[nested].clear()
        assert second[nested]


def test_the_default_order_belongs_to_the_default_session() -> None:
    paid_by = {record["payment_intent"] for record in (refund(), dispute(), invoice_payment()["payment"])}
    assert paid_by == {checkout_session()["payment_intent"]}
    assert printful_order()["recipient"]["email"] == customer_details()["email"]
    assert shipment()["items"][0]["item_id"] == printful_order()["items"][0]["id"]
