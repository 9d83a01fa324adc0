"""Runs on a store and their undos, and what the shop's own tables hold before and after."""

from collections.abc import Mapping, Sequence

from ordersync_dagster.adapters.database.journal.runs import Purpose
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.database.undo.undo import Undo
from ordersync_dagster.core.changes import FillFields, SetTracking
from ordersync_dagster.core.history import UndoResult
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.window import Window
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.stores import (
    ADDRESS,
    SHIPPED,
    adding,
    changing,
    inserting,
    new_item,
    order,
    stored,
)

MONTH = Window.last_days(30, NOW)
TRACKED = SetTracking("1Z", "https://tracking.example.com/1Z", ({"id": "1", "tracking_number": "1Z"},))
FILLED = FillFields({"customer_name": "Ada Example", "shipping_address": ADDRESS, "printful_order_id": "8"})
WEBHOOKS_ORDER = """
INSERT INTO orders (id, stripe_session_id, status, customer_email, customer_name, total_amount, currency,
    shipping_address, metadata, created_at, updated_at)
VALUES ('theirs', 'cs_test_9', 'processing', 'bo@example.com', '', '5.00', 'usd', {address}, {metadata},
    '2026-11-01 10:00:00', '2026-11-02 10:00:00');
INSERT INTO order_items (id, order_id, printful_product_id, printful_variant_id, name, quantity, price)
VALUES ('x', 'theirs', '71', '9999', 'Mug', 1, '5.00');
"""


def run(store: DatabaseStore, run_id: str, *plans: Plan) -> None:
    """Carry out `plans` as one run."""
    with store.run(run_id, MONTH):
        for plan in plans:
            assert store.apply(plan, run_id).stale_sessions == ()


def undo(store: DatabaseStore, target: str, run_id: str = "undo1") -> UndoResult:
    """Undo `target` as a run of its own."""
    with store.run(run_id, MONTH, Purpose("undo", target)):
        return Undo(store, target).carry_out(run_id)


def sentences(undone: UndoResult) -> str:
    """Why each order was left."""
    return "\n".join(kept.sentence for kept in undone.kept)


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


def webhooks_order(database: Database, metadata: str = "NULL", address: str = "NULL") -> None:
    """An order that the shop's own webhook wrote, with an item."""
    with database.engine.begin() as connection:
        for statement in WEBHOOKS_ORDER.format(metadata=metadata.replace("\\:", ":"), address=address).split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def repair(store: DatabaseStore, run_id: str = "run1") -> None:
    """A run that inserts an order, changes and completes others, and adds items to both."""
    with store.run(run_id, None):
        store.apply(inserting(order(1), order(2)), run_id)
        store.apply(Plan(completions=changing(stored(store, 9), FILLED).updates), run_id)
        theirs, ours = stored(store, 9), stored(store, 1)
        for plan in (
            changing(theirs, SHIPPED, TRACKED, adding(new_item(theirs, 7))),
            changing(ours, SHIPPED, adding(new_item(ours))),
        ):
            assert store.apply(plan, run_id).stale_sessions == ()
