"""The report on the drift of a period: one reading, as a dry run reads, and nothing written."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ordersync_dagster.adapters.database.journal import repairs, run_history
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.app.reading import Reading
from ordersync_dagster.app.records import known_problems, links_of_runs
from ordersync_dagster.app.run import Run, start_run
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.webhooks import look_at_webhooks
from ordersync_dagster.app.wiring import ReadyRun, Tools, open_run
from ordersync_dagster.core.errors import KeyRefusedError, OrderSyncError, VendorError
from ordersync_dagster.core.history import PastRun, Repair
from ordersync_dagster.core.known_problems import Sightings
from ordersync_dagster.core.paid_events import EVENTS_KEPT
from ordersync_dagster.core.webhook_health import WebhookHealth
from ordersync_dagster.core.window import Window, midnight
from ordersync_dagster.report.drift.reconciliation import reconcile
from ordersync_dagster.report.drift.report import DriftReport, reported
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster.sync.whole_plan import STRIPE_STOPS

RUNS_SHOWN = 30


@dataclass(slots=True)
class DriftReading:
    """A reading under way: going through `run.parts` reads; then `report` makes the report."""

    ready: ReadyRun
    run: Run
    settings: Settings
    reading: Reading
    sightings: Sightings
    tools: Tools

    def read(self) -> OrderSyncError | None:
        """Read to the end. Returns the error of a vendor that stopped it, because the rest can be reported."""
        try:
            for part in self.run.parts:
                self.reading.add(part)
                self.sightings.add(part)
        except STRIPE_STOPS as error:
            return error
        self.ready.sync.end_look(self.sightings, self.ready.scope)
        return None

    def report(self, stopped_by: OrderSyncError | None) -> DriftReport:
        """The report of all that was read."""
        outcome, ready, now = self.run.outcome, self.ready, self.tools.clock()
        runs, made = _history(ready.store)
        return DriftReport(
            made_at=now,
            window=outcome.window,
            target=ready.headline,
            is_live=ready.is_live,
            asked_printful=ready.sync.printful is not None,
            reconciliation=reconcile(self.reading.sides(ready, outcome.window)),
            problems=reported(self.sightings, now),
            summary=outcome.summary,
            runs=runs,
            repairs=made,
            warnings=(*ready.warnings, *outcome.warnings),
            stopped_by=str(stopped_by) if stopped_by else None,
            traffic=self.run.traffic,
            health=None if stopped_by else self._health(now),
            links=links_of_runs(self.settings, ready.store, [run.id for run in runs]),
        )

    def _health(self, now: datetime) -> WebhookHealth | None:
        """How the webhook worked in the part of the period whose events Stripe still has."""
        window = self.run.outcome.window
        start = max(window.start, midnight(now.date() - EVENTS_KEPT))
        if start >= window.end:
            return None
        with suppress(VendorError, KeyRefusedError):
            return look_at_webhooks(self.settings, Window(start, window.end), self.tools)
        return None


def open_reading(
    settings: Settings, window: Window, scope: PrintfulScope = PrintfulScope.all, tools: Tools = Tools()
) -> DriftReading:
    """Open both vendors and the database, all read-only; raises UsageError before any request.

    A report has every problem that it finds, and every open one of an earlier run for which it did not look.
    """
    reading = Reading()
    ready = reading.of(open_run(settings, scope, dry_run=True, tools=tools))
    sightings = Sightings({each.id: each for each in known_problems(ready.store)})
    return DriftReading(ready, start_run(ready, window, keeps_changes=False), settings, reading, sightings, tools)


def _history(store: DatabaseStore) -> tuple[list[PastRun], list[Repair]]:
    """The last runs, newest first, and what they repaired."""
    if not store.tables.has_own_tables:
        return [], []
    runs = store.read(partial(run_history.read_runs, limit=RUNS_SHOWN))
    wrote = [run.id for run in runs if run.rows]
    return runs, store.read(partial(repairs.read_repairs, run_ids=wrote)) if wrote else []
