"""What vendors and the line do wrong, and what a whole run makes of it."""

import socket
import time as real_time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
import requests

from ordersync_dagster.adapters.http import client, deadline
from ordersync_dagster.core.errors import VendorAnswerError, VendorUnavailableError
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster_tests.faults.readers import SESSIONS, listed, printful_at, stripe_at
from ordersync_dagster_tests.faults.results import is_audit_whole
from ordersync_dagster_tests.faults.wire import HEAD, answering, dripping, raw_server
from ordersync_dagster_tests.support.certificates import NEEDS_OPENSSL, self_signed_context
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.outcomes import counters
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import expected_counters


def test_fault_01_three_429_of_each_vendor_are_waited_out_and_counted(shop: Shop, outage: World) -> None:
    shop.sandbox.faults.add(Fault(SESSIONS, "status", 429, times=3))
    shop.sandbox.faults.add(Fault("/orders", "status", 429, times=3, headers={"Retry-After": "7"}))
    run = shop.run(attempts=4)
    assert counters(run) == expected_counters(outage)
    assert {vendor: counts["http_429"] for vendor, counts in run.traffic.items()} == {"stripe": 3, "printful": 3}
    assert sum(7 <= wait < 8 for wait in shop.time.slept) == 3, "our own third wait would be less than 3 s"


def test_fault_02_429_for_ever_ends_the_run_with_nothing_half_written(shop: Shop) -> None:
    shop.sandbox.faults.add(Fault(SESSIONS, "status", 429, times=None))
    orders = shop.database.count("orders")
    with pytest.raises(VendorUnavailableError, match="HTTP 429"):
        shop.run()
    assert shop.database.count("orders") == orders
    assert is_audit_whole(shop.database)
    assert shop.database.column("SELECT state FROM ordersync_runs") == ["failed"]


def test_fault_02_429_of_printful_for_ever_is_an_error_of_each_order(shop: Shop) -> None:
    shop.sandbox.faults.add(Fault("/orders", "status", 429, times=None))
    run = shop.run()
    assert {str(each.problem_class) for each in run.outcome.problems if each.is_error} == {"printful_not_asked"}
    assert is_audit_whole(shop.database)


def test_fault_09_a_vendor_that_takes_the_connection_and_says_nothing_is_given_up(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT", 0.1)
    over = Event()
    with raw_server(lambda _: over.wait()) as base, pytest.raises(VendorUnavailableError, match="ReadTimeout"):
        listed(stripe_at(base, sandbox, time))
    over.set()


def test_fault_09_a_vendor_that_does_not_take_the_connection_is_given_up(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CONNECT_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)  # the queue is full now, and nobody accepts
        with pytest.raises(VendorUnavailableError, match="in 2 attempts"):
            listed(stripe_at(f"http://127.0.0.1:{address[1]}", sandbox, time))
        for each in waiting:
            each.close()


def test_fault_09_a_name_that_does_not_resolve_is_retried_and_then_said(sandbox: Sandbox, time: FakeTime) -> None:
    stripe = stripe_at("https://vendor.invalid", sandbox, time, ORDERSYNC_ALLOWED_HOSTS="vendor.invalid")
    with pytest.raises(VendorUnavailableError, match=r"in 2 attempts .* does not know the name vendor\.invalid"):
        listed(stripe)


@pytest.mark.parametrize("text", [b"HTTP/1.1 200 OK", b"X-Drop: by\r\n"], ids=["status line", "headers"])
def test_fault_10_a_head_that_drips_for_ever_is_cut_as_a_body_is(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.setattr(deadline, "ANSWER_DEADLINE_SECONDS", 0.2)
    start = real_time.monotonic()
    with raw_server(dripping(text, 0.02)) as base, pytest.raises(VendorUnavailableError, match="in 2 attempts"):
        listed(stripe_at(base, sandbox, time))
    assert real_time.monotonic() - start < 5


def test_fault_11_an_oversized_answer_is_refused_by_name_and_asked_for_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BODY_LIMIT", 1000)
    with pytest.raises(VendorAnswerError, match=r"Stripe's answer was larger than"):
        shop.run()
    assert len(shop.sandbox.requests) == 2, "one for each vendor"


def test_fault_11_a_chunked_answer_without_end_is_refused(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "BODY_LIMIT", 1_000_000)

    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")

    with raw_server(endless) as base, pytest.raises(VendorAnswerError, match="Stripe's answer was larger than"):
        listed(stripe_at(base, sandbox, time))


def test_fault_12_a_redirect_to_another_host_is_refused_and_that_host_hears_nothing(shop: Shop) -> None:
    heard: list[object] = []
    with raw_server(lambda connection: heard.append(connection.recv(65536))) as elsewhere:
        shop.sandbox.faults.add(Fault(SESSIONS, "status", 302, times=None, headers={"Location": f"{elsewhere}/x"}))
        with pytest.raises(VendorAnswerError, match=r"redirect .302., which is not followed"):
            shop.run()
    assert heard == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": []}garbage',
        b'{"data": [{"created": NaN}], "has_more": false}',
        b'{"data": [',
        b'{"data": [{"id": "cs_test_1"}], "has_more": false, "data": []}',  # most readers take the last: none
        b'{"data": [], "has_more": true, "has_more": false}',
    ],
)
def test_fault_15_what_json_does_not_allow_is_never_used(sandbox: Sandbox, time: FakeTime, body: bytes) -> None:
    with raw_server(answering(body)) as base, pytest.raises(VendorUnavailableError, match="not JSON"):
        listed(stripe_at(base, sandbox, time))


def test_a_name_that_is_repeated_with_its_value_is_read(sandbox: Sandbox, time: FakeTime) -> None:
    with raw_server(answering(b'{"data": [], "has_more": false, "has_more": false}')) as base:
        assert listed(stripe_at(base, sandbox, time)) == []


@contextmanager
def self_signed(folder: Path) -> Iterator[tuple[str, Path]]:
    """A TLS server that nobody vouches for, and its certificate."""
    context, certificate = self_signed_context(folder)

    def converse(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as safe:
            answering(b'{"data": [], "has_more": false}')(safe)

    with raw_server(converse) as base:
        yield base.replace("http://", "https://"), certificate


@NEEDS_OPENSSL
def test_fault_62_a_planted_ca_bundle_vouches_for_nobody(
    sandbox: Sandbox, time: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with self_signed(tmp_path) as (base, certificate):
        danger = requests.get(base, timeout=10, verify=str(certificate))
        assert danger.status_code == 200  # whoever trusts it would be served
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(certificate))
        with pytest.raises(VendorUnavailableError, match=r"could not be reached safely .SSLError."):
            listed(stripe_at(base, sandbox, time))
        with pytest.raises(VendorUnavailableError, match=r"could not be reached safely .SSLError."):
            printful_at(base, sandbox, time).count()
        said = {"ORDERSYNC_CA_BUNDLE": str(certificate)}
        assert listed(stripe_at(base, sandbox, time, 2, **said)) == [], "only our own setting can vouch"


@contextmanager
def planted(monkeypatch: pytest.MonkeyPatch, name: str, base: str) -> Iterator[list[object]]:
    """A proxy in the environment, which works for others; yields what it hears from then on."""
    heard: list[object] = []
    with raw_server(lambda connection: heard.append(connection.recv(65536))) as proxy:
        monkeypatch.setenv(name, proxy)
        with pytest.raises(requests.exceptions.RequestException):
            requests.get(base, timeout=10)
        assert heard, "whoever trusts it is overheard"
        heard.clear()
        yield heard


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_fault_62_a_planted_proxy_sees_nothing_of_a_run(shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with planted(monkeypatch, name, shop.sandbox.url) as heard:
        assert shop.run(dry_run=True).outcome.summary.errors == 0
    assert heard == []


@NEEDS_OPENSSL
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"])
def test_fault_62_a_planted_proxy_sees_nothing_of_what_is_encrypted(
    sandbox: Sandbox, time: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with self_signed(tmp_path) as (base, certificate), planted(monkeypatch, name, base) as heard:
        assert listed(stripe_at(base, sandbox, time, ORDERSYNC_CA_BUNDLE=str(certificate))) == []
    assert heard == []
