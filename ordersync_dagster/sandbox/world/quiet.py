"""A shop where all three systems agree."""

from datetime import datetime

from ordersync_dagster.sandbox.world.draft import Draft
from ordersync_dagster.sandbox.world.sales import Sale, add_downloads, add_sales
from ordersync_dagster.sandbox.world.world import World

SALES = (
    Sale(0.7, "processing", "pending", items=1, known=1),
    Sale(1.9, "processing", "inprocess", items=2, known=2),
    Sale(3.2, "processing", "onhold", items=1, known=1, currency="eur"),
    Sale(6.5, "shipped", "partial", items=3, known=3, parcels=1, is_complete=False, knows_tracking=True),
    Sale(12.1, "delivered", "fulfilled", items=2, known=2, parcels=1, knows_tracking=True, is_legacy=True),
    Sale(17.8, "delivered", "fulfilled", items=1, known=1, parcels=1, knows_tracking=True),
    Sale(21.3, "cancelled", "canceled", items=2, known=2, currency="gbp"),
    Sale(26.6, "failed", "failed", items=1, known=1),
)
DOWNLOAD_AGES = (0.3, 1.5, 2.8, 4.4, 7.7, 9.1, 11.6, 14.9, 18.2, 20.5, 23.4, 27.8)


def build_quiet(seed: int, now: datetime) -> World:
    """Twenty sales, each with its order in the shop."""
    draft = Draft(seed, now)
    add_sales(draft, SALES)
    add_downloads(draft, DOWNLOAD_AGES)
    return draft.finish()
