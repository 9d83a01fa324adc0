"""What runs left in the database, for comparison with what one undisturbed run leaves."""

from collections import Counter

from ordersync_dagster.adapters.database.journal.verify import verify
from ordersync_dagster_tests.support.databases import Database, Rows


def written(database: Database) -> dict[str, object]:
    """What a run left of lasting meaning: the shop's rows, and which row was written how often by whom."""
    return {
        "orders": _comparable(database.rows("SELECT * FROM orders")),
        "items": _comparable(database.rows("SELECT * FROM order_items")),
        "timeline": Counter(_pairs(database.rows("SELECT order_id, event_type FROM order_events"))),
        "shop's audit": Counter(_pairs(database.rows("SELECT action, resource, resource_id FROM audit_logs"))),
        "audit": Counter(_pairs(database.rows("SELECT action, resource, resource_id FROM ordersync_audit"))),
    }


def is_audit_whole(database: Database) -> bool:
    """Whether every entry is there and none was changed."""
    with database.engine.connect() as connection:
        return verify(connection).broken is None


def _comparable(rows: Rows) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)


def _pairs(rows: Rows) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows]
