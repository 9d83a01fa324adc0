"""The shop's tables as we read and write them, and our own (`ordersync_*`)."""

from functools import cache

from sqlalchemy import JSON, BigInteger, Column, Double, ForeignKey, Index, Integer, MetaData, Table, Text

from ordersync_dagster.adapters.database.schema.column_types import Money, UtcTime

SHOP_TABLES = ("orders", "order_items", "order_events", "audit_logs")
VERSION_TABLE = "ordersync_alembic_version"
OWN_TABLES = ("ordersync_runs", "ordersync_missing", "ordersync_rate", "ordersync_audit", "ordersync_secrets")


def _json_column(name: str) -> Column[object]:
    return Column(name, JSON(none_as_null=True))


@cache
def shop_tables(zoned: frozenset[str] = frozenset()) -> MetaData:
    """The four tables of the shop; `zoned` holds the `table.column` of times with a time zone."""
    metadata = MetaData()

    def time(table: str, column: str) -> Column[object]:
        return Column(column, UtcTime(has_zone=f"{table}.{column}" in zoned), nullable=True)

    Table(
        "orders",
        metadata,
        Column("id", Text, primary_key=True),
        Column("stripe_session_id", Text, nullable=False, unique=True),
        Column("stripe_payment_intent_id", Text),
        Column("printful_order_id", Text, index=True),
        Column("status", Text, nullable=False, default="pending"),
        Column("customer_email", Text, nullable=False),
        Column("customer_name", Text),
        Column("total_amount", Money, nullable=False),
        Column("currency", Text),
        Column("tracking_number", Text),
        Column("tracking_url", Text),
        _json_column("shipping_address"),
        _json_column("metadata"),
        time("orders", "created_at"),
        time("orders", "updated_at"),
    )
    Table(
        "order_items",
        metadata,
        Column("id", Text, primary_key=True),
        Column("order_id", Text, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False, index=True),
        Column("printful_product_id", Text, nullable=False),
        Column("printful_variant_id", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("quantity", Integer, nullable=False),
        Column("price", Money),
        Column("image_url", Text),
        _json_column("metadata"),
        time("order_items", "created_at"),
    )
    Table(
        "order_events",
        metadata,
        Column("id", Text, primary_key=True),
        Column("order_id", Text, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False, index=True),
        Column("event_type", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("message", Text),
        _json_column("metadata"),
        time("order_events", "created_at"),
    )
    Table(
        "audit_logs",
        metadata,
        Column("id", Text, primary_key=True),
        Column("user_id", Text),
        Column("user_email", Text),
        Column("user_role", Text),
        Column("action", Text, nullable=False),
        Column("resource", Text, nullable=False),
        Column("resource_id", Text, index=True),
        Column("category", Text),
        Column("severity", Text),
        Column("ip_address", Text),
        Column("user_agent", Text),
        Column("request_method", Text),
        Column("request_path", Text),
        Column("status", Text),
        Column("status_code", Integer),
        Column("error_message", Text),
        _json_column("changes_before"),
        _json_column("changes_after"),
        Column("gdpr_relevant", Integer),
        Column("retention_policy", Text),
        _json_column("metadata"),
        time("audit_logs", "created_at"),
    )
    return metadata


def own_tables() -> MetaData:
    """Our own tables, as migrations/versions creates them."""
    metadata = MetaData()
    Table(
        "ordersync_runs",
        metadata,
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),  # sync, undo, purge, forget
        Column("undoes", Text),  # the run that an undo reverts
        Column("state", Text, nullable=False),  # running, succeeded, failed, interrupted
        Column("window_start", UtcTime(has_zone=True)),  # NULL for purge and forget
        Column("window_end", UtcTime(has_zone=True)),
        Column("started_at", UtcTime(has_zone=True), nullable=False),
        Column("ended_at", UtcTime(has_zone=True)),
        Column("host", Text),
        Column("version", Text),
        _json_column("summary"),
        # The last audit entry when the run ended, so that a deleted end of the audit is noticed.
        Column("audit_seq", BigInteger),
        Column("audit_hash", Text),
        Index("ix_ordersync_runs_state", "state", "started_at"),
    )
    Table(
        "ordersync_missing",
        metadata,
        Column("printful_order_id", Text, primary_key=True),
        Column("asked_at", UtcTime(has_zone=True), nullable=False),
    )
    Table(
        "ordersync_rate",
        metadata,
        Column("name", Text, primary_key=True),
        Column("slot", Integer, primary_key=True, autoincrement=False),
        Column("at", Double, nullable=False),  # Unix seconds
    )
    Table(
        "ordersync_audit",
        metadata,
        Column("seq", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 …: a gap is a lost row
        Column("id", Text, nullable=False, unique=True),
        Column("run_id", Text, nullable=False, index=True),
        Column("at", UtcTime(has_zone=True), nullable=False),
        Column("action", Text, nullable=False),
        Column("resource", Text, nullable=False),  # order, order_item, ordersync_audit
        Column("resource_id", Text),
        Column("order_id", Text, index=True),
        Column("version", Text, nullable=False),
        _json_column("before"),  # purge and forget blank the columns from here to `salt`
        _json_column("after"),
        Column("reason", Text),
        Column("email_hash", Text, index=True),
        Column("salt", Text),
        Column("payload_hash", Text, nullable=False),
        Column("prev_hash", Text, nullable=False),
        Column("row_hash", Text, nullable=False),
    )
    Table(
        "ordersync_secrets",
        metadata,
        Column("name", Text, primary_key=True),
        Column("value", Text, nullable=False),
    )
    return metadata
