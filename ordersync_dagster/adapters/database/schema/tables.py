"""The shop's tables as we read and write them."""

from functools import cache

from sqlalchemy import Column, Integer, MetaData, Table, Text

from ordersync_dagster.adapters.database.schema.column_types import Money
from ordersync_dagster.adapters.database.schema.columns import (
    id_column,
    json_columns,
    order_id_column,
    required_texts,
    text_columns,
    time_column,
)

SHOP_TABLES = ("orders", "order_items", "order_events", "audit_logs")


@cache
def shop_tables(zoned: frozenset[str] = frozenset()) -> MetaData:
    """The four tables of the shop; `zoned` holds the `table.column` of times with a time zone."""
    metadata = MetaData()
    columns = (_orders(), _order_items(), _order_events(), _audit_logs())
    for name, of_table in zip(SHOP_TABLES, columns, strict=True):
        times = ("created_at", "updated_at") if name == "orders" else ("created_at",)
        Table(name, metadata, *of_table, *(time_column(each, has_zone=f"{name}.{each}" in zoned) for each in times))
    return metadata


def _orders() -> list[Column[object]]:
    return [
        id_column(),
        Column("stripe_session_id", Text, nullable=False, unique=True),
        *text_columns("stripe_payment_intent_id"),
        Column("printful_order_id", Text, index=True),
        Column("status", Text, nullable=False, default="pending"),
        *required_texts("customer_email"),
        *text_columns("customer_name"),
        Column("total_amount", Money, nullable=False),
        *text_columns("currency", "tracking_number", "tracking_url"),
        *json_columns("shipping_address", "metadata"),
    ]


def _order_items() -> list[Column[object]]:
    return [
        id_column(),
        order_id_column(),
        *required_texts("printful_product_id", "printful_variant_id", "name"),
        Column("quantity", Integer, nullable=False),
        Column("price", Money),
        *text_columns("image_url"),
        *json_columns("metadata"),
    ]


def _order_events() -> list[Column[object]]:
    return [
        id_column(),
        order_id_column(),
        *required_texts("event_type", "status"),
        *text_columns("message"),
        *json_columns("metadata"),
    ]


def _audit_logs() -> list[Column[object]]:
    return [
        id_column(),
        *text_columns("user_id", "user_email", "user_role"),
        *required_texts("action", "resource"),
        Column("resource_id", Text, index=True),
        *text_columns("category", "severity", "ip_address", "user_agent", "request_method", "request_path", "status"),
        Column("status_code", Integer),
        *text_columns("error_message"),
        *json_columns("changes_before", "changes_after"),
        Column("gdpr_relevant", Integer),
        *text_columns("retention_policy"),
        *json_columns("metadata"),
    ]
