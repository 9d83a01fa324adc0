"""Carries a run out and tells Dagster: events for each finished day, checks, and the summary."""

import traceback
from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path
from typing import NoReturn

import dagster as dg

from ordersync_dagster.app.run import Launch
from ordersync_dagster.core.errors import LockHeldError, OrderSyncError, UsageError
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.window import WindowError
from ordersync_dagster.orchestration import abandoned, checks, metadata
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.orchestration.resources import LOCK_RETRIES, ShopResource
from ordersync_dagster.report.outcome import Outcome

DAILY = ("stripe_sessions", "orders")
WHOLE = ("printful_orders", "order_items", "order_sync_summary")
Context = dg.OpExecutionContext | dg.AssetExecutionContext


class Narrator:
    """Logs what a run does to the assets in `selected`: materializations, or observations in a dry run."""

    def __init__(self, context: Context, selected: Collection[str]) -> None:
        self._context, self._selected = context, frozenset(selected)

    def carry_out(self, open_run: Callable[[], Launch], shop: ShopResource) -> None:
        """Go through the whole run. Every stop is one sentence; only a held lock is tried again."""
        abandoned.sign(self._context.instance, self._context.run.run_id)
        run = None
        try:
            run = open_run()
            self._context.log.info(run.shop.headline)
            self._days(run)
            self._totals(run)
        except (OrderSyncError, WindowError) as error:
            self._stop(run, error, shop)
        except Exception as error:  # noqa: BLE001  # its text may hold what customers wrote: Dagster must not keep it
            self._stop(run, OrderSyncError(unexpected(error)), shop)
        for warning in (*run.shop.warnings, *run.outcome.warnings):
            self._context.log.warning(warning)
        if run.outcome.summary.errors:
            raise dg.Failure(
                f"{run.outcome.summary.errors} records could not be decided; the report names them.",
                allow_retries=False,
            )

    def _days(self, run: Launch) -> None:
        keys = set(daily.get_partition_keys())
        whole = {day for day in run.outcome.window.whole_days if str(day) in keys}
        for part in run.parts:
            if part.plan.day is not None:
                self._day(run, part, part.plan.day, is_whole=part.plan.day in whole)

    def _day(self, run: Launch, part: Part, day: date, *, is_whole: bool) -> None:
        """A day turns green only when it is over, was written, and every record in it was decided."""
        figures = run.outcome.days[day]
        is_done = is_whole and not figures.errors and not run.outcome.is_dry_run
        for name, facts in (
            ("stripe_sessions", metadata.day_sessions(figures)),
            ("orders", metadata.day_orders(figures)),
        ):
            self._log_asset(name, facts, is_done=is_done, partition=str(day) if is_whole else None)
        if is_whole and "orders" in self._selected:
            for evaluation in checks.of_day(part, is_dry_run=run.outcome.is_dry_run):
                self._log_check(evaluation)

    def _totals(self, run: Launch) -> None:
        outcome = run.outcome
        if run.shop.printful is not None:
            self._printful_side(outcome)
        if "order_sync_summary" in self._selected:
            origin = self._context.run.remote_job_origin
            facts = metadata.summary(
                outcome,
                is_live=run.shop.is_live,
                traffic=run.traffic,
                location=origin.location_name if origin else None,
            )
            self._log_asset("order_sync_summary", facts, is_done=not outcome.is_dry_run)
            self._log_check(checks.of_run(outcome))

    def _printful_side(self, outcome: Outcome) -> None:
        """Green, like a day, only where it was written and every record was decided."""
        is_done = outcome.is_printful_done and not outcome.is_dry_run
        self._log_asset("printful_orders", metadata.printful_orders(outcome.summary), is_done=is_done)
        self._log_asset("order_items", metadata.order_items(outcome.summary), is_done=is_done)
        if "order_items" in self._selected:
            for evaluation in checks.of_items(outcome):
                self._log_check(evaluation)

    def _log_asset(self, name: str, facts: metadata.Metadata, *, is_done: bool, partition: str | None = None) -> None:
        if name not in self._selected:
            return
        event = dg.AssetMaterialization if is_done else dg.AssetObservation
        self._context.log_event(event(asset_key=name, partition=partition, metadata=dict(facts)))

    def _log_check(self, evaluation: dg.AssetCheckEvaluation) -> None:
        self._context.log_event(evaluation)  # type: ignore[arg-type]  # it is accepted, and shown per day

    def _stop(self, run: Launch | None, error: Exception, shop: ShopResource) -> NoReturn:
        if isinstance(error, LockHeldError) and self._context.retry_number < LOCK_RETRIES:
            raise dg.RetryRequested(max_retries=LOCK_RETRIES, seconds_to_wait=shop.lock_wait) from error
        if "order_sync_summary" in self._selected:
            self._log_check(checks.of_run(run.outcome if run else None, stopped_by=str(error)))
        hint = "" if isinstance(error, UsageError | WindowError) else " What was committed stays; the next run goes on."
        raise dg.Failure(f"{error}{hint}", allow_retries=False) from None


def unexpected(error: Exception) -> str:
    """An error that nobody foresaw: its kind and where, for whoever mends it; never its text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__name__} at {Path(place.filename).name}:{place.lineno}: please report it."


def refuse(sentence: str) -> NoReturn:
    """Stop a run before any request; it is not retried."""
    raise dg.Failure(sentence, allow_retries=False)


def report(outcome: Outcome, *, looked_at_printful: bool) -> int:
    """Log the finished days of `outcome` to the instance of DAGSTER_HOME; returns how many turned green."""
    with dg.DagsterInstance.get() as instance:
        count = 0
        for event in _events(outcome, looked_at_printful=looked_at_printful):
            instance.report_runless_asset_event(event)
            count += event.asset_key == dg.AssetKey("orders")
        return count


def _events(outcome: Outcome, *, looked_at_printful: bool) -> Iterator[dg.AssetMaterialization]:
    keys = set(daily.get_partition_keys())
    for day in outcome.window.whole_days:
        figures = outcome.days.get(day)
        if figures is not None and not figures.errors and str(day) in keys:
            facts = (("stripe_sessions", metadata.day_sessions(figures)), ("orders", metadata.day_orders(figures)))
            for name, values in facts:
                yield dg.AssetMaterialization(name, partition=str(day), metadata=dict(values))
    if looked_at_printful and outcome.is_printful_done:
        yield dg.AssetMaterialization("printful_orders", metadata=dict(metadata.printful_orders(outcome.summary)))
        yield dg.AssetMaterialization("order_items", metadata=dict(metadata.order_items(outcome.summary)))
