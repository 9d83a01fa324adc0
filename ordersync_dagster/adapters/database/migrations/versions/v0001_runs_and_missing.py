"""Tables of runs, missing Printful orders, shared rate limits and secrets, and the append-only audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "ordersync_runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("undoes", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True)),
        sa.Column("window_end", sa.DateTime(timezone=True)),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("host", sa.Text),
        sa.Column("version", sa.Text),
        sa.Column("summary", sa.JSON),
        sa.Column("audit_seq", sa.BigInteger),
        sa.Column("audit_hash", sa.Text),
    )
    op.create_index("ix_ordersync_runs_state", "ordersync_runs", ["state", "started_at"])
    op.create_table(
        "ordersync_missing",
        sa.Column("printful_order_id", sa.Text, primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "ordersync_rate",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "ordersync_secrets", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    _create_audit()
    for statement in _POSTGRES if op.get_context().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _create_audit() -> None:
    op.create_table(
        "ordersync_audit",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("resource_id", sa.Text),
        sa.Column("order_id", sa.Text),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("reason", sa.Text),
        sa.Column("email_hash", sa.Text),
        sa.Column("salt", sa.Text),
        sa.Column("payload_hash", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("row_hash", sa.Text, nullable=False),
    )
    for column in ("run_id", "order_id", "email_hash"):
        op.create_index(f"ix_ordersync_audit_{column}", "ordersync_audit", [column])


_KEPT = (
    "seq",
    "id",
    "run_id",
    "at",
    "action",
    "resource",
    "resource_id",
    "order_id",
    "version",
    "payload_hash",
    "prev_hash",
    "row_hash",
)
_BLANKED = ("before", "after", "reason", "email_hash", "salt")
_SENTENCE = "ordersync_audit is append-only"


def _is_blanking(same: str) -> str:
    """The only allowed UPDATE: it blanks the columns with customers' data and changes nothing else."""
    return " AND ".join(
        [*(f'NEW."{name}" {same} OLD."{name}"' for name in _KEPT), *(f'NEW."{name}" IS NULL' for name in _BLANKED)]
    )


_POSTGRES = (
    "INSERT INTO ordersync_secrets (name, value)"
    " VALUES ('hash_key', replace(CAST(gen_random_uuid() AS text) || CAST(gen_random_uuid() AS text), '-', ''))",
    f"""
    CREATE FUNCTION ordersync_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF {_is_blanking("IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
        END IF;
        RAISE EXCEPTION '{_SENTENCE}';
    END $body$
    """,
    "CREATE TRIGGER ordersync_audit_row BEFORE UPDATE OR DELETE ON ordersync_audit"
    " FOR EACH ROW EXECUTE FUNCTION ordersync_audit_append_only()",
    "CREATE TRIGGER ordersync_audit_table BEFORE TRUNCATE ON ordersync_audit"
    " FOR EACH STATEMENT EXECUTE FUNCTION ordersync_audit_append_only()",
)
_SQLITE = (
    "INSERT INTO ordersync_secrets (name, value) VALUES ('hash_key', lower(hex(randomblob(32))))",
    f"CREATE TRIGGER ordersync_audit_update BEFORE UPDATE ON ordersync_audit WHEN NOT ({_is_blanking('IS')})"
    f" BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
    "CREATE TRIGGER ordersync_audit_delete BEFORE DELETE ON ordersync_audit"
    f" BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
)
