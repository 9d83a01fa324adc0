"""`missed_webhooks` on the pretend shop: which runs it requests, and when it keeps quiet."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import dagster as dg
import pytest

from ordersync_dagster.app.wiring import Tools
from ordersync_dagster.core.window import day_of
from ordersync_dagster.orchestration.schedules import RANGE_END, RANGE_START
from ordersync_dagster.orchestration.sensors import WHY
from ordersync_dagster.orchestration.webhook_cursor import WebhookCursor
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster_tests.orchestration.runs import Runs, lost_with_days, sensor, shop_with
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database


class Watcher:
    """Evaluates the sensor and keeps its cursor, as the daemon does."""

    def __init__(self, time: FakeTime, cursor: str | None = None) -> None:
        self.time, self.cursor = time, cursor

    def look(self) -> list[dg.RunRequest] | str:
        """The runs that were requested, or why there are none."""
        context = dg.build_sensor_context(cursor=self.cursor, resources={"shop": shop_with(self.time.tools())})
        found = sensor("missed_webhooks")(context)
        if isinstance(found, dg.SkipReason):
            return str(found.skip_message)
        assert isinstance(found, dg.SensorResult)
        self.cursor = found.cursor
        if found.skip_reason:
            return str(found.skip_reason.skip_message)
        assert found.run_requests
        return list(found.run_requests)

    def requests(self) -> list[dg.RunRequest]:
        found = self.look()
        assert isinstance(found, list), found
        return found


@pytest.fixture
def watcher(shop: Database, time: FakeTime) -> Watcher:
    return Watcher(time)


def days_of(requests: list[dg.RunRequest]) -> set[date]:
    """Every day of every requested range."""
    spans = [[date.fromisoformat(each.tags[name]) for name in (RANGE_START, RANGE_END)] for each in requests]
    return {first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)}


def test_runs_are_requested_for_exactly_the_days_with_lost_orders(watcher: Watcher, outage: World) -> None:
    requests = watcher.requests()
    assert days_of(requests) == set(lost_with_days(outage).values())
    assert {each.job_name for each in requests} == {"daily_order_sync"}
    assert [each.tags[WHY] for each in requests] == ["3 paid sessions without an order"]


def test_the_requested_run_heals_and_then_the_sensor_keeps_quiet(watcher: Watcher, runs: Runs) -> None:
    for first, last in [(each.tags[RANGE_START], each.tags[RANGE_END]) for each in watcher.requests()]:
        assert runs.daily_order_sync(date.fromisoformat(first), date.fromisoformat(last)).succeeded
    watcher.time.elapsed = 0
    assert watcher.look() == "Every paid session has its order."


def test_the_same_days_are_asked_for_again_at_most_hourly(watcher: Watcher) -> None:
    watcher.time.now = watcher.time.now.replace(minute=0)
    keys = []
    for minutes in (1, 6, 55, 65):
        watcher.time.elapsed = 60.0 * minutes
        keys.append([each.run_key for each in watcher.requests() if each.job_name == "daily_order_sync"])
    assert keys[0] == keys[1] == keys[2] != keys[3]


@pytest.mark.full
def test_a_session_that_cannot_become_an_order_is_asked_for_three_times_then_told(
    watcher: Watcher, sandbox: Sandbox, outage: World, runs: Runs
) -> None:
    session_id, day = min(lost_with_days(outage).items(), key=lambda each: each[1])
    session = next(each for each in outage.sessions if each["id"] == session_id)
    sandbox.put_session({**session, "amount_total": 10**15})  # more than orders.total_amount can hold
    runs.order_sync(days=30)
    asked = []
    for hour in range(6):
        watcher.time.elapsed = 3600.0 * hour
        requests = watcher.look()
        if isinstance(requests, list):
            asked.append(hour)
            assert days_of([each for each in requests if each.job_name == "daily_order_sync"]) == {day}
            run = runs.daily_order_sync(day, day)
            assert run.failure == "1 record could not be decided; the report names them."
            runs.order_sync(days=1)
    assert asked == [0, 1, 2]
    assert watcher.look() == (
        "1 paid session still has no order, though 3 runs over its day came to their end: their reports say why."
    )


@pytest.mark.full
def test_a_run_that_is_stopped_uses_up_no_try(watcher: Watcher, sandbox: Sandbox, runs: Runs) -> None:
    first, *_ = watcher.requests()
    days = [date.fromisoformat(first.tags[name]) for name in (RANGE_START, RANGE_END)]
    fault = Fault("/v1/checkout/sessions", "status", 500, times=None)
    sandbox.faults.add(fault)
    for hour in range(1, 6):
        watcher.time.elapsed = 3600.0 * hour
        assert not runs.daily_order_sync(days[0], days[-1]).succeeded
        assert days_of([each for each in watcher.requests() if each.job_name == "daily_order_sync"]) >= set(days)
    sandbox.faults.clear()
    assert runs.daily_order_sync(days[0], days[-1]).succeeded


@pytest.mark.parametrize(("grace", "seconds"), [("0", 300), ("15", 900)])
def test_the_webhook_has_five_minutes_or_the_shops_grace(
    watcher: Watcher, outage: World, monkeypatch: pytest.MonkeyPatch, grace: str, seconds: int
) -> None:
    monkeypatch.setenv("ORDERSYNC_GRACE_MINUTES", grace)
    newest = outage.events[0]
    assert newest["data"]["object"]["id"] not in {row["stripe_session_id"] for row in outage.shop.orders}
    watcher.time.now = datetime.fromtimestamp(newest["created"], UTC)
    for wait, expected in ((seconds - 60, []), (seconds, []), (seconds + 1, ["order_sync"])):
        watcher.time.elapsed = wait
        assert [each.job_name for each in watcher.requests() if each.job_name != "daily_order_sync"] == expected


def test_a_lost_order_of_today_is_recovered_by_the_job_that_covers_today(watcher: Watcher) -> None:
    watcher.time.elapsed = 1800.0
    [request] = [each for each in watcher.requests() if each.job_name == "order_sync"]
    assert request.run_config == {"days": 1, "printful": "open"}
    assert request.tags[WHY] == "1 paid sessions of today without an order"


@pytest.mark.full
def test_a_payment_that_settles_days_later_is_found_by_its_sessions_day(
    watcher: Watcher, sandbox: Sandbox, outage: World, runs: Runs
) -> None:
    runs.order_sync(days=30)
    watcher.time.elapsed = 0
    assert watcher.look() == "Every paid session has its order."
    debit = next(
        each for each in outage.sessions if each["payment_status"] == "unpaid" and each["status"] == "complete"
    )
    sandbox.put_session({**debit, "payment_status": "paid"})
    sandbox.replace(later(sandbox.world, days=5))
    watcher.time.elapsed = 5 * 86_400.0
    fresh = max(each["created"] for each in outage.sessions if each["payment_status"] == "paid")  # too young before
    assert days_of(watcher.requests()) == {day_of(debit["created"]), day_of(fresh)}


@pytest.mark.full
def test_a_gap_older_than_events_go_is_run_by_listing_and_says_so(watcher: Watcher, runs: Runs) -> None:
    runs.order_sync(days=30)
    watcher.time.elapsed = 0
    watcher.cursor = WebhookCursor(int((watcher.time.now - timedelta(days=33)).timestamp())).dump()
    requests = watcher.requests()
    today = watcher.time.now.date()
    assert days_of(requests) == {today - timedelta(days=n) for n in range(30, 34)}
    assert {each.tags[WHY] for each in requests} == {"events older than 30 days are gone"}
    assert watcher.look() == "Every paid session has its order."


def test_only_new_events_are_read(watcher: Watcher, sandbox: Sandbox) -> None:
    watcher.look()
    sandbox.requests.clear()
    watcher.time.elapsed = 300.0
    watcher.look()
    assert len([request for request in sandbox.requests if request.path == "/v1/events"]) == 1


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_look_that_fails_says_why_and_keeps_the_cursor(watcher: Watcher, sandbox: Sandbox, status: int) -> None:
    watcher.look()
    before = watcher.cursor
    sandbox.faults.add(Fault("/v1/events", "status", status, times=None))
    watcher.time.elapsed = 3600.0
    assert "could not be asked: " in str(watcher.look())
    assert watcher.cursor == before


def test_the_text_of_an_unforeseen_error_is_not_kept(shop: Database) -> None:
    def broken() -> datetime:
        raise ValueError("mira@example.com")

    context = dg.build_sensor_context(resources={"shop": shop_with(Tools(broken))})
    found = sensor("missed_webhooks")(context)
    assert isinstance(found, dg.SkipReason)
    assert re.fullmatch(r"unexpected ValueError at test_sensors\.py:\d+: please report it\.", found.skip_message or "")


def test_missing_settings_are_named(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIPE_SECRET_KEY")
    assert "STRIPE_SECRET_KEY is not set in the environment" in str(watcher.look())


def test_the_cursor_holds_ids_days_and_counts_alone(watcher: Watcher, outage: World) -> None:
    watcher.look()
    kept = json.loads(watcher.cursor or "")
    second = int(watcher.time.now.timestamp())
    assert kept == {
        "since": kept["since"],
        "waiting": {key: str(day) for key, day in lost_with_days(outage).items()},
        "asked": {key: [0, second] for key in lost_with_days(outage)},
    }


def later(world: World, **duration: float) -> World:
    """The same world, seen later."""
    return replace(world, now=world.now + timedelta(**duration))


def test_fault_24_events_that_stripe_has_not_made_yet_are_read_later(
    watcher: Watcher, sandbox: Sandbox, time: FakeTime
) -> None:
    """Our clock is an hour ahead, so that the newest events are still to come when they are asked for."""
    headers = {"Date": format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)}
    body = '{"data": [], "has_more": false}'
    sandbox.faults.add(Fault("/v1/events", "status", 200, times=None, body=body, headers=headers))
    watcher.look()
    read_until = WebhookCursor.parse(watcher.cursor, time.now).since
    assert time.now - datetime.fromtimestamp(read_until, UTC) > timedelta(minutes=70)
