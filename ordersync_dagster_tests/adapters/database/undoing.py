"""Runs on a store and their undos, and what the shop's own tables hold before and after."""

from collections.abc import Mapping, Sequence

from ordersync_dagster.adapters.database.runs import Purpose
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.database.undo import Undo, Undone
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.window import Window
from ordersync_dagster_tests.conftest import NOW
from ordersync_dagster_tests.databases import Database

MONTH = Window.last_days(30, NOW)


def run(store: DatabaseStore, run_id: str, *plans: Plan) -> None:
    """Carry out `plans` as one run."""
    with store.run(run_id, MONTH):
        for plan in plans:
            assert store.apply(plan, run_id).stale_sessions == ()


def undo(store: DatabaseStore, target: str, run_id: str = "undo1") -> Undone:
    """Take `target` back as a run of its own."""
    with store.run(run_id, MONTH, Purpose("undo", target)):
        return Undo(store, target).carry_out(run_id)


def sentences(undone: Undone) -> str:
    """What was left, and why."""
    return "\n".join(left.sentence for left in undone.left)


def shop_rows(database: Database) -> Mapping[str, Sequence[str]]:
    """Every row of orders and order_items, JSON as the text that is stored."""
    names = "id, order_id, printful_variant_id, name, quantity, price, CAST(metadata AS text) AS meta, created_at"
    return {
        "orders": rows(
            database, "*, CAST(metadata AS text) AS meta, CAST(shipping_address AS text) AS sent_to", "orders"
        ),
        "order_items": rows(database, names, "order_items"),
    }


def rows(database: Database, columns: str, table: str) -> list[str]:
    """Rows of one table, comparable."""
    found = database.rows(f"SELECT {columns} FROM {table}")
    return sorted(repr(sorted(row.items())) for row in found)
