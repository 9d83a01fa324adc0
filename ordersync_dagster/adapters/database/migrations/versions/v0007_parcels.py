"""Table of the Printful orders whose parcels were on their way when API v2 was asked last."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "ordersync_parcels",
        sa.Column("printful_order_id", sa.Text, primary_key=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
