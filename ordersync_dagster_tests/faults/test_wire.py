"""What vendors and the line do wrong, and what a whole run makes of it."""

import json
import socket
import ssl
import subprocess
import time as real_time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from threading import Event
from typing import Any

import pytest
import requests

from ordersync_dagster.adapters import http, punctual
from ordersync_dagster.adapters.http import Traffic
from ordersync_dagster.adapters.printful_api import PrintfulApi
from ordersync_dagster.adapters.stripe_api import StripeApi
from ordersync_dagster.core.errors import VendorAnswerError, VendorUnavailableError
from ordersync_dagster.core.fulfilment import Missing
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Fault, Sandbox, World, checkout_session
from ordersync_dagster.sync import PrintfulScope
from ordersync_dagster.wiring import open_printful, open_stripe
from ordersync_dagster_tests.conftest import NOW, FakeTime, settings_for
from ordersync_dagster_tests.databases import Database
from ordersync_dagster_tests.faults.wire import HEAD, answering, dripping, raw_server
from ordersync_dagster_tests.sandbox.test_scenarios import numbers
from ordersync_dagster_tests.shops import Shop, seven

SESSIONS = "/v1/checkout/sessions"
MONTH = Window.last_days(30, NOW)
YESTERDAY = int(NOW.timestamp()) - 86_400


def stripe_at(base: str, sandbox: Sandbox, time: FakeTime, attempts: int = 2) -> StripeApi:
    settings = settings_for(sandbox, STRIPE_API_BASE=base)
    return open_stripe(settings, time.patience(attempts), Traffic())


def printful_at(base: str, sandbox: Sandbox, time: FakeTime) -> PrintfulApi:
    return open_printful(settings_for(sandbox, PRINTFUL_API_BASE=base), time.patience(2), Traffic())


def listed(stripe: StripeApi) -> list[Any]:
    return [row for _, rows in stripe.sessions(MONTH, lambda row: row, with_line_items=False) for row in rows]


def test_fault_01_three_429_of_each_vendor_are_waited_out_and_counted(shop: Shop, outage: World) -> None:
    shop.sandbox.faults.add(Fault(SESSIONS, "status", 429, times=3))
    shop.sandbox.faults.add(Fault("/orders", "status", 429, times=3, headers={"Retry-After": "1"}))
    run = shop.run(attempts=4)
    assert seven(run) == (*numbers(outage), 0)
    assert {vendor: counts["http_429"] for vendor, counts in run.traffic.items()} == {"stripe": 3, "printful": 3}
    assert sum(wait >= 1 for wait in shop.time.slept) >= 3


@pytest.mark.parametrize("path", [SESSIONS, "/orders"])
def test_fault_02_429_for_ever_ends_the_run_with_nothing_half_written(shop: Shop, path: str) -> None:
    before = shop.tables()
    shop.sandbox.faults.add(Fault(path, "status", 429, times=None))
    with pytest.raises(VendorUnavailableError, match="HTTP 429"):
        shop.run()
    assert shop.tables() == before
    assert shop.database.column("SELECT state FROM ordersync_runs") == ["failed"]


def test_fault_09_a_vendor_that_takes_the_connection_and_says_nothing_is_given_up(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.1)
    over = Event()
    with raw_server(lambda _: over.wait()) as base, pytest.raises(VendorUnavailableError, match="ReadTimeout"):
        listed(stripe_at(base, sandbox, time))
    over.set()


def test_fault_09_a_vendor_that_does_not_take_the_connection_is_given_up(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "CONNECT_TIMEOUT", 0.1)
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
    with pytest.raises(VendorUnavailableError, match=r"in 2 attempts .*ConnectionError"):
        listed(stripe_at("https://vendor.invalid", sandbox, time))


@pytest.mark.parametrize("text", [b"HTTP/1.1 200 OK", b"X-Drop: by\r\n"], ids=["status line", "headers"])
def test_fault_10_a_head_that_drips_for_ever_is_cut_as_a_body_is(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.setattr(punctual, "ANSWER_DEADLINE", 0.2)
    start = real_time.monotonic()
    with raw_server(dripping(text, 0.02)) as base, pytest.raises(VendorUnavailableError, match="in 2 attempts"):
        listed(stripe_at(base, sandbox, time))
    assert real_time.monotonic() - start < 5


def test_fault_11_an_oversized_answer_is_refused_by_name_and_asked_for_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_LIMIT", 1000)
    with pytest.raises(VendorAnswerError, match=r"Printful's answer was larger than"):
        shop.run()
    assert len(shop.sandbox.requests) == 1


def test_fault_11_a_chunked_answer_without_end_is_refused(
    sandbox: Sandbox, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "BODY_LIMIT", 1_000_000)

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
    ],
)
def test_fault_15_what_json_does_not_allow_is_never_used(sandbox: Sandbox, time: FakeTime, body: bytes) -> None:
    with raw_server(answering(body)) as base, pytest.raises(VendorUnavailableError, match="not JSON"):
        listed(stripe_at(base, sandbox, time))


@pytest.mark.parametrize("amount", ["1e400", "26.5", "2600.0", "-1", str(2**63), "9" * 400, '"2600"'])
def test_fault_15_an_amount_that_is_none_is_quarantined_and_the_others_are_added(new_shop: Shop, amount: str) -> None:
    fine, strange = paid("cs_test_fine"), paid("cs_test_strange", amount_total=123456789)
    listing(new_shop, json.dumps([strange, fine]).replace("123456789", amount))
    run = new_shop.run(printful=PrintfulScope.none)
    errors = [problem.ids for problem in run.outcome.problems if problem.is_error]
    assert errors == [{"stripe_session_id": "cs_test_strange"}]
    assert new_shop.database.column("SELECT stripe_session_id FROM orders") == ["cs_test_fine"]


@pytest.fixture
def new_shop(sandbox: Sandbox, sqlite_url: str, time: FakeTime) -> Shop:
    """A shop without any order yet."""
    return Shop(sandbox, Database(sqlite_url), time)


def paid(session_id: str, **changes: Any) -> dict[str, Any]:
    """A session of yesterday."""
    return checkout_session(**{"id": session_id, "created": YESTERDAY, **changes})


def listing(shop: Shop, rows: str, *, has_more: bool = False, match: str | None = None, **headers: str) -> None:
    """Stripe lists these, whatever it is asked."""
    body = f'{{"data": {rows}, "has_more": {str(has_more).lower()}}}'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    shop.sandbox.faults.add(Fault(SESSIONS, "status", 200, times=None, body=body, match=match, headers=named))


@pytest.mark.parametrize("rows", ['{"data": null}', '{"data": "no"}', '{"data": {}}', "{}", "[]", "null", "7"])
def test_fault_13_a_page_that_is_no_list_fails_the_run(new_shop: Shop, rows: str) -> None:
    new_shop.sandbox.faults.add(Fault(SESSIONS, "status", 200, times=None, body=rows))
    with pytest.raises(VendorAnswerError, match="is not a list"):
        new_shop.run()
    assert new_shop.database.count("orders") == 0


def test_fault_13_rows_that_are_no_sessions_are_errors_beside_the_sessions_that_are_added(new_shop: Shop) -> None:
    listing(new_shop, json.dumps([None, "text", 7, [], {}, paid("cs_test_fine")]))
    run = new_shop.run(printful=PrintfulScope.none)
    assert (run.outcome.summary.errors, run.outcome.summary.stripe_sessions_added) == (5, 1)


def test_fault_16_a_session_that_is_listed_again_and_again_is_written_and_counted_once(new_shop: Shop) -> None:
    first, second = paid("cs_test_first"), paid("cs_test_second", created=YESTERDAY - 1)
    listing(new_shop, json.dumps([second, second]), match="starting_after")
    listing(new_shop, json.dumps([first, first, second]), has_more=True)
    run = new_shop.run(printful=PrintfulScope.none)
    assert run.outcome.summary.stripe_sessions_checked == new_shop.database.count("orders") == 2


def test_fault_17_a_list_of_sessions_that_turns_in_a_circle_ends_the_run(new_shop: Shop) -> None:
    first, second = paid("cs_test_first"), paid("cs_test_second", created=YESTERDAY - 1)
    listing(new_shop, json.dumps([second]), has_more=True, match="starting_after=cs_test_first")
    listing(new_shop, json.dumps([first]), has_more=True)
    with pytest.raises(VendorAnswerError, match="Run again"):
        new_shop.run(printful=PrintfulScope.none)
    assert len(new_shop.sandbox.requests) < 150


def test_fault_17_a_list_that_ignores_the_period_ends_the_run(new_shop: Shop) -> None:
    rows = [paid(f"cs_test_{n}", created=YESTERDAY - n) for n in range(100)]
    listing(new_shop, json.dumps(rows), has_more=True)
    with pytest.raises(VendorAnswerError, match="Run again"):
        new_shop.run(printful=PrintfulScope.none)
    assert len(new_shop.sandbox.requests) < 50


def test_fault_17_a_list_of_events_that_turns_in_a_circle_ends(sandbox: Sandbox, time: FakeTime) -> None:
    for match, name in (("starting_after=a", "b"), (None, "a")):
        body = f'{{"data": [{{"id": "{name}"}}], "has_more": true}}'
        sandbox.faults.add(Fault("/v1/events", "status", 200, times=None, body=body, match=match))
    with pytest.raises(VendorAnswerError, match="makes no progress"):
        list(stripe_at(sandbox.url, sandbox, time).events(0, YESTERDAY))
    assert len(sandbox.requests) == 3


def test_fault_17_a_list_of_printful_that_repeats_its_first_page_ends(
    sandbox: Sandbox, time: FakeTime, outage: World
) -> None:
    rows = [{**outage.printful_orders[0], "id": n, "created": YESTERDAY} for n in range(100)]
    body = json.dumps({"code": 200, "result": rows, "paging": {"total": 10**9, "offset": 0, "limit": 100}})
    sandbox.faults.add(Fault("/orders", "status", 200, times=None, body=body, match="limit=100"))
    printful = printful_at(sandbox.url, sandbox, time)
    found = dict(printful.orders(["7", "123456"], since=0))
    assert found["7"]["id"] == 7  # type: ignore[index]  # an order, not Missing
    assert isinstance(found["123456"], Missing)
    assert "pages repeat" in " ".join(printful.warnings)
    assert len(sandbox.requests) < 50


def test_fault_18_an_empty_page_with_more_to_come_is_the_end_and_a_warning_of_the_run(new_shop: Shop) -> None:
    listing(new_shop, "[]", has_more=True)
    run = new_shop.run(printful=PrintfulScope.none)
    assert (run.outcome.summary.stripe_sessions_checked, run.outcome.summary.errors) == (0, 0)
    assert any("empty page with more to come" in warning for warning in run.shop.warnings)


def test_fault_63_an_answer_in_another_version_with_unknown_fields_is_used_and_said_once(new_shop: Shop) -> None:
    rows = [paid("cs_test_new", invented_later={"a": [1]}), paid("cs_test_newer", created=YESTERDAY - 1)]
    listing(new_shop, json.dumps(rows), Stripe_Version="2099-01-01.later")
    run = new_shop.run(printful=PrintfulScope.none)
    assert (run.outcome.summary.stripe_sessions_added, run.outcome.summary.errors) == (2, 0)
    assert [each for each in run.shop.warnings if "API version 2099-01-01.later" in each] != []


@contextmanager
def self_signed(folder: Path) -> Iterator[tuple[str, Path]]:
    """A TLS server that nobody vouches for, and its certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate), "-days", "1"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *subject]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def converse(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as safe:
            answering(b'{"data": [], "has_more": false}')(safe)

    with raw_server(converse) as base:
        yield base.replace("http://", "https://"), certificate


@pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificate")
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


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_fault_62_a_planted_proxy_sees_nothing_of_a_run(shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    heard: list[object] = []
    with raw_server(lambda connection: heard.append(connection.recv(65536))) as proxy:
        monkeypatch.setenv(name, proxy)
        assert shop.run(dry_run=True).outcome.summary.errors == 0
    assert heard == []
