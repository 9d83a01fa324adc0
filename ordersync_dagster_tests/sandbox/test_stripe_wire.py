"""Stripe's side of the wire, as its reference describes it."""

import dataclasses

import pytest
import requests

from ordersync_dagster.sandbox import (
    RESTRICTED_KEY,
    STRIPE_KEY,
    Sandbox,
    World,
    checkout_session,
    dispute,
    invoice_payment,
    line_item,
)
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT
from ordersync_dagster_tests.sandbox.client import Client
from ordersync_dagster_tests.support.clock import NOW

SESSIONS = "/v1/checkout/sessions"
UNKNOWN = "cs_test_a1unknown"


def test_pages_lead_from_the_newest_to_the_end(stripe: Client, outage: World) -> None:
    walked = stripe.walk(SESSIONS, limit=7)
    assert walked == list(outage.sessions)
    created = [session["created"] for session in walked]
    assert created == sorted(created, reverse=True)


def test_ending_before_gives_the_page_just_newer_still_newest_first(stripe: Client, outage: World) -> None:
    ids = [session["id"] for session in outage.sessions]
    page = stripe.get(SESSIONS, limit=3, ending_before=ids[10]).json()
    assert [session["id"] for session in page["data"]] == ids[7:10]
    assert page["has_more"]
    assert not stripe.get(SESSIONS, limit=3, ending_before=ids[2]).json()["has_more"]


def test_a_list_names_its_url_and_holds_ten_unless_told(stripe: Client) -> None:
    page = stripe.get(SESSIONS).json()
    assert (page["object"], page["url"], len(page["data"]), page["has_more"]) == ("list", SESSIONS, 10, True)


def test_created_bounds_are_half_open_as_asked(stripe: Client, outage: World) -> None:
    start, end = outage.sessions[30]["created"], outage.sessions[20]["created"]

    def moments(**bounds: int) -> set[int]:
        return {session["created"] for session in stripe.walk(SESSIONS, limit=100, **bounds)}

    all_of_them = {session["created"] for session in outage.sessions}
    assert moments(gte=start, lt=end) == {moment for moment in all_of_them if start <= moment < end}
    assert moments(gt=start, lte=end) == {moment for moment in all_of_them if start < moment <= end}
    assert moments(created=start) == {start}
    assert moments(gte=end, lt=end) == set()


def test_the_status_filter_keeps_order_and_cursors(stripe: Client, outage: World) -> None:
    complete = [session for session in outage.sessions if session["status"] == "complete"]
    assert stripe.walk(SESSIONS, limit=5, status="complete") == complete


def test_a_payment_intent_leads_to_its_session(stripe: Client, outage: World) -> None:
    wanted = next(session for session in outage.sessions[10:] if session["payment_intent"])
    found = stripe.walk(SESSIONS, payment_intent=wanted["payment_intent"], status=wanted["status"])
    assert found == [wanted]


def test_lines_are_absent_unless_expanded(stripe: Client, outage: World) -> None:
    assert all("line_items" not in session for session in stripe.walk(SESSIONS, limit=100))
    for params in ({"expand": "data.line_items"}, {"expand[0]": "data.line_items"}):
        for session in stripe.walk(SESSIONS, limit=100, **params):
            assert session["line_items"]["data"] == outage.line_items[session["id"]]
            assert not session["line_items"]["has_more"]


def test_an_expanded_session_holds_ten_lines_and_the_rest_is_paged(sandbox: Sandbox, stripe: Client) -> None:
    lines = [line_item(id=f"li_{number:03d}", amount_total=100 + number) for number in range(23)]
    session = checkout_session(id="cs_test_many", created=int(NOW.timestamp()))
    sandbox.put_session(session, lines)
    url = f"{SESSIONS}/cs_test_many/line_items"
    inline = stripe.get(f"{SESSIONS}/cs_test_many", expand="line_items").json()["line_items"]
    assert (inline["data"], inline["has_more"], inline["url"]) == (lines[:10], True, url)
    assert stripe.walk(url, limit=9) == lines
    assert stripe.get(f"{SESSIONS}/cs_test_many").json() == session


def test_refunds_and_events_are_lists_of_their_own(stripe: Client, outage: World) -> None:
    assert stripe.walk("/v1/refunds", limit=1) == list(outage.refunds)
    intent = outage.refunds[0]["payment_intent"]
    assert stripe.walk("/v1/refunds", payment_intent=intent) == [outage.refunds[0]]
    assert stripe.walk("/v1/events", limit=100) == outage.events
    late = "checkout.session.async_payment_succeeded"
    only_late = [event for event in outage.events if event["type"] == late]
    assert only_late
    assert stripe.walk("/v1/events", type=late) == only_late
    assert stripe.walk("/v1/events", limit=100, type="checkout.session.*") == outage.events
    assert stripe.walk("/v1/events", types=[late, "charge.refunded"]) == only_late


def test_disputes_and_payments_of_invoices_are_found_by_what_they_name(sandbox: Sandbox, stripe: Client) -> None:
    sandbox.put_dispute(dispute())
    sandbox.put_invoice_payment(invoice_payment())
    assert stripe.walk("/v1/disputes", gte=0) == stripe.walk("/v1/disputes", payment_intent=PAYMENT_INTENT)
    assert stripe.walk("/v1/disputes", charge="ch_another") == []
    assert stripe.walk("/v1/invoice_payments", status="paid") == [invoice_payment()]
    assert stripe.walk("/v1/invoice_payments", invoice="in_another") == []


def test_each_answer_carries_a_request_id_the_version_and_the_date(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {STRIPE_KEY}", "Stripe-Version": "2026-10-28.endive"}
    answers = [requests.get(sandbox.url + SESSIONS, headers=headers, timeout=10) for _ in range(2)]
    assert {answer.headers["Stripe-Version"] for answer in answers} == {"2026-10-28.endive"}
    assert len({answer.headers["Request-Id"] for answer in answers}) == 2
    assert all("Date" in answer.headers for answer in answers)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer sk_test_" + "someoneElses"}])
def test_a_missing_or_wrong_key_is_401(sandbox: Sandbox, header: dict[str, str]) -> None:
    answer = requests.get(sandbox.url + SESSIONS, headers=header, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "someoneElses" not in answer.text


def test_a_restricted_key_is_told_which_permission_it_lacks(sandbox: Sandbox) -> None:
    client = Client(sandbox.url, RESTRICTED_KEY)
    assert client.get(SESSIONS).status_code == 200
    for path, slug in (
        ("/v1/refunds", "rak_charge_read"),
        ("/v1/disputes", "rak_dispute_read"),
        ("/v1/invoice_payments", "rak_invoice_read"),
        ("/v1/events", "rak_event_read"),
    ):
        answer = client.get(path)
        assert answer.status_code == 403
        assert f"Having the '{slug}' permission would allow" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"limit": 0}, None, "limit"),
        ({"limit": 101}, None, "limit"),
        ({"limit": "ten"}, "parameter_invalid_integer", "limit"),
        ({"payment_status": "paid"}, "parameter_unknown", "payment_status"),
        ({"gte": "yesterday"}, "parameter_invalid_integer", "created[gte]"),
        ({"starting_after": UNKNOWN}, "resource_missing", "starting_after"),
        ({"ending_before": UNKNOWN}, "resource_missing", "ending_before"),
        ({"status": "paid"}, None, "status"),
        ({"expand": "data.everything"}, None, "expand"),
    ],
)
def test_what_stripe_would_not_accept_is_400(
    stripe: Client, params: dict[str, object], code: str | None, param: str
) -> None:
    answer = stripe.get(SESSIONS, **params)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error["param"]) == (code, param)


@pytest.mark.parametrize("tail", ["", "/line_items"])
def test_an_unknown_session_is_404(stripe: Client, tail: str) -> None:
    answer = stripe.get(f"{SESSIONS}/{UNKNOWN}{tail}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "resource_missing"
    assert stripe.get("/v1/charges").status_code == 404


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_nothing_but_get_is_answered_and_the_attempt_is_recorded(sandbox: Sandbox, method: str) -> None:
    headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
    answer = requests.request(method, sandbox.url + SESSIONS, headers=headers, data={"a": "b"}, timeout=10)
    assert answer.status_code == 405
    recorded = sandbox.requests[-1]
    assert (recorded.method, recorded.path, recorded.status) == (method, SESSIONS, 405)
    assert "authorization" not in recorded.headers


def test_a_session_added_or_changed_between_requests_is_seen_at_once(sandbox: Sandbox, stripe: Client) -> None:
    added = checkout_session(id="cs_test_new", created=int(NOW.timestamp()))
    sandbox.put_session(added, [line_item()])
    assert stripe.get(SESSIONS, limit=1).json()["data"] == [added]
    sandbox.put_session({**added, "status": "expired"})
    assert stripe.get(SESSIONS, limit=1, expand="data.line_items").json()["data"][0]["status"] == "expired"
    assert stripe.get(f"{SESSIONS}/cs_test_new/line_items").json()["data"] == [line_item()]
    sandbox.remove_session("cs_test_new")
    assert stripe.get(f"{SESSIONS}/cs_test_new").status_code == 404


def test_another_world_replaces_this_one(sandbox: Sandbox, stripe: Client, outage: World) -> None:
    sandbox.replace(dataclasses.replace(outage, sessions=()))
    assert stripe.walk(SESSIONS) == []
    assert sandbox.world.sessions == ()
