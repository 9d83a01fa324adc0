"""Two sensors: one of each shop requests runs for the days of missed webhooks, one ends killed runs of any shop."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from ordersync_dagster.app.watch import Watch
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.core.paid_events import EVENTS_KEPT
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.window import day_ranges
from ordersync_dagster.orchestration.killed_runs import end_killed_runs
from ordersync_dagster.orchestration.names import ShopNames
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.orchestration.resources import NamedShop, ShopResource
from ordersync_dagster.orchestration.run_events import unexpected
from ordersync_dagster.orchestration.schedules import RANGE_END, RANGE_START
from ordersync_dagster.orchestration.webhook_cursor import (
    SLICE,
    TRIES,
    WEBHOOK_TIME,
    WebhookCursor,
    gap_days,
    hour_of,
    paid_orders,
)

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

WHY = "ordersync/why"
SLICES = 31  # of events, read in one evaluation: all of them


def missed_webhooks(
    names: ShopNames, by_day: "UnresolvedAssetJobDefinition", last_days: dg.JobDefinition
) -> dg.SensorDefinition:
    """The sensor of a shop, and the jobs that it starts."""

    @dg.sensor(
        name=names.of("missed_webhooks"),
        jobs=[by_day, last_days],
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Reads Stripe's events, gives the shop's webhook five minutes (or ORDERSYNC_GRACE_MINUTES, if "
        "longer), and requests a run for the days of paid sessions that still have no order. Also catches payments "
        "that settle days later.",
    )
    def of_shop(context: dg.SensorEvaluationContext, shop: ShopResource) -> dg.SensorResult | dg.SkipReason:
        return _look(context, shop.shop(names.shop), names)

    return of_shop


def _look(context: dg.SensorEvaluationContext, shop: NamedShop, names: ShopNames) -> dg.SensorResult | dg.SkipReason:
    """Read the events since the cursor once."""
    try:
        now = shop.tools.clock()
        cursor = WebhookCursor.parse(context.cursor, now)
        gap = gap_days(cursor, now)
        watch = shop.watch()
        missing = _missed_sessions(watch, cursor, now)
        ended = watch.ended_runs(cursor.first_asked) if cursor.asked else []
    except OrderSyncError as error:
        return dg.SkipReason(shop.in_words(f"Stripe or the shop's database could not be asked: {error}"))
    except Exception as error:  # noqa: BLE001  # Dagster must not keep its text (customers' data)
        return dg.SkipReason(unexpected(error))
    known = _in_reach(missing, now)
    asked = {key: known[key] for key in cursor.ask(known, now, ended)}
    requests = list(_requests(names, asked, gap, now, hour_of(int(now.timestamp()))))
    reason = None if requests else dg.SkipReason(_why_no_run(len(known) - len(asked)))
    return dg.SensorResult(run_requests=requests, cursor=cursor.dump(), skip_reason=reason)


@dg.sensor(
    name="abandoned_runs",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process was killed on this machine, so that the next ones can begin. "
    "Touches Dagster's own records only, so it is on from the start.",
)
def abandoned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look at all unfinished runs once."""
    try:
        ended = end_killed_runs(context.instance)
    except Exception as error:  # noqa: BLE001  # its text may hold values of Dagster's records
        return dg.SkipReason(unexpected(error))
    return dg.SkipReason("; ".join(f"ended {run_id}" for run_id in ended) or "Every unfinished run is alive.")


def _missed_sessions(watch: Watch, cursor: WebhookCursor, now: datetime) -> dict[str, date]:
    """Paid sessions without an order, with their days; moves `cursor` on."""
    # A run skips sessions that are younger than `settled_before`.
    until = min(int((now - WEBHOOK_TIME).timestamp()), watch.rules.settled_before)
    since = max(cursor.since, int((now - EVENTS_KEPT).timestamp()))
    found = cursor.lost(now)
    for _ in range(SLICES):
        if since >= until:
            break
        end = min(until, since + int(SLICE.total_seconds()))
        orders = paid_orders(watch.events(since, end), watch.rules)
        erased = watch.erased(orders)
        found |= {each.session_id: each.created.date() for each in orders if each.session_id not in erased}
        since = end
    missing = {key: found[key] for key in watch.without_order(found)}
    # Where our clock is ahead, Stripe has not made the newest of these events yet.
    cursor.since = max(cursor.since, min(since, until + round(watch.ahead.total_seconds())))
    cursor.keep(missing)
    return missing


def _in_reach(missing: dict[str, date], now: datetime) -> dict[str, date]:
    """The sessions that a run can be asked for: of a day that has a partition, or of today."""
    keys = set(daily.get_partition_keys(current_time=now))
    youngest = now.date() - timedelta(days=1)
    return {key: day for key, day in missing.items() if str(day) in keys or day >= youngest}


def _why_no_run(given_up: int) -> str:
    if not given_up:
        return "Every paid session has its order."
    return (
        f"{counted(given_up, 'paid session')} still {'has' if given_up == 1 else 'have'} no order, though {TRIES} runs "
        f"over {'its day' if given_up == 1 else 'their days'} came to their end: their reports say why."
    )


def _requests(
    names: ShopNames, missing: dict[str, date], gap: list[date], now: datetime, hour: int
) -> Iterator[dg.RunRequest]:
    """A run for each range of days; its key keeps Dagster from starting it twice in one hour."""
    keys = set(daily.get_partition_keys(current_time=now))
    over = [day for day in (*missing.values(), *gap) if str(day) in keys]
    for first, last in day_ranges(over):
        sessions = sorted(key for key, day in missing.items() if first <= day <= last)
        why = f"{len(sessions)} paid sessions without an order" if sessions else "events older than 30 days are gone"
        yield dg.RunRequest(
            run_key=f"{names.of('missed_webhooks')}-{first}-{last}-{_digest(sessions)}-{hour}",
            job_name=names.of("daily_order_sync"),
            tags={RANGE_START: str(first), RANGE_END: str(last), WHY: why},
        )
    young = sorted(key for key, day in missing.items() if str(day) not in keys)
    if young:
        yield dg.RunRequest(
            run_key=f"{names.of('missed_webhooks')}-today-{_digest(young)}-{hour}",
            job_name=names.of("order_sync"),
            run_config={"days": 1, "printful": "open"},
            tags={WHY: f"{len(young)} paid sessions of today without an order"},
        )


def _digest(sessions: list[str]) -> str:
    return hashlib.sha256("\n".join(sessions).encode()).hexdigest()[:12]
