"""The one description of an order's row says all that an order and a stored row hold."""

from dataclasses import fields

from ordersync_dagster.core.changes import FillFields, OrderUpdate
from ordersync_dagster.core.order_fields import CHANGED, CLEAR_COLUMNS, FIELDS, FILLABLE, INSERTED, Field
from ordersync_dagster.core.orders import Order, StoredOrder
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.report.rows import iter_changes
from ordersync_dagster_tests.support.builders import stored_order


def test_every_value_of_a_new_order_has_a_column() -> None:
    given = {each.name for each in fields(Order)} - {
        "line_items",
        "other_prices",
        "references",
        "invoice_id",
        "is_numbered",
        "subtotal",
        "settles_later",
    }
    assert {field.attribute for field in INSERTED} == given, "Describe the new attribute in order_fields.FIELDS."


def test_every_value_of_a_stored_order_has_a_column() -> None:
    read = {each.name for each in fields(StoredOrder)} - {"items", "unreadable", "wrapped", "is_recovered"}
    assert {field.attribute for field in FIELDS if field.is_read} == read, "Describe it in order_fields.FIELDS."


def test_only_what_is_read_back_can_be_changed() -> None:
    assert {field for field in CHANGED if not field.is_read} == set(), "Compare-and-set needs the value that was read."


def test_a_column_is_hidden_unless_its_description_says_more() -> None:
    assert not Field("customer_phone", "customer_phone").is_clear
    assert {field.column for field in FIELDS} - set(CLEAR_COLUMNS) == {
        "customer_email",
        "customer_name",
        "shipping_address",
        "metadata",
    }, "A column that is shown as it is must not say anything about a person."


def test_a_report_shows_a_completed_column_only_where_it_is_allowed() -> None:
    values = {field.column: f"the value of {field.column}" for field in FILLABLE} | {"customer_phone": "+371 2000 0000"}
    (*rows,) = iter_changes(Plan(completions=(OrderUpdate(stored_order(), (FillFields(values),)),)))
    shown = {row["field"] for row in rows if row["after"] != "(set)"}
    assert shown == {"stripe_payment_intent_id", "printful_order_id"}
