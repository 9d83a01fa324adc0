"""Time that jumps, payments that settle late, and periods of hundreds of days."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.errors import UsageError, VendorUnavailableError
from ordersync_dagster.sandbox import Fault, Sandbox, World, checkout_session
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched, once_something_is_written
from ordersync_dagster_tests.support.world import lost, lost_ids


def test_fault_21_a_payment_settled_days_later_is_found_by_its_sessions_day(
    shop: Shop, outage: World, time: FakeTime
) -> None:
    session = {**lost(outage)[0], "payment_status": "unpaid"}
    shop.sandbox.put_session(session)
    shop.run()
    assert session["id"] not in shop.database.column("SELECT stripe_session_id FROM orders")
    time.now += timedelta(days=3)
    shop.sandbox.put_session({**session, "payment_status": "paid"})
    shop.run()
    assert session["id"] in shop.database.column("SELECT stripe_session_id FROM orders")


@pytest.mark.parametrize("minutes", [-10, 10])
def test_fault_24_a_clock_that_is_wrong_by_ten_minutes_loses_nobody(
    shop: Shop, outage: World, time: FakeTime, minutes: int
) -> None:
    time.now = NOW + timedelta(minutes=minutes)
    assert shop.run().outcome.summary.errors == 0
    time.now = NOW + timedelta(minutes=30)
    assert shop.run().outcome.summary.errors == 0
    assert set(lost_ids(outage)) <= set(shop.database.column("SELECT stripe_session_id FROM orders"))


def test_fault_24_a_clock_that_jumps_back_in_the_run_changes_nothing_of_its_result(
    shop: Shop, outage: World, time: FakeTime
) -> None:
    def jump() -> None:
        time.now -= timedelta(hours=2)

    run = shop.run(meanwhile=jump)
    assert run.outcome.summary.errors == 0
    assert set(lost_ids(outage)) <= set(shop.database.column("SELECT stripe_session_id FROM orders"))
    time.now = NOW
    assert set(shop.run().outcome.rows.values()) <= {0}


class Year:
    """A shop that sold once a day for four hundred days and stored nothing."""

    def __init__(self, sandbox: Sandbox, database: Database, time: FakeTime) -> None:
        self.sandbox, self.database, self.time = sandbox, database, time
        newest = NOW - timedelta(hours=3)
        sessions = [
            checkout_session(
                id=f"cs_test_day{n}", payment_intent=f"pi_day{n}", created=int((newest - timedelta(days=n)).timestamp())
            )
            for n in range(400)
        ]
        sandbox.replace(World(NOW, sessions))

    def run(self) -> Run:
        settings = settings_for(self.sandbox, self.database.url)
        tools, scope = self.time.tools(2), PrintfulScope.none
        run = launched(settings, scope, days=400, tools=tools)
        for _ in run.parts:
            continue
        return run


@pytest.mark.slow
def test_fault_26_four_hundred_days_half_of_them_done_are_resumed_and_then_idle(
    sandbox: Sandbox, sqlite_url: str, time: FakeTime
) -> None:
    year = Year(sandbox, Database(sqlite_url), time)
    older = int((NOW - timedelta(days=300)).timestamp())  # not the window's start, with which everything begins
    start = f"gte%5D={older // 10**6}"
    sandbox.faults.add(Fault("/v1/checkout/sessions", "status", times=None, match=start))
    time.meanwhile = once_something_is_written(year.database)
    with pytest.raises(VendorUnavailableError):
        year.run()
    assert sandbox.faults.fired > 0
    assert 0 < year.database.count("orders") < 400
    sandbox.faults.clear()
    run = year.run()
    assert len(run.outcome.days) == 401
    assert year.database.count("orders") == run.outcome.summary.stripe_sessions_checked == 400
    assert set(year.run().outcome.rows.values()) <= {0}


def by_stripes_clock(shop: Shop, ahead: timedelta, sessions: list[dict[str, Any]]) -> None:
    """Stripe's clock is so far ahead of this machine's; it lists `sessions` of the asked period."""
    now = datetime.now(UTC) + ahead  # the machine's own clock is compared, whatever the run takes for now
    body = json.dumps({"data": sessions, "has_more": False})
    headers = {"Date": format_datetime(now, usegmt=True)}
    shop.sandbox.faults.add(Fault("/v1/checkout", "status", 200, times=None, body=body, headers=headers))


def sale(name: str, age: timedelta) -> dict[str, Any]:
    """A paid session of that age by our clock."""
    created = int((NOW - age).timestamp())
    return checkout_session(id=name, payment_intent=f"pi_{name}", created=created)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("ahead", "age", "is_added"),
    [
        (-HOUR, timedelta(minutes=20), False),  # made in the last minutes, by a clock that is an hour slow
        (-HOUR, timedelta(minutes=70), False),
        (-HOUR, timedelta(minutes=80), True),
        (HOUR, timedelta(minutes=-30), True),
        (HOUR, timedelta(minutes=-50), False),
        (timedelta(seconds=50), timedelta(minutes=14, seconds=30), False),
        (timedelta(seconds=-50), timedelta(minutes=15, seconds=30), True),
    ],
)
def test_fault_24_grace_goes_by_stripes_clock_where_ours_is_off_by_a_minute(
    new_shop: Shop, ahead: timedelta, age: timedelta, is_added: bool
) -> None:
    by_stripes_clock(new_shop, ahead, [sale("cs_test_young", age)])
    run = new_shop.run(printful=PrintfulScope.none)
    assert run.outcome.summary.stripe_sessions_added == is_added
    assert run.outcome.summary.skipped_too_recent == (not is_added)
    warned = [each for each in run.ready.warnings if "clock is" in each]
    assert len(warned) == (abs(ahead) > timedelta(minutes=1))


def test_fault_24_sales_that_are_newer_than_our_clock_are_asked_for(new_shop: Shop) -> None:
    by_stripes_clock(new_shop, 3 * HOUR, [])
    run = new_shop.run(printful=PrintfulScope.none)
    ends = {parse_qs(each.query)["created[lt]"][0] for each in new_shop.sandbox.requests}
    latest = max(map(int, ends))
    assert abs(latest - (NOW + 3 * HOUR).timestamp()) < 60
    assert abs(run.outcome.window.end - (NOW + 3 * HOUR)) < timedelta(minutes=1)
    assert "3 hours behind Stripe's" in " ".join(run.ready.warnings)


def test_fault_24_a_period_that_has_not_begun_at_stripe_is_exit_2_and_not_empty(new_shop: Shop) -> None:
    by_stripes_clock(new_shop, -60 * HOUR, [sale("cs_test_now", HOUR)])
    with pytest.raises(UsageError, match=r"clock is 60 hours ahead of Stripe's, where the period has not begun yet"):
        new_shop.run(days=1, printful=PrintfulScope.none)
    assert new_shop.database.count("orders") == 0


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_fault_24_a_date_that_no_clock_shows_is_not_used(new_shop: Shop, date: str) -> None:
    body = json.dumps({"data": [sale("cs_test_old", HOUR)], "has_more": False})
    new_shop.sandbox.faults.add(Fault("/v1/", "status", 200, times=None, body=body, headers={"Date": date}))
    run = new_shop.run(printful=PrintfulScope.none)
    assert run.outcome.summary.stripe_sessions_added == 1
    assert run.outcome.window.end == NOW


def test_fault_24_a_day_that_is_not_over_at_stripe_is_no_whole_day(new_shop: Shop) -> None:
    new_shop.time.now = NOW.replace(hour=1)
    by_stripes_clock(new_shop, -2 * HOUR, [])
    run = new_shop.run(printful=PrintfulScope.none)
    today = new_shop.time.now.date()
    assert today - timedelta(days=1) not in run.outcome.window.whole_days
    assert today - timedelta(days=2) in run.outcome.window.whole_days
