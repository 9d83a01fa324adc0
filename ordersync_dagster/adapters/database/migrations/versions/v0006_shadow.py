"""Table of the changes that runs in shadow mode would have made, with their outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "ordersync_shadow",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("stripe_session_id", sa.Text),
        sa.Column("stripe_payment_intent_id", sa.Text),
        sa.Column("day", sa.Text),
        sa.Column("before", sa.Text),
        sa.Column("planned", sa.JSON, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("first_run", sa.Text, nullable=False),
        sa.Column("first_seen", time, nullable=False),
        sa.Column("last_run", sa.Text, nullable=False),
        sa.Column("last_seen", time, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("outcome_at", time),
        sa.Column("outcome_why", sa.Text),
    )
    op.create_index("ix_ordersync_shadow_day", "ordersync_shadow", ["outcome", "day"])
    op.create_index("ix_ordersync_shadow_order_id", "ordersync_shadow", ["order_id"])
