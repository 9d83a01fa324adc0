"""A shop under test: the sandbox with a database, run as the command line runs it."""

import time as real_time
from collections.abc import Callable, Sequence
from typing import Any

from ordersync_dagster.app.run import Run, start_run
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, open_run
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.templates import fill, sqlite_file

OWN = (
    "ordersync_runs",
    "ordersync_dagster_runs",
    "ordersync_shops",
    "ordersync_missing",
    "ordersync_parcels",
    "ordersync_rate",
    "ordersync_problems",
)


class Shop:
    """The sandbox's shop with its database; runs the job as the command line does."""

    def __init__(self, sandbox: Sandbox, database: Database, time: FakeTime) -> None:
        self.sandbox, self.database, self.time = sandbox, database, time

    def run(
        self,
        *,
        dry_run: bool = False,
        printful: PrintfulScope = PrintfulScope.all,
        meanwhile: Callable[[], object] | None = None,
        limit: int | None = None,
        attempts: int = 3,
        **options: Any,
    ) -> Run:
        """`meanwhile` happens after the plan was made and before it is written."""

        def confirm(_plans: Sequence[Plan]) -> None:
            if meanwhile:
                meanwhile()

        run = launched(
            settings_for(self.sandbox, self.database.url),
            printful,
            dry_run=dry_run,
            tools=self.time.tools(attempts),
            limit=limit,
            confirm=confirm if meanwhile else None,
            **options,
        )
        for _ in run.parts:
            continue
        return run

    def order(self, session_id: str) -> dict[str, Any]:
        """One row of orders."""
        (row,) = self.database.rows("SELECT * FROM orders WHERE stripe_session_id = :id", id=session_id)
        return row

    def of_printful(self, status: str) -> dict[str, Any]:
        """The shop's row of an order that stands so at Printful."""
        ids = [str(order["id"]) for order in self.sandbox.world.printful_orders if order["status"] == status]
        (row, *_) = [row for row in self.database.rows("SELECT * FROM orders") if row["printful_order_id"] in ids]
        return row

    def items(self) -> list[tuple[str, str, int]]:
        rows = self.database.rows("SELECT * FROM order_items")
        return sorted((row["order_id"], row["printful_variant_id"], row["quantity"]) for row in rows)

    def tables(self) -> dict[str, Sequence[str]]:
        """The shop's own tables, comparable."""
        return {name: rows for name, rows in everything(self.database).items() if name not in OWN}


def launched(
    settings: Settings,
    printful: PrintfulScope = PrintfulScope.all,
    *,
    days: int = 30,
    dry_run: bool = False,
    tools: Tools = Tools(),
    **options: Any,
) -> Run:
    """A run over the last days; going through its parts carries it out."""
    ready = open_run(settings, printful, dry_run=dry_run, tools=tools)
    return start_run(ready, Window.last_days(days, tools.clock()), **options)


def launched_over(window: Window, settings: Settings) -> Run:
    """A run of the whole window, with all that is open at Printful, as Dagster's daily job does it."""
    run = start_run(open_run(settings, PrintfulScope.open, dry_run=False), window)
    for _ in run.parts:
        continue
    return run


def once_something_is_written(database: Database) -> Callable[[], None]:
    """For `FakeTime.meanwhile`: a refused request is tried again only when the run has written an order."""

    def wait() -> None:
        latest = real_time.monotonic() + 30
        while not database.count("orders") and real_time.monotonic() < latest:
            real_time.sleep(0.01)

    return wait


def seeded(url: str, world: World | None = None) -> Database:
    """A database with our tables and what the world's webhooks left in them."""
    database = Database(url)
    if database.is_postgres or database.path.exists():
        fill(url, world)
    else:
        database.path.write_bytes(sqlite_file(world))
    return database
