"""Carries a run out and tells Dagster: an event for each day that is done, the checks, and the summary."""

import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NoReturn

import dagster as dg

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.errors import BusyError, OrderSyncError, UsageError
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.planned import PlanReference, plan_digest
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.window import Window, WindowError
from ordersync_dagster.orchestration import checks, killed_runs, metadata
from ordersync_dagster.orchestration.names import ShopNames
from ordersync_dagster.orchestration.outage_facts import outage_facts
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.orchestration.resources import BUSY_RETRIES, NamedShop
from ordersync_dagster.report.outcome import Outcome

DAILY = ("stripe_sessions", "orders")
PRINTFUL_ASSETS = ("printful_orders", "order_items")
Context = dg.OpExecutionContext | dg.AssetExecutionContext
Applying = Callable[[PlanReference], Mapping[str, object]]
Event = dg.AssetMaterialization | dg.AssetObservation


class RunReporter:
    """Logs the events and checks of a run, for the assets in `selected`.

    `applying` gives the configuration of the run that writes the plan of a dry run. With `only_reads` no asset that is
    written is among them, and what was read turns green. Dagster calls a backfill of assets failed where one of them
    has no event (`is_backfill`).
    """

    def __init__(
        self,
        context: Context,
        names: ShopNames,
        selected: Collection[str],
        applying: Applying,
        *,
        only_reads: bool = False,
        is_backfill: bool = False,
    ) -> None:
        self._context, self._names, self._applying = context, names, applying
        self._selected = frozenset(selected)
        self._only_reads, self._is_backfill = only_reads, is_backfill

    def carry_out(self, start: Callable[[], Run], shop: NamedShop) -> None:
        """Go through the whole run. Every stop is one sentence; what is only too early is tried again."""
        self._tag()
        run = None
        try:
            run = start()
            self._context.log.info(run.ready.headline)
            self._report_days(run)
            self._report_totals(run, shop)
        except (OrderSyncError, WindowError) as error:
            self._stop(run, error, shop)
        except Exception as error:  # noqa: BLE001  # Dagster must not keep its text (customers' data)
            self._stop(run, OrderSyncError(unexpected(error)), shop)
        for warning in (*run.ready.warnings, *run.outcome.warnings):
            self._context.log.warning(shop.in_words(warning))
        if run.outcome.summary.errors:
            raise dg.Failure(
                f"{counted(run.outcome.summary.errors, 'record')} could not be decided; the report names them.",
                allow_retries=False,
            )

    def _tag(self) -> None:
        instance, run_id = self._context.instance, self._context.run.run_id
        killed_runs.tag_process(instance, run_id)
        if self._names.tags:  # a run from the asset graph has no tags of a job
            instance.add_run_tags(run_id, self._names.tags)

    def _report_days(self, run: Run) -> None:
        partitions: Collection[date] | None = None
        for part in run.parts:
            if part.plan.day is not None:
                if partitions is None:  # not before the first part: now the window is by Stripe's clock
                    partitions = partition_days(run.outcome.window)  # once: Dagster goes through all days that it knows
                self._report_day(run.outcome, part, part.plan.day, has_partition=part.plan.day in partitions)

    def _report_day(self, outcome: Outcome, part: Part, day: date, *, has_partition: bool) -> None:
        self._log(day_events(self._names, outcome, day, has_partition=has_partition, only_reads=self._only_reads))
        if has_partition and "orders" in self._selected:
            self._log_checks(*checks.of_day(self._names, part, is_dry_run=outcome.is_dry_run))

    def _report_totals(self, run: Run, shop: NamedShop) -> None:
        outcome = run.outcome
        if run.ready.sync.printful is not None:
            self._log(printful_events(self._names, outcome, only_reads=self._only_reads))
            if "order_items" in self._selected:
                self._log_checks(*checks.of_items(self._names, outcome))
        elif self._is_backfill:
            self._log(
                _event(self._names.asset(name), metadata.NOT_LOOKED_AT, is_green=True) for name in PRINTFUL_ASSETS
            )
        if "order_sync_summary" in self._selected:
            job = metadata.job_link(self._names, self._context.run)
            apply_with = self._apply_with(outcome) if outcome.planned else None
            facts = metadata.summary(
                outcome,
                is_live=run.ready.is_live,
                traffic=run.traffic,
                job=job,
                apply_with=apply_with,
                in_words=shop.in_words,
            )
            outages, unknown = outage_facts(outcome, shop)
            if unknown:
                self._context.log.warning(unknown)
            self._log(
                [_event(self._names.asset("order_sync_summary"), {**facts, **outages}, is_green=not outcome.is_dry_run)]
            )
            self._log_checks(checks.of_run(self._names, outcome))

    def _apply_with(self, outcome: Outcome) -> Mapping[str, object]:
        """The configuration for the Launchpad, which reads JSON too."""
        digest = plan_digest(each.change for each in outcome.planned)
        made_at = outcome.window.made_at or outcome.window.end
        return self._applying(PlanReference(made_at, digest))

    def _log(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.asset_key.path[-1] in self._selected:
                self._context.log_event(event)

    def _log_checks(self, *evaluations: dg.AssetCheckEvaluation) -> None:
        for evaluation in evaluations:
            self._context.log_event(evaluation)  # type: ignore[arg-type]  # it is accepted, and shown per day

    def _stop(self, run: Run | None, error: Exception, shop: NamedShop) -> NoReturn:
        retry_if_busy(self._context, error, shop)
        sentence = shop.in_words(str(error))
        if "order_sync_summary" in self._selected:
            self._log_checks(checks.of_run(self._names, run.outcome if run else None, stopped_by=sentence))
        hint = "" if isinstance(error, UsageError | WindowError) else " What was committed stays; the next run goes on."
        raise dg.Failure(f"{sentence}{hint}", allow_retries=False) from None


def report_runless(outcome: Outcome, *, looked_at_printful: bool, shop: str = "") -> int:
    """Tell the instance of DAGSTER_HOME of a run of the command line; returns how many days turned green."""
    names = ShopNames(shop)
    days = sorted(partition_days(outcome.window) & outcome.days.keys())
    events = [event for day in days for event in day_events(names, outcome, day)]
    events += printful_events(names, outcome) if looked_at_printful else ()
    green = [event for event in events if isinstance(event, dg.AssetMaterialization)]
    with dg.DagsterInstance.get() as instance:
        for event in green:
            instance.report_runless_asset_event(event)
    return sum(event.asset_key == names.asset("orders") for event in green)


def partition_days(window: Window) -> set[date]:
    """The days of `window` that can turn green: from midnight to midnight in it, and with a partition."""
    keys = set(daily.get_partition_keys())
    return {day for day in window.whole_days if str(day) in keys}


def day_events(
    names: ShopNames, outcome: Outcome, day: date, *, has_partition: bool = True, only_reads: bool = False
) -> Iterator[Event]:
    """A day turns green only when it was written, and every record in it was decided and none put off."""
    figures = outcome.days[day]
    is_done = only_reads or not outcome.is_dry_run
    is_green = (
        has_partition and is_done and not (figures.errors or figures.skipped_too_recent or figures.changes_not_in_plan)
    )
    partition = str(day) if has_partition else None
    yield _event(names.asset("stripe_sessions"), metadata.day_sessions(figures), partition, is_green=is_green)
    yield _event(names.asset("orders"), metadata.day_orders(figures, outcome.proofs[day]), partition, is_green=is_green)


def printful_events(names: ShopNames, outcome: Outcome, *, only_reads: bool = False) -> Iterator[Event]:
    """Green, like a day, only where it was written and every record was decided."""
    is_done = outcome.is_printful_done and not outcome.summary.changes_not_in_plan
    is_green = is_done and (only_reads or not outcome.is_dry_run)
    yield _event(names.asset("printful_orders"), metadata.printful_orders(outcome.summary), is_green=is_green)
    yield _event(names.asset("order_items"), metadata.order_items(outcome.summary), is_green=is_green)


def _event(key: dg.AssetKey, facts: metadata.Metadata, partition: str | None = None, *, is_green: bool) -> Event:
    """A materialization turns the asset, or one partition of it, green; an observation does not."""
    kind = dg.AssetMaterialization if is_green else dg.AssetObservation
    return kind(asset_key=key, partition=partition, metadata=dict(facts))


def unexpected(error: Exception) -> str:
    """Kind and place of an unforeseen error, so that it can be reported; never its text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__name__} at {Path(place.filename).name}:{place.lineno}: please report it."


def retry_if_busy(context: Context, error: Exception, shop: NamedShop) -> None:
    """Let Dagster try again a run that only came too early: a run holds the lock, or the database is away.

    Exit code 75 of the command. What was committed stays, and the next try takes up the rest.
    """
    if isinstance(error, BusyError) and context.retry_number < BUSY_RETRIES:
        seconds = shop.busy_wait(context.retry_number)
        context.log.warning(f"{shop.in_words(str(error))}. The run tries again in {seconds:.0f} seconds.")
        raise dg.RetryRequested(max_retries=BUSY_RETRIES, seconds_to_wait=seconds) from None


def refuse(sentence: str) -> NoReturn:
    """Stop a run; it is not retried. The error that led here is not kept: its text may hold anything."""
    raise dg.Failure(sentence, allow_retries=False) from None
