"""Our own tables (`ordersync_*`)."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import JSON, BigInteger, Column, Double, Index, Integer, MetaData, Table, Text
from sqlalchemy.schema import SchemaItem

from ordersync_dagster.adapters.database.schema.columns import (
    id_column,
    json_columns,
    required_texts,
    text_columns,
    time_column,
)

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


def _runs() -> list[SchemaItem]:
    return [
        id_column(),
        *required_texts("kind"),  # sync, undo, purge, forget
        *text_columns("undoes"),  # the run that an undo reverts
        *required_texts("state"),  # running, succeeded, failed, interrupted
        *(time_column(name) for name in ("window_start", "window_end")),  # NULL for purge and forget
        time_column("started_at", nullable=False),
        time_column("ended_at"),
        *text_columns("host", "version"),
        *json_columns("summary"),
        # The last audit entry when the run ended, so that a deleted end of the audit is noticed.
        Column("audit_seq", BigInteger),
        *text_columns("audit_hash"),
        Index("ix_ordersync_runs_state", "state", "started_at"),
    ]


def _dagster_runs() -> list[Column[object]]:
    return [Column("run_id", Text, primary_key=True), *required_texts("dagster_run_id")]


def _shops() -> list[Column[object]]:
    return [Column("name", Text, primary_key=True), *required_texts("last_run"), time_column("at", nullable=False)]


def _asked_at() -> list[Column[object]]:
    return [Column("printful_order_id", Text, primary_key=True), time_column("asked_at", nullable=False)]


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
        time_column("at", nullable=False),
        *required_texts("action", "resource"),  # resource: order, order_item, ordersync_audit
        *text_columns("resource_id"),
        Column("order_id", Text, index=True),
        *required_texts("version"),
        *json_columns("before", "after"),  # purge and forget blank the columns from here to `salt`
        *text_columns("reason"),
        Column("email_hash", Text, index=True),
        *text_columns("salt"),
        *required_texts("payload_hash", "prev_hash", "row_hash"),
    ]


def _secrets() -> list[Column[object]]:
    return [Column("name", Text, primary_key=True), *required_texts("value")]


def _erased() -> list[Column[object]]:
    return [
        Column("hash", Text, primary_key=True),  # of a session id, an order id or an e-mail address
        *required_texts("key_hash"),  # tells which key made it, and nothing of the key
        time_column("erased_at", nullable=False),
    ]


def _audit_end() -> list[Column[object]]:
    """One row: the last entry."""
    return [id_column(), Column("seq", BigInteger, nullable=False), *required_texts("row_hash")]


def _problems() -> list[SchemaItem]:
    return [
        id_column(),
        *required_texts("class", "severity", "sentence"),
        Column("ids", JSON(none_as_null=True), nullable=False),
        *text_columns("order_id", "stripe_session_id", "amount", "currency"),  # `amount` is an exact decimal
        *required_texts("found_by"),  # sessions, printful, links: the part of a run that can say that it ended
        *text_columns("day"),  # of the session (UTC), where a run has to read that day for it
        *(time_column(name, nullable=False) for name in ("first_seen", "last_seen")),
        *required_texts("last_run"),
        Column("runs", Integer, nullable=False),
        time_column("acknowledged_at"),
        *text_columns("acknowledged_by"),
        time_column("acknowledged_until"),
        *text_columns("note"),
        time_column("ended_at"),
        *text_columns("ended_why"),
        Index("ix_ordersync_problems_ended_at", "ended_at"),
    ]


def _alerts() -> list[SchemaItem]:
    """The messages of each sink: `subject` is a problem's id, failed_run or silence."""
    names = ("sink", "subject", "episode", "phase")  # `sink` is a hash; phase: new, over
    return [
        *(Column(name, Text, primary_key=True) for name in names),
        time_column("noted_at", nullable=False),
        time_column("claimed_at"),
        Column("tries", Integer, nullable=False),
        time_column("sent_at"),
    ]


def _shadow() -> list[SchemaItem]:
    return [
        id_column(),  # of the change and the order's session, or of the order
        *required_texts("change", "order_id"),
        *text_columns("stripe_session_id", "stripe_payment_intent_id", "day", "before"),
        Column("planned", JSON(none_as_null=True), nullable=False),  # clear words, or keyed hashes
        *required_texts("detail", "first_run"),
        time_column("first_seen", nullable=False),
        *required_texts("last_run"),
        time_column("last_seen", nullable=False),
        Column("runs", Integer, nullable=False),
        *required_texts("outcome"),  # open, done_by_shop, would_be_wrong, dropped
        time_column("outcome_at"),
        *text_columns("outcome_why"),
        Index("ix_ordersync_shadow_day", "outcome", "day"),
        Index("ix_ordersync_shadow_order_id", "order_id"),
    ]
