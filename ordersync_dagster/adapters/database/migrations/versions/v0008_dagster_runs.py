"""Table of the runs that Dagster started, with the ids that they have there."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "ordersync_dagster_runs",
        sa.Column("run_id", sa.Text, primary_key=True),
        sa.Column("dagster_run_id", sa.Text, nullable=False),
    )
