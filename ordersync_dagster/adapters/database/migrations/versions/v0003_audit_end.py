"""Table of the audit's end, so that an end that was cut off together with its run is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "ordersync_audit_end",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("row_hash", sa.Text, nullable=False),
    )
    op.execute(
        "INSERT INTO ordersync_audit_end (id, seq, row_hash)"
        " SELECT 'end', seq, row_hash FROM ordersync_audit ORDER BY seq DESC LIMIT 1"
    )
