"""One careful way to read: retries that wait, and limits that hold."""

import time as real_time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from urllib3.connection import HTTPConnection

from ordersync_dagster.adapters.http import deadline
from ordersync_dagster.adapters.http.client import GuardedSession, Traffic, get_with_retries
from ordersync_dagster.core.errors import VendorUnavailableError
from ordersync_dagster.sandbox import Fault, Sandbox
from ordersync_dagster_tests.adapters.http.reader import ORDERS, Reader, Unlimited, refuse
from ordersync_dagster_tests.support.clock import FakeTime


def test_three_429_are_waited_out_at_least_as_long_as_asked(sandbox: Sandbox, reader: Reader, time: FakeTime) -> None:
    refuse(sandbox, 429, 3, Retry_After="7")
    assert reader.read().status == 200
    assert len(time.slept) == 3
    assert all(7 <= wait < 10 for wait in time.slept)
    assert reader.traffic.counts == {"requests": 4, "http_429": 3, "retries": 3}


def test_waits_grow_where_the_vendor_names_none(sandbox: Sandbox, reader: Reader, time: FakeTime) -> None:
    refuse(sandbox, 503, 5)
    assert reader.read().status == 200
    assert time.slept[0] >= 0.5
    assert time.slept[-1] >= 8
    assert time.slept == sorted(time.slept)


def test_429_for_ever_stops_before_the_deadline(sandbox: Sandbox, time: FakeTime) -> None:
    refuse(sandbox, 429, None, Retry_After="30")
    reader = Reader(sandbox, time.retry_policy(attempts=1000, deadline=100))
    with pytest.raises(VendorUnavailableError, match="Printful gave no usable answer in 4 attempts"):
        reader.read()
    assert 90 <= time.elapsed <= 100


def test_attempts_are_counted_too(sandbox: Sandbox, time: FakeTime) -> None:
    refuse(sandbox, 500, None)
    with pytest.raises(VendorUnavailableError, match=r"in 3 attempts \(the last: HTTP 500"):
        Reader(sandbox, time.retry_policy(attempts=3)).read()
    assert len(sandbox.requests) == 3


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("86400", 65, 65),
        ("999999999999999999999", 65, 65),
        ("-5", 0.5, 1.1),
        ("soon", 0.5, 1.1),
        ("0", 0.5, 1.1),
        ("١٢", 0.5, 1.1),
        ("Mon, 99 Foo 9999 99:99:99 GMT", 0.5, 1.1),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.5, 1.1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.5, 1.1),
        ("Wed, 21 Oct 9998 07:28:00 GMT", 65, 65),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", 0.5, 1.1),
        ("Wed, 21 Oct 2026 99999999999:28:00 GMT", 0.5, 1.1),
    ],
)
def test_fault_03_no_retry_after_makes_us_wait_for_ever_or_not_at_all(
    sandbox: Sandbox, reader: Reader, time: FakeTime, asked: str, least: float, most: float
) -> None:
    refuse(sandbox, 429, Retry_After=asked.encode().decode("latin-1"))
    assert reader.read().status == 200
    assert len(time.slept) == 1
    assert least <= time.slept[0] <= most


def test_a_retry_after_date_is_waited_for(sandbox: Sandbox, reader: Reader, time: FakeTime) -> None:
    refuse(sandbox, 503, Retry_After=format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True))
    assert reader.read().status == 200
    assert 35 <= time.slept[0] <= 41


def test_printfuls_sentence_counts_where_it_sends_no_header(sandbox: Sandbox, reader: Reader, time: FakeTime) -> None:
    body = '{"code":429,"result":"Too many requests. Please try again after 42 seconds."}'
    sandbox.faults.add(Fault(ORDERS, "status", status=429, body=body))
    assert reader.read().status == 200
    assert 42 <= time.slept[0] < 43


@pytest.mark.parametrize(
    ("status", "reset", "least", "most"),
    [
        (429, "7", 7, 8),
        (429, "12.5", 12.5, 13),
        (429, "-1", 0.5, 1.1),
        (429, "soon", 0.5, 1.1),
        (429, "1790000000", 0.5, 1.1),  # a point in time
        (503, "7", 0.5, 1.1),  # the limit is not the reason
    ],
)
def test_after_a_429_the_reset_of_the_limit_counts(
    sandbox: Sandbox, reader: Reader, time: FakeTime, status: int, reset: str, least: float, most: float
) -> None:
    sandbox.faults.add(Fault(ORDERS, "status", status=status, body="{}", headers={"X-Ratelimit-Reset": reset}))
    assert reader.read().status == 200
    assert least <= time.slept[0] <= most


def test_a_retry_after_is_stronger_than_the_reset_of_the_limit(
    sandbox: Sandbox, reader: Reader, time: FakeTime
) -> None:
    headers = {"Retry-After": "2.5", "X-Ratelimit-Reset": "30"}
    sandbox.faults.add(Fault(ORDERS, "status", status=429, headers=headers))
    assert reader.read().status == 200
    assert 2.5 <= time.slept[0] < 3.5


@pytest.mark.parametrize("status", [408, 409, 419, 425, 429, 500, 502, 503, 504, 507, 520, 522, 524, 530])
def test_what_may_pass_is_asked_again(sandbox: Sandbox, reader: Reader, status: int) -> None:
    refuse(sandbox, status)
    assert reader.read().status == 200
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422])
def test_what_stays_is_asked_once(sandbox: Sandbox, reader: Reader, status: int) -> None:
    refuse(sandbox, status, None)
    assert reader.read().status == status
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("kind", ["html", "truncated_json", "short_body", "reset"])
def test_faults_06_and_07_a_broken_answer_is_asked_for_again_and_never_used(
    sandbox: Sandbox, reader: Reader, kind: Any
) -> None:
    whole = reader.read().body
    sandbox.faults.add(Fault(ORDERS, kind, times=2))
    assert reader.read().body == whole
    assert len(sandbox.requests) == 4


@pytest.mark.parametrize("kind", ["html", "truncated_json", "short_body", "reset"])
def test_a_broken_answer_for_ever_is_one_sentence_without_its_body(
    sandbox: Sandbox, reader: Reader, kind: Any, outage: Any
) -> None:
    sandbox.faults.add(Fault(ORDERS, kind, times=None))
    with pytest.raises(VendorUnavailableError) as raised:
        reader.read()
    assert len(str(raised.value)) < 250
    assert "<html>" not in str(raised.value)
    assert outage.printful_orders[0]["recipient"]["name"] not in str(raised.value)


@pytest.mark.parametrize("body", ["", "{} {}", '{"total": NaN}', '{"total": Infinity}', "[" * 100_000, b"\xff\xfe\xfa"])
def test_what_is_not_json_is_asked_for_again(sandbox: Sandbox, reader: Reader, body: str | bytes) -> None:
    sandbox.faults.add(Fault(ORDERS, "status", status=200, body=body))
    assert reader.read().body["code"] == 200
    assert len(sandbox.requests) == 2


def test_amounts_arrive_exact(sandbox: Sandbox, reader: Reader) -> None:
    sandbox.faults.add(Fault(ORDERS, "status", status=200, body='{"price": 1.10}'))
    assert str(reader.read().body["price"]) == "1.10"


@pytest.mark.parametrize(("said", "requests_seen"), [("false", 1), ("true", 2), ("perhaps", 2)])
def test_fault_05_stripes_own_word_on_retries_is_heeded(
    sandbox: Sandbox, reader: Reader, said: str, requests_seen: int
) -> None:
    refuse(sandbox, 500, Stripe_Should_Retry=said)
    assert reader.read().status == (500 if said == "false" else 200)
    assert len(sandbox.requests) == requests_seen


@pytest.mark.parametrize("status", [401, 403])
def test_faults_57_and_58_no_word_on_retries_makes_a_refused_key_be_tried_again(
    sandbox: Sandbox, reader: Reader, status: int
) -> None:
    refuse(sandbox, status, None, Stripe_Should_Retry="true")
    assert reader.read().status == status
    assert len(sandbox.requests) == 1


def test_a_word_on_retries_beside_a_good_answer_means_nothing(sandbox: Sandbox, reader: Reader) -> None:
    sandbox.faults.add(Fault(ORDERS, "status", status=200, body="{}", headers={"Stripe-Should-Retry": "true"}))
    assert reader.read().body == {}
    assert len(sandbox.requests) == 1


def test_a_drip_is_cut_at_the_deadline_of_the_body(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "ANSWER_DEADLINE_SECONDS", 0.2)
    sandbox.faults.add(Fault(ORDERS, "drip", delay=0.02, times=2))
    start = real_time.monotonic()
    with pytest.raises(VendorUnavailableError, match="in 2 attempts"):
        Reader(sandbox, time.retry_policy(attempts=2)).read()
    assert real_time.monotonic() - start < 2


def test_each_attempt_takes_one_token_of_the_budget(sandbox: Sandbox, reader: Reader) -> None:
    refuse(sandbox, 500, 2)
    reader.read()
    assert (reader.rate_limit.taken, reader.rate_limit.slowed) == ([ORDERS] * 3, [])


def test_a_turn_that_was_waited_for_is_the_token_of_the_next_attempt_alone(sandbox: Sandbox, reader: Reader) -> None:
    refuse(sandbox, 503)
    reader.session.wait_for_turn(reader.url + ORDERS)
    assert reader.rate_limit.taken == [ORDERS]
    reader.read()
    assert reader.rate_limit.taken == [ORDERS] * len(sandbox.requests) == [ORDERS] * 2


def test_a_429_tells_the_budget_to_leave_room(sandbox: Sandbox, reader: Reader) -> None:
    refuse(sandbox, 429, 2)
    reader.read()
    assert reader.rate_limit.slowed == [ORDERS] * 2


def test_one_connection_serves_many_requests(sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[HTTPConnection] = []
    connect = HTTPConnection.connect

    def counted(connection: HTTPConnection) -> None:
        if sandbox.url.endswith(f":{connection.port}"):
            opened.append(connection)
        connect(connection)

    monkeypatch.setattr(HTTPConnection, "connect", counted)
    for _ in range(5):
        reader.read()
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("base", "cause"),
    [
        ("http://127.0.0.1:9", r"127\.0\.0\.1:9 takes no connection"),
        ("http://stripe.invalid", r"this machine does not know the name stripe\.invalid"),
    ],
)
def test_a_vendor_that_is_not_there_is_told_with_cause_and_fix(time: FakeTime, base: str, cause: str) -> None:
    session = GuardedSession(Unlimited(), Traffic())
    fix = "Look at this machine's network and Stripe's status page"
    with pytest.raises(VendorUnavailableError, match=rf"in 2 attempts \(the last: {cause}\)\. {fix}") as raised:
        get_with_retries(
            lambda: session.get(f"{base}/v1?starting_after=cs_1"), "Stripe", time.retry_policy(attempts=2), Traffic()
        )
    assert "cs_1" not in str(raised.value)
