"""Table of problems: each from the first run that found it to the run that no longer did."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "ordersync_problems",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("class", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("ids", sa.JSON, nullable=False),
        sa.Column("order_id", sa.Text),
        sa.Column("stripe_session_id", sa.Text),
        sa.Column("amount", sa.Text),
        sa.Column("currency", sa.Text),
        sa.Column("found_by", sa.Text, nullable=False),
        sa.Column("day", sa.Text),
        sa.Column("first_seen", time, nullable=False),
        sa.Column("last_seen", time, nullable=False),
        sa.Column("last_run", sa.Text, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("acknowledged_at", time),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("acknowledged_until", time),
        sa.Column("note", sa.Text),
        sa.Column("ended_at", time),
        sa.Column("ended_why", sa.Text),
    )
    op.create_index("ix_ordersync_problems_ended_at", "ordersync_problems", ["ended_at"])
