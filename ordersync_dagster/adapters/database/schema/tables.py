"""The shop's tables as we read and write them, and our own (`ordersync_*`)."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import JSON, BigInteger, Column, Double, ForeignKey, Index, Integer, MetaData, Table, Text
from sqlalchemy.schema import SchemaItem

from ordersync_dagster.adapters.database.schema.column_types import Money, UtcTime

SHOP_TABLES = ("orders", "order_items", "order_events", "audit_logs")
VERSION_TABLE = "ordersync_alembic_version"
OWN_TABLES = (
    "ordersync_runs",
    "ordersync_missing",
    "ordersync_rate",
    "ordersync_audit",
    "ordersync_secrets",
    "ordersync_erased",
    "ordersync_audit_end",
    "ordersync_problems",
    "ordersync_alerts",
    "ordersync_shadow",
    "ordersync_parcels",
    "ordersync_dagster_runs",
    "ordersync_shops",
)


@cache
def shop_tables(zoned: frozenset[str] = frozenset()) -> MetaData:
    """The four tables of the shop; `zoned` holds the `table.column` of times with a time zone."""
    metadata = MetaData()
    columns = (_orders(), _order_items(), _order_events(), _audit_logs())
    for name, of_table in zip(SHOP_TABLES, columns, strict=True):
        times = ("created_at", "updated_at") if name == "orders" else ("created_at",)
        Table(name, metadata, *of_table, *(_time(each, has_zone=f"{name}.{each}" in zoned) for each in times))
    return metadata


def own_tables() -> MetaData:
    """Our own tables, as migrations/versions creates them."""
    metadata = MetaData()
    columns: tuple[Iterable[SchemaItem], ...] = (
        _runs(),
        _asked_at(),
        _rate(),
        _audit(),
        _secrets(),
        _erased(),
        _audit_end(),
        _problems(),
        _alerts(),
        _shadow(),
        _asked_at(),
        _dagster_runs(),
        _shops(),
    )
    for name, of_table in zip(OWN_TABLES, columns, strict=True):
        Table(name, metadata, *of_table)
    return metadata


def _orders() -> list[Column[object]]:
    return [
        _id(),
        Column("stripe_session_id", Text, nullable=False, unique=True),
        *_texts("stripe_payment_intent_id"),
        Column("printful_order_id", Text, index=True),
        Column("status", Text, nullable=False, default="pending"),
        *_required("customer_email"),
        *_texts("customer_name"),
        Column("total_amount", Money, nullable=False),
        *_texts("currency", "tracking_number", "tracking_url"),
        *_json("shipping_address", "metadata"),
    ]


def _order_items() -> list[Column[object]]:
    return [
        _id(),
        _order_id(),
        *_required("printful_product_id", "printful_variant_id", "name"),
        Column("quantity", Integer, nullable=False),
        Column("price", Money),
        *_texts("image_url"),
        *_json("metadata"),
    ]


def _order_events() -> list[Column[object]]:
    return [_id(), _order_id(), *_required("event_type", "status"), *_texts("message"), *_json("metadata")]


def _audit_logs() -> list[Column[object]]:
    return [
        _id(),
        *_texts("user_id", "user_email", "user_role"),
        *_required("action", "resource"),
        Column("resource_id", Text, index=True),
        *_texts("category", "severity", "ip_address", "user_agent", "request_method", "request_path", "status"),
        Column("status_code", Integer),
        *_texts("error_message"),
        *_json("changes_before", "changes_after"),
        Column("gdpr_relevant", Integer),
        *_texts("retention_policy"),
        *_json("metadata"),
    ]


def _runs() -> list[SchemaItem]:
    return [
        _id(),
        *_required("kind"),  # sync, undo, purge, forget
        *_texts("undoes"),  # the run that an undo reverts
        *_required("state"),  # running, succeeded, failed, interrupted
        *(_time(name) for name in ("window_start", "window_end")),  # NULL for purge and forget
        _time("started_at", nullable=False),
        _time("ended_at"),
        *_texts("host", "version"),
        *_json("summary"),
        # The last audit entry when the run ended, so that a deleted end of the audit is noticed.
        Column("audit_seq", BigInteger),
        *_texts("audit_hash"),
        Index("ix_ordersync_runs_state", "state", "started_at"),
    ]


def _dagster_runs() -> list[Column[object]]:
    return [Column("run_id", Text, primary_key=True), *_required("dagster_run_id")]


def _shops() -> list[Column[object]]:
    return [Column("name", Text, primary_key=True), *_required("last_run"), _time("at", nullable=False)]


def _asked_at() -> list[Column[object]]:
    return [Column("printful_order_id", Text, primary_key=True), _time("asked_at", nullable=False)]


def _rate() -> list[Column[object]]:
    return [
        Column("name", Text, primary_key=True),
        Column("slot", Integer, primary_key=True, autoincrement=False),
        Column("at", Double, nullable=False),  # Unix seconds
    ]


def _audit() -> list[Column[object]]:
    return [
        Column("seq", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 …: a gap is a lost row
        Column("id", Text, nullable=False, unique=True),
        Column("run_id", Text, nullable=False, index=True),
        _time("at", nullable=False),
        *_required("action", "resource"),  # resource: order, order_item, ordersync_audit
        *_texts("resource_id"),
        Column("order_id", Text, index=True),
        *_required("version"),
        *_json("before", "after"),  # purge and forget blank the columns from here to `salt`
        *_texts("reason"),
        Column("email_hash", Text, index=True),
        *_texts("salt"),
        *_required("payload_hash", "prev_hash", "row_hash"),
    ]


def _secrets() -> list[Column[object]]:
    return [Column("name", Text, primary_key=True), *_required("value")]


def _erased() -> list[Column[object]]:
    return [
        Column("hash", Text, primary_key=True),  # of a session id, an order id or an e-mail address
        *_required("key_hash"),  # tells which key made it, and nothing of the key
        _time("erased_at", nullable=False),
    ]


def _audit_end() -> list[Column[object]]:
    return [_id(), Column("seq", BigInteger, nullable=False), *_required("row_hash")]  # one row: the last entry


def _problems() -> list[SchemaItem]:
    return [
        _id(),
        *_required("class", "severity", "sentence"),
        Column("ids", JSON(none_as_null=True), nullable=False),
        *_texts("order_id", "stripe_session_id", "amount", "currency"),  # `amount` is an exact decimal
        *_required("found_by"),  # sessions, printful, links: the part of a run that can say that it ended
        *_texts("day"),  # of the session (UTC), where a run has to read that day for it
        *(_time(name, nullable=False) for name in ("first_seen", "last_seen")),
        *_required("last_run"),
        Column("runs", Integer, nullable=False),
        _time("acknowledged_at"),
        *_texts("acknowledged_by"),
        _time("acknowledged_until"),
        *_texts("note"),
        _time("ended_at"),
        *_texts("ended_why"),
        Index("ix_ordersync_problems_ended_at", "ended_at"),
    ]


def _alerts() -> list[SchemaItem]:
    """The messages of each sink: `subject` is a problem's id, failed_run or silence."""
    names = ("sink", "subject", "episode", "phase")  # `sink` is a hash; phase: new, over
    return [
        *(Column(name, Text, primary_key=True) for name in names),
        _time("noted_at", nullable=False),
        _time("claimed_at"),
        Column("tries", Integer, nullable=False),
        _time("sent_at"),
    ]


def _shadow() -> list[SchemaItem]:
    return [
        _id(),  # of the change and the order's session, or of the order
        *_required("change", "order_id"),
        *_texts("stripe_session_id", "stripe_payment_intent_id", "day", "before"),
        Column("planned", JSON(none_as_null=True), nullable=False),  # clear words, or keyed hashes
        *_required("detail", "first_run"),
        _time("first_seen", nullable=False),
        *_required("last_run"),
        _time("last_seen", nullable=False),
        Column("runs", Integer, nullable=False),
        *_required("outcome"),  # open, done_by_shop, would_be_wrong, dropped
        _time("outcome_at"),
        *_texts("outcome_why"),
        Index("ix_ordersync_shadow_day", "outcome", "day"),
        Index("ix_ordersync_shadow_order_id", "order_id"),
    ]


def _id() -> Column[object]:
    return Column("id", Text, primary_key=True)


def _order_id() -> Column[object]:
    return Column("order_id", Text, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False, index=True)


def _texts(*names: str) -> list[Column[object]]:
    return [Column(name, Text) for name in names]


def _required(*names: str) -> list[Column[object]]:
    return [Column(name, Text, nullable=False) for name in names]


def _json(*names: str) -> list[Column[object]]:
    return [Column(name, JSON(none_as_null=True)) for name in names]


def _time(name: str, *, has_zone: bool = True, nullable: bool = True) -> Column[object]:
    return Column(name, UtcTime(has_zone=has_zone), nullable=nullable)
