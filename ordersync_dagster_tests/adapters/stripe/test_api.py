"""Stripe: every complete session of a window once, by day; refunds; keys that may not."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
import stripe as stripe_sdk

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.adapters.stripe.api import StripeApi
from ordersync_dagster.app.wiring import open_stripe
from ordersync_dagster.core.errors import KeyRefusedError, VendorAnswerError, VendorUnavailableError
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import RESTRICTED_KEY, Fault, Sandbox, World, build, checkout_session, refund
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.settings import settings_for

SESSIONS, REFUNDS = "/v1/checkout/sessions", "/v1/refunds"
MONTH = Window.last_days(30, NOW)


@pytest.fixture
def stripe(sandbox: Sandbox, time: FakeTime) -> StripeApi:
    return api(sandbox, time)


def api(sandbox: Sandbox, time: FakeTime, **changes: str) -> StripeApi:
    return open_stripe(settings_for(sandbox, **changes), time.retry_policy(attempts=4), Traffic())


def ids(days: Iterable[tuple[date, list[Any]]]) -> list[str]:
    return [row["id"] for _, rows in days for row in rows]


def read(stripe: StripeApi, window: Window = MONTH, *, with_line_items: bool = False) -> list[str]:
    return ids(listed(stripe, window, with_line_items=with_line_items))


def listed(
    stripe: StripeApi, window: Window = MONTH, *, with_line_items: bool = False
) -> list[tuple[date, list[object]]]:
    """The days, each session as it came."""
    return list(chain.from_iterable(stripe.sessions(window, lambda row: row, with_line_items=with_line_items)))


def complete(world: World, window: Window = MONTH) -> list[str]:
    """What there is to find, newest first."""
    seconds = range(window.start_epoch, window.end_epoch)
    return [s["id"] for s in world.sessions if s["status"] == "complete" and s["created"] in seconds]


def answering(sandbox: Sandbox, body: str, **how: Any) -> None:
    sandbox.faults.add(Fault(SESSIONS, "status", status=200, body=body, **how))


def test_every_complete_session_of_the_window_is_listed_once(stripe: StripeApi, outage: World) -> None:
    assert sorted(read(stripe)) == sorted(complete(outage))


def test_days_come_newest_first_and_hold_their_own_sessions(stripe: StripeApi) -> None:
    days = [day for day, _ in listed(stripe)]
    assert days == sorted(set(days), reverse=True)
    for day, rows in listed(stripe):
        assert rows
        assert {datetime.fromtimestamp(row["created"], UTC).date() for row in rows if isinstance(row, dict)} == {day}


def test_the_window_is_half_open(sandbox: Sandbox, stripe: StripeApi) -> None:
    start, end = int(MONTH.start.timestamp()), int((MONTH.start + timedelta(days=1)).timestamp())
    made = [checkout_session(id=f"cs_{second}", created=second) for second in (start - 1, start, end - 1, end)]
    sandbox.replace(World(NOW, sessions=list(reversed(made))))
    assert read(stripe, Window(MONTH.start, MONTH.start + timedelta(days=1))) == [f"cs_{end - 1}", f"cs_{start}"]


def test_more_sessions_than_a_page_holds_are_all_found(sandbox: Sandbox, stripe: StripeApi) -> None:
    world = build("large", now=NOW, size=730)
    sandbox.replace(world)
    assert sorted(read(stripe)) == sorted(complete(world))


def test_fault_19_a_session_that_is_completed_meanwhile_moves_no_other_out_of_sight(
    sandbox: Sandbox, time: FakeTime, stripe: StripeApi
) -> None:
    world = build("large", now=NOW, size=350)
    sandbox.replace(world)
    sandbox.faults.add(Fault(SESSIONS, "status", status=503, times=1, match="starting_after"))
    late = checkout_session(id="cs_test_late", created=world.sessions[0]["created"])
    time.meanwhile = lambda: sandbox.put_session(late)
    assert set(complete(world)) <= set(read(stripe))


def test_line_items_come_with_the_list_where_they_are_wanted(sandbox: Sandbox, stripe: StripeApi) -> None:
    rows = [row for _, rows in listed(stripe, with_line_items=True) for row in rows]
    assert all(isinstance(row, dict) and row["line_items"]["data"] for row in rows)
    assert {request.path for request in sandbox.requests} == {SESSIONS}
    plain = [row for _, rows in listed(stripe) for row in rows]
    assert not any(isinstance(row, dict) and "line_items" in row for row in plain)


def test_a_pinned_version_and_the_key_go_with_every_request(sandbox: Sandbox, stripe: StripeApi) -> None:
    read(stripe)
    list(stripe.refunds(0))
    versions = {request.headers["stripe-version"] for request in sandbox.requests}
    assert len(versions) == 1
    assert all("telemetry" not in name for request in sandbox.requests for name in request.headers)


def test_fault_65_the_sdks_telemetry_is_still_known_by_its_name_and_is_off(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_sdk, "enable_telemetry", True)  # an AttributeError where an upgrade renamed it
    api(sandbox, time)
    assert stripe_sdk.enable_telemetry is False


def test_a_page_that_comes_twice_stops_the_run_instead_of_looping(sandbox: Sandbox, stripe: StripeApi) -> None:
    session = checkout_session(created=int(NOW.timestamp()) - 100)
    answering(sandbox, _page([session], has_more=True), times=None)
    with pytest.raises(VendorAnswerError, match="makes no progress"):
        read(stripe)


def test_empty_pages_with_more_to_come_leave_their_days_unread(sandbox: Sandbox, stripe: StripeApi) -> None:
    answering(sandbox, _page([], has_more=True), times=None)
    assert read(stripe) == []
    assert stripe.unread_days == set(MONTH.days)
    sandbox.faults.clear()
    assert read(stripe)
    assert stripe.unread_days == set(), "of the last list alone"


def test_a_session_on_two_pages_counts_once(sandbox: Sandbox, stripe: StripeApi) -> None:
    newer, both, older = (checkout_session(id=f"cs_{n}", created=int(NOW.timestamp()) - n) for n in (1, 2, 3))
    answering(sandbox, _page([newer, both], has_more=True))
    answering(sandbox, _page([both, older], has_more=False), times=None)
    assert read(stripe) == ["cs_1", "cs_2", "cs_3"]


@pytest.mark.parametrize("body", ["null", "[]", '{"data": null}', '{"data": {}}', '{"object": "list"}', "12"])
def test_an_answer_that_is_no_list_stops_the_run(sandbox: Sandbox, stripe: StripeApi, body: str) -> None:
    answering(sandbox, body, times=None)
    with pytest.raises(VendorAnswerError, match="is not a list"):
        read(stripe)


def test_rows_that_are_no_sessions_are_handed_on_to_be_reported(sandbox: Sandbox, stripe: StripeApi) -> None:
    answering(sandbox, '{"data": [null, "text", {"id": "cs_1"}, {"id": 5}], "has_more": false}', times=None)
    assert [row for _, rows in listed(stripe) for row in rows] == [
        None,
        "text",
        {"id": "cs_1"},
        {"id": 5},
    ]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_page_that_fails_is_asked_for_again(sandbox: Sandbox, stripe: StripeApi, outage: World, status: int) -> None:
    sandbox.faults.add(Fault(SESSIONS, "status", status=status, times=3))
    assert sorted(read(stripe)) == sorted(complete(outage))


@pytest.mark.parametrize("kind", ["reset", "short_body", "truncated_json", "html"])
def test_pages_that_break_are_asked_for_again(sandbox: Sandbox, stripe: StripeApi, kind: Any) -> None:
    world = build("large", now=NOW, size=350)
    sandbox.replace(world)
    sandbox.faults.add(Fault(SESSIONS, kind, every=3))
    assert sorted(read(stripe)) == sorted(complete(world))


def test_stripe_away_for_good_is_an_error_that_a_retry_may_help(sandbox: Sandbox, stripe: StripeApi) -> None:
    sandbox.faults.add(Fault(SESSIONS, "status", status=503, times=None))
    with pytest.raises(VendorUnavailableError, match=r"Stripe gave no usable answer in 4 attempts"):
        read(stripe)


def test_a_wrong_key_is_named_by_its_end_and_asked_once(sandbox: Sandbox, time: FakeTime) -> None:
    key = "sk_test_" + "nobodyKnowsThisKey"
    with pytest.raises(KeyRefusedError, match=r"refused STRIPE_SECRET_KEY \(…sKey\).*req_") as raised:
        read(api(sandbox, time, STRIPE_SECRET_KEY=key))
    assert key not in str(raised.value)
    assert len(sandbox.requests) == 1
    assert time.slept == []


def test_a_missing_permission_is_named_and_asked_once(sandbox: Sandbox, stripe: StripeApi, time: FakeTime) -> None:
    sandbox.faults.add(Fault(SESSIONS, "status", status=403, times=None))
    with pytest.raises(KeyRefusedError, match=r"lacks the permission “Checkout Sessions: Read”"):
        read(stripe)
    assert len(sandbox.requests) == 1
    assert time.slept == []


def test_a_restricted_key_reads_sessions_and_says_what_it_may_not(
    sandbox: Sandbox, time: FakeTime, outage: World
) -> None:
    stripe = api(sandbox, time, STRIPE_SECRET_KEY=RESTRICTED_KEY)
    assert sorted(read(stripe)) == sorted(complete(outage))
    assert [*stripe.refunds(0), *stripe.disputes(0)] == []
    with pytest.raises(KeyRefusedError):
        list(stripe.invoice_payments(0))
    assert len(stripe.warnings) == 3
    for warning, permission in zip(stripe.warnings, ("Charges and Refunds", "Disputes", "Invoices"), strict=True):
        assert f"“{permission}: Read" in warning


def test_refunds_since_a_moment_are_all_listed(sandbox: Sandbox, stripe: StripeApi) -> None:
    made = [refund(id=f"re_{n}", created=MONTH.start_epoch + n) for n in range(-50, 250)]
    sandbox.replace(replace(sandbox.world, refunds=list(reversed(made))))
    found = stripe.refunds(MONTH.start_epoch)
    assert sorted(row["id"] for row in found if isinstance(row, dict)) == sorted(f"re_{n}" for n in range(250))


def test_refunds_are_handed_on_page_by_page_and_not_kept(sandbox: Sandbox, stripe: StripeApi) -> None:
    made = [refund(id=f"re_{n}", created=MONTH.start_epoch + n) for n in range(250)]
    sandbox.replace(replace(sandbox.world, refunds=list(reversed(made))))
    requests_at = [len(sandbox.requests) for _ in stripe.refunds(MONTH.start_epoch)]
    assert (requests_at[0], requests_at[100], requests_at[249]) == (1, 2, 3)


def _page(rows: list[dict[str, Any]], *, has_more: bool) -> str:
    return json.dumps({"object": "list", "data": rows, "has_more": has_more})
