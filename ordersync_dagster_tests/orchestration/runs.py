"""Runs of both jobs in this process, and what Dagster keeps of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from ordersync_dagster.app.wiring import Tools
from ordersync_dagster.core.window import day_of
from ordersync_dagster.definitions import defs
from ordersync_dagster.orchestration.resources import ShopResource
from ordersync_dagster.orchestration.schedules import RANGE_END, RANGE_START
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.settings import UNHURRIED

ASSETS = ("stripe_sessions", "orders", "printful_orders", "order_items", "order_sync_summary")
THIS_AFTERNOON = datetime.now(UTC).replace(hour=14, minute=30, second=0, microsecond=0)
GREEN, OBSERVED = dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION


def schedule(name: str) -> Any:
    """A schedule of the code location, to be called with a context."""
    return defs.get_repository_def().get_schedule_def(name)


def sensor(name: str) -> Any:
    """A sensor of the code location, to be called with a context."""
    return defs.get_repository_def().get_sensor_def(name)


def shop_with(tools: Tools, meanwhile: Callable[[], object] = lambda: None) -> ShopResource:
    """The shop of the environment, with other tools. Waiting takes no time; `meanwhile` happens."""

    class Replaced(ShopResource):
        @property
        def tools(self) -> Tools:
            return tools

        def busy_wait(self, retries: int) -> float:
            meanwhile()
            return 0.0

    return Replaced()


@dataclass(frozen=True)
class Run:
    """One run as Dagster keeps it."""

    result: dg.ExecuteInProcessResult
    instance: dg.DagsterInstance

    @property
    def succeeded(self) -> bool:
        return self.result.success

    @cached_property
    def events(self) -> list[dg.DagsterEvent]:
        """Everything that was kept, in its order."""
        entries = self.instance.all_logs(self.result.run_id)
        return [entry.dagster_event for entry in entries if entry.dagster_event]

    @property
    def failure(self) -> str:
        """What the failed step says; "" where none failed."""
        said = ""
        for event in self.events:
            if event.is_step_failure:
                data = event.step_failure_data
                said = str((data.user_failure_data and data.user_failure_data.description) or data.error)
        return said

    @property
    def retries(self) -> int:
        """How often the step was put up for another try."""
        return sum(event.event_type is dg.DagsterEventType.STEP_UP_FOR_RETRY for event in self.events)

    def days(self, kind: dg.DagsterEventType, asset: str = "orders") -> set[date | None]:
        """The days with an event of `kind`; None for an event without a day."""
        found = {event.partition for event in self._events(kind, asset)}
        return {date.fromisoformat(day) if day else None for day in found}

    def of(self, asset: str, day: date | None = None, kind: dg.DagsterEventType = GREEN) -> dict[str, Any]:
        """The metadata of the only event of `kind` on `asset` and `day`, by name."""
        [event] = [each for each in self._events(kind, asset) if each.partition == (str(day) if day else None)]
        data: Any = event.event_specific_data
        kept = data.materialization if kind is GREEN else data.asset_observation
        return dict(kept.metadata)

    def _events(self, kind: dg.DagsterEventType, asset: str) -> list[dg.DagsterEvent]:
        key = dg.AssetKey(asset)
        return [event for event in self.events if event.event_type is kind and event.asset_key == key]

    @cached_property
    def checks(self) -> dict[tuple[str, str | None], dg.AssetCheckEvaluation]:
        """Evaluations by check and day."""
        found: dict[tuple[str, str | None], Any] = {}
        for event in self.events:
            if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                evaluation: Any = event.event_specific_data
                found[evaluation.check_name, evaluation.partition] = evaluation
        return found

    @property
    def red(self) -> set[tuple[str, str | None]]:
        """The checks that failed."""
        return {key for key, evaluation in self.checks.items() if not evaluation.passed}


@dataclass(frozen=True)
class Runs:
    """Launches runs."""

    instance: dg.DagsterInstance
    tools: Tools
    waits: list[Callable[[], object]] = field(default_factory=list)  # what happens in each wait for the lock

    def order_sync(self, **config: object) -> Run:
        """As from the Launchpad."""
        return self._run("order_sync", config, {})

    def daily_order_sync(self, first: date, last: date, **config: object) -> Run:
        """As from a backfill of days `first` to `last`."""
        ops = {"ops": {"order_sync_assets": {"config": config}}}
        return self._run("daily_order_sync", ops, {RANGE_START: str(first), RANGE_END: str(last)})

    def drift_report(self, **config: object) -> Run:
        """A report, as from its job."""
        return self._run("report_drift", {"ops": {"drift_report": {"config": config}}}, {})

    def green(self, asset: str = "orders") -> set[str]:
        """The days that are green now, whoever made them so."""
        return set(self.instance.get_materialized_partitions(dg.AssetKey(asset)))

    def _run(self, job: str, config: Mapping[str, object], tags: Mapping[str, str]) -> Run:
        result = defs.resolve_job_def(job).execute_in_process(
            run_config=dict(config),
            resources={"shop": shop_with(self.tools, lambda: [each() for each in self.waits])},
            instance=self.instance,
            tags=dict(tags),
            raise_on_error=False,
        )
        return Run(result, self.instance)


@dataclass(frozen=True)
class Past:
    """A dry run over all days of the outage, the run, and the run after it, with what the shop held each time."""

    preview: Run
    repair: Run
    again: Run
    before: Mapping[str, Sequence[str]]
    previewed: Mapping[str, Sequence[str]]
    items: tuple[Mapping[str, int], Mapping[str, int]]  # by order, before and after the run
    green: tuple[set[str], set[str]]  # days, after the dry run and after the run


def past_of(runs: Runs, shop: Database) -> Past:
    """Make it, in a shop as the outage left it."""
    before, had = everything(shop), items_by_order(shop)
    preview = runs.order_sync(days=30, dry_run=True)
    previewed, seen = everything(shop), runs.green()
    repair = runs.order_sync(days=30)
    green, has = runs.green(), items_by_order(shop)
    return Past(preview, repair, runs.order_sync(days=30), before, previewed, (had, has), (seen, green))


def items_by_order(shop: Database) -> dict[str, int]:
    """How many items each order has."""
    query = "SELECT orders.id, count(order_items.id) AS items FROM orders"
    rows = shop.rows(f"{query} LEFT JOIN order_items ON order_items.order_id = orders.id GROUP BY orders.id")
    return {row["id"]: row["items"] for row in rows}


def environment(sandbox: Sandbox, url: str, folder: Path) -> dict[str, str]:
    """The settings of a shop on the sandbox."""
    return sandbox.environment() | UNHURRIED | {"DATABASE_URL": url, "ORDERSYNC_STATE_DIR": str(folder)}


def lost_with_days(world: World) -> dict[str, date]:
    """The paid sessions that have no order, with their UTC days; not those that are too young to be missed."""
    known = {row["stripe_session_id"] for row in world.shop.orders}
    settled = int(world.now.timestamp()) - 15 * 60
    return {
        each["id"]: day_of(each["created"])
        for each in world.sessions
        if each["payment_status"] == "paid" and each["id"] not in known and each["created"] < settled
    }
