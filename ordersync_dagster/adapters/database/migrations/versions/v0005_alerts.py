"""Table of the messages that each sink of alerts got."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "ordersync_alerts",
        sa.Column("sink", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("episode", sa.Text, primary_key=True),
        sa.Column("phase", sa.Text, primary_key=True),
        sa.Column("noted_at", time, nullable=False),
        sa.Column("claimed_at", time),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sent_at", time),
    )
