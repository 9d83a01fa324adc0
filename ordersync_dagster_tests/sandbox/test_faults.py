"""Faults on request, each seen by an ordinary client."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from ordersync_dagster.sandbox import Fault, Sandbox, World, serve
from ordersync_dagster_tests.sandbox.client import Client

SESSIONS = "/v1/checkout/sessions"
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def statuses(client: Client, path: str, times: int) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_a_status_is_answered_so_many_times_with_its_headers(sandbox: Sandbox, stripe: Client) -> None:
    sandbox.faults.add(Fault(SESSIONS, "status", status=429, times=3, headers={"Retry-After": "1"}))
    answer = stripe.get(SESSIONS)
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["error"]["code"] == "rate_limit"
    assert "Request-Id" in answer.headers
    assert statuses(stripe, SESSIONS, 3) == [429, 429, 200]
    assert [recorded.status for recorded in sandbox.requests] == [429, 429, 429, 200]
    assert sandbox.faults.fired == 3


def test_each_vendor_refuses_in_its_own_words(sandbox: Sandbox, stripe: Client, printful: Client) -> None:
    sandbox.faults.add(Fault("/", "status", status=500, times=None))
    assert stripe.get(SESSIONS).json()["error"]["type"] == "api_error"
    refusal = printful.get("/orders").json()
    assert (refusal["code"], refusal["error"]["reason"]) == (500, "InternalServerError")
    sandbox.faults.clear()
    assert statuses(printful, "/orders", 1) == [200]


def test_a_body_can_be_given(sandbox: Sandbox, printful: Client) -> None:
    sandbox.faults.add(Fault("/orders", "status", status=200, body='{"code":200,"result":null}'))
    assert printful.get("/orders").json() == {"code": 200, "result": None}


def test_every_nth_request_is_hit_for_ever(sandbox: Sandbox, stripe: Client) -> None:
    sandbox.faults.add(Fault(SESSIONS, "status", status=503, every=3))
    assert statuses(stripe, SESSIONS, 7) == [200, 200, 503, 200, 200, 503, 200]


def test_a_match_spares_other_requests(sandbox: Sandbox, stripe: Client) -> None:
    sandbox.faults.add(Fault(SESSIONS, "status", times=None, match="starting_after="))
    page = stripe.get(SESSIONS)
    assert page.status_code == 200
    assert stripe.get(SESSIONS, starting_after=page.json()["data"][-1]["id"]).status_code == 500


def test_html_comes_as_502(sandbox: Sandbox, printful: Client) -> None:
    sandbox.faults.add(Fault("/orders", "html"))
    answer = printful.get("/orders")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize("kind", ["reset", "short_body"])
def test_a_broken_answer_is_a_connection_error_and_the_next_one_is_whole(
    sandbox: Sandbox, stripe: Client, kind: str
) -> None:
    sandbox.faults.add(Fault(SESSIONS, kind, times=2))  # type: ignore[arg-type]  # a word of Kind
    for _ in range(2):
        with pytest.raises(BROKEN):
            stripe.get(SESSIONS, limit=100)
    assert stripe.get(SESSIONS, limit=100).status_code == 200


def test_a_reset_and_a_short_body_differ_in_how_they_end(sandbox: Sandbox, stripe: Client) -> None:
    sandbox.faults.add(Fault(SESSIONS, "reset"))
    sandbox.faults.add(Fault(SESSIONS, "short_body"))
    with pytest.raises(BROKEN, match="reset by peer"):
        stripe.get(SESSIONS, limit=100)
    with pytest.raises(BROKEN, match="IncompleteRead"):
        stripe.get(SESSIONS, limit=100)


def test_truncated_json_is_a_complete_answer(sandbox: Sandbox, printful: Client) -> None:
    sandbox.faults.add(Fault("/orders", "truncated_json"))
    answer = printful.get("/orders")
    assert (answer.status_code, int(answer.headers["Content-Length"])) == (200, len(answer.content))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_slow_waits_and_then_answers(sandbox: Sandbox, stripe: Client) -> None:
    sandbox.faults.add(Fault(SESSIONS, "slow", delay=0.2))
    start = time.monotonic()
    assert stripe.get(SESSIONS).status_code == 200
    assert time.monotonic() - start >= 0.2


def test_a_drip_beats_a_read_timeout_and_ends_when_the_client_leaves(sandbox: Sandbox, stripe: Client) -> None:
    sandbox.faults.add(Fault(SESSIONS, "drip", delay=0.05))
    headers = {"Authorization": f"Bearer {stripe.key}"}
    with requests.get(sandbox.url + SESSIONS, headers=headers, timeout=0.3, stream=True) as answer:
        start = time.monotonic()
        received = [next(answer.iter_content(1)) for _ in range(10)]
    assert b"".join(received) == b'{"object":'
    assert time.monotonic() - start >= 0.3
    assert stripe.get(SESSIONS).status_code == 200


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="earthquake"):
        Fault("/", "earthquake")  # type: ignore[arg-type]  # that is the point


def test_latency_delays_every_answer(outage: World) -> None:
    with serve(outage, latency=0.1) as sandbox:
        start = time.monotonic()
        requests.get(sandbox.url + SESSIONS, timeout=10)
        assert time.monotonic() - start >= 0.1


def test_rate_limits_refuse_as_each_vendor_does(outage: World) -> None:
    limits = {"stripe": (2, 0.3), "printful": (1, 60.0)}
    with serve(outage, rate_limits=limits) as sandbox:
        environment = sandbox.environment()
        stripe = Client(sandbox.url, environment["STRIPE_SECRET_KEY"])
        printful = Client(sandbox.url, environment["PRINTFUL_API_KEY"])
        assert statuses(stripe, SESSIONS, 2) == [200, 200]
        refused = stripe.get(SESSIONS)
        assert (refused.status_code, refused.headers["Stripe-Rate-Limited-Reason"]) == (429, "endpoint-rate")
        assert "Retry-After" not in refused.headers
        time.sleep(0.35)
        assert statuses(stripe, SESSIONS, 1) == [200]
        assert statuses(printful, "/orders", 1) == [200]
        refused = printful.get("/orders")
        seconds = refused.headers["Retry-After"]
        assert 50 <= int(seconds) <= 60
        assert f"Please try again after {seconds} seconds." in refused.json()["result"]


def test_shutdown_takes_less_than_a_second_even_with_a_client_waiting(outage: World) -> None:
    with serve(outage) as sandbox:
        kept_alive = Client(sandbox.url, sandbox.environment()["STRIPE_SECRET_KEY"])
        kept_alive.get(SESSIONS)
        start = time.monotonic()
    assert time.monotonic() - start < 1
    with pytest.raises(requests.ConnectionError):
        kept_alive.get(SESSIONS)
    kept_alive.session.close()


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_shutdown_drops_a_client_in_mid_answer_in_silence(
    outage: World, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with serve(outage) as sandbox:
            sandbox.faults.add(Fault("/", kind, delay=30))  # type: ignore[arg-type]  # a word of Kind
            waiting = pool.submit(requests.get, sandbox.url + "/orders", timeout=10)
            while not sandbox.faults.fired:
                time.sleep(0.01)
        with pytest.raises(BROKEN):
            waiting.result()
    assert capfd.readouterr().err == ""
