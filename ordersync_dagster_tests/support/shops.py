"""A shop under test: the sandbox with a database, run as the command line runs it."""

import time as real_time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from ordersync_dagster.app.run import Launch, launch
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import seed_database
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.world import lost

OWN = ("ordersync_runs", "ordersync_missing", "ordersync_rate")


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
    ) -> Launch:
        """`meanwhile` happens after the plan was made and before it is written."""

        def confirm(_plans: Sequence[Plan]) -> None:
            if meanwhile:
                meanwhile()

        run = launch(
            settings_for(self.sandbox, self.database.url),
            lambda now: Window.last_days(30, now),
            printful,
            dry_run=dry_run,
            limit=limit,
            confirm=lambda shop: confirm if meanwhile else None,
            tools=self.time.tools(attempts),
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


def once_something_is_written(database: Database) -> Callable[[], None]:
    """For `FakeTime.meanwhile`: a refused request is tried again only when the run has written an order."""

    def wait() -> None:
        latest = real_time.monotonic() + 30
        while not database.count("orders") and real_time.monotonic() < latest:
            real_time.sleep(0.01)

    return wait


def seven(run: Launch) -> tuple[int, ...]:
    return tuple(run.outcome.summary.seven.values())


def classes(run: Launch) -> set[str]:
    return {str(problem.problem_class) for problem in run.outcome.problems}


def of_class(run: Launch, problem_class: str) -> list[Mapping[str, str]]:
    """The ids of each problem of a class."""
    return [problem.ids for problem in run.outcome.problems if problem.problem_class == problem_class]


def lost_ids(world: World) -> list[str]:
    return [session["id"] for session in lost(world)]


def without_a_link(world: World) -> list[str]:
    """The lost sessions that name no Printful order."""
    return [session["id"] for session in lost(world) if "printfulOrderId" not in session["metadata"]]


def in_one_day(world: World) -> World:
    """The same sessions at their hours and minutes, all of them yesterday."""
    yesterday = int((NOW - timedelta(days=1)).replace(hour=0, minute=0).timestamp())
    moved = [{**session, "created": yesterday + session["created"] % 86_400} for session in world.sessions]
    return World(NOW, sorted(moved, key=lambda session: -session["created"]), world.line_items)


UNHURRIED = {"STRIPE_REQUESTS_PER_SECOND": "100", "PRINTFUL_REQUESTS_PER_MINUTE": "10000"}  # budgets nobody notices


def seeded(url: str, world: World | None = None) -> Database:
    """A database with our tables and what the world's webhooks left in them."""
    rows = {"orders": world.shop.orders, "order_items": world.shop.order_items} if world else {}
    seed_database(url, rows)
    return Database(url)


def settings_for(sandbox: Sandbox, url: str | None = None, **changes: str) -> Settings:
    """Settings that point at the sandbox and a database; `changes` by the names of the environment."""
    known = sandbox.environment() | UNHURRIED | ({"DATABASE_URL": url} if url else {}) | changes
    secret = {"STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL"}
    values = {name.lower(): SecretStr(value) if name in secret else value for name, value in known.items()}
    return Settings.model_validate(values)
