"""Table of the shops whose runs there were, so that two shops with one database are noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "ordersync_shops",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("last_run", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
