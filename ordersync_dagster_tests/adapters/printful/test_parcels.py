"""Printful's API v2: an answer for every order, whatever it says of one of them."""

import json
from typing import Any

import pytest

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.adapters.printful.parcels import MAX_FAILURES, MAX_REFUSALS, PrintfulParcelsApi
from ordersync_dagster.app.deliveries import open_parcels
from ordersync_dagster.app.rate_limits import local_rate_limits
from ordersync_dagster.core.delivery import RawParcels
from ordersync_dagster.core.errors import KeyRefusedError, VendorAnswerError
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.sandbox import Fault, Sandbox, World, printful_order, shipment
from ordersync_dagster.sandbox.world.parcels_v2 import parcel_v2
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.settings import settings_for


@pytest.fixture
def printful(sandbox: Sandbox, time: FakeTime) -> PrintfulParcelsApi:
    settings = settings_for(sandbox)
    return open_parcels(settings, time.retry_policy(attempts=2), Traffic(), local_rate_limits(settings).printful)


def hold(sandbox: Sandbox, count: int, parcels: int = 1) -> list[str]:
    """Let Printful hold so many orders, with so many parcels each; their ids."""
    orders = [
        printful_order(id=n, status="fulfilled", shipments=[shipment(id=100 * n + m) for m in range(parcels)])
        for n in range(1, count + 1)
    ]
    sandbox.replace(World(NOW, printful_orders=orders))
    return [str(order["id"]) for order in orders]


def asked(printful: PrintfulParcelsApi, ids: list[str]) -> dict[str, RawParcels]:
    """The answers; each id must come exactly once."""
    answers = list(printful.parcels(ids))
    assert [name for name, _ in answers] == ids
    return dict(answers)


def names(answer: RawParcels) -> list[int]:
    assert isinstance(answer, list), answer
    return [row["id"] for row in answer]


def fail(sandbox: Sandbox, part: str, **options: Any) -> None:
    sandbox.faults.add(Fault("/v2/orders", **{"kind": "status", "match": part, "times": None, **options}))


def body(**changes: Any) -> str:
    known = {"data": [], "paging": {"total": 0, "offset": 0, "limit": 20}}
    return json.dumps({**known, **changes})


def test_an_order_costs_one_request(sandbox: Sandbox, printful: PrintfulParcelsApi) -> None:
    answers = asked(printful, hold(sandbox, 3))
    assert {name: names(answer) for name, answer in answers.items()} == {"1": [100], "2": [200], "3": [300]}
    assert [request.path for request in sandbox.requests] == [f"/v2/orders/{n}/shipments" for n in (1, 2, 3)]


@pytest.mark.parametrize("count", [0, 20, 21, 45])
def test_all_pages_of_an_order_are_read(sandbox: Sandbox, printful: PrintfulParcelsApi, count: int) -> None:
    ids = hold(sandbox, 1, count)
    assert names(asked(printful, ids)["1"]) == list(range(100, 100 + count))
    assert len(sandbox.requests) == max(1, -(-count // 20))


def test_nothing_is_asked_where_nothing_is_wanted(sandbox: Sandbox, printful: PrintfulParcelsApi) -> None:
    assert asked(printful, []) == {}
    assert sandbox.requests == []


def test_an_order_that_api_v2_does_not_know_is_missing(sandbox: Sandbox, printful: PrintfulParcelsApi) -> None:
    ids = [*hold(sandbox, 1), "999"]
    assert asked(printful, ids)["999"] == Missing("999")


PROBLEM = json.dumps({"type": "about:blank", "title": "Forbidden", "status": 403, "detail": "secret words"})
BAD_ANSWERS: dict[str, dict[str, Any]] = {
    "refused": {"status": 403},
    "refused by a problem document": {"status": 403, "body": PROBLEM},
    "a bad request": {"status": 400},
    "no list": {"status": 200, "body": body(data=None)},
    "a list alone": {"status": 200, "body": "[]"},
    "no number of parcels": {"status": 200, "body": body(paging={})},
    "an odd number of parcels": {"status": 200, "body": body(paging={"total": "1"})},
    "fewer than there are": {"status": 200, "body": body(paging={"total": 3})},
    "another order's": {"status": 200, "body": body(data=[{"id": 1, "order_id": 4}], paging={"total": 1})},
    "the same one twice": {"status": 200, "body": body(data=[{"id": 1}, {"id": 1}], paging={"total": 2})},
    "redirected": {"status": 302, "headers": {"location": "https://example.com/"}},
    "a page of a proxy": {"kind": "html"},
    "cut short": {"kind": "truncated_json"},
    "broken off": {"kind": "reset"},
}


@pytest.mark.parametrize("options", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_fault_77_an_order_whose_parcels_cannot_be_read_hides_no_other(
    sandbox: Sandbox, printful: PrintfulParcelsApi, options: dict[str, Any]
) -> None:
    ids = hold(sandbox, 3)
    fail(sandbox, "/2/", **options)
    answers = asked(printful, ids)
    assert (names(answers["1"]), names(answers["3"])) == ([100], [300])
    (bad,) = [each for each in answers.values() if isinstance(each, NotAsked)]
    assert bad.printful_order_id == "2"
    assert "Printful" in bad.reason
    assert "secret words" not in bad.reason
    assert not bad.reason.endswith(".")


def test_fault_77_a_page_that_fails_leaves_no_half_of_the_parcels(
    sandbox: Sandbox, printful: PrintfulParcelsApi
) -> None:
    ids = hold(sandbox, 1, 21)
    fail(sandbox, "offset=20", status=404)
    assert isinstance(asked(printful, ids)["1"], NotAsked)


def test_fault_77_api_v2_that_is_down_is_asked_for_a_few_orders_alone(
    sandbox: Sandbox, printful: PrintfulParcelsApi
) -> None:
    ids = hold(sandbox, 40)
    fail(sandbox, "", status=503)
    assert all(isinstance(answer, NotAsked) for answer in asked(printful, ids).values())
    assert len(sandbox.requests) == 2 * MAX_FAILURES  # two attempts each
    asked(printful, ids[:1])  # the next batch of the same run
    assert len(sandbox.requests) == 2 * MAX_FAILURES


@pytest.mark.parametrize("status", [401, 404])
def test_fault_77_a_token_that_is_refused_everywhere_is_not_tried_for_ever(
    sandbox: Sandbox, printful: PrintfulParcelsApi, status: int
) -> None:
    ids = hold(sandbox, MAX_REFUSALS + 10)
    fail(sandbox, "", status=status)
    answers = asked(printful, ids)
    assert len(sandbox.requests) == MAX_REFUSALS
    last = answers[ids[-1]]
    assert isinstance(last, NotAsked)
    assert last.reason.startswith("Printful's API v2")


def test_fault_77_odd_orders_at_the_front_do_not_stop_those_behind(
    sandbox: Sandbox, printful: PrintfulParcelsApi
) -> None:
    ids = hold(sandbox, 9)
    for odd in ids[:8]:
        fail(sandbox, f"/{odd}/", status=404)
    assert names(asked(printful, ids)["9"]) == [900]


def test_a_rate_limit_is_waited_for(sandbox: Sandbox, printful: PrintfulParcelsApi, time: FakeTime) -> None:
    ids = hold(sandbox, 1)
    fail(sandbox, "", status=429, times=1, headers={"Retry-After": "7"})
    assert names(asked(printful, ids)["1"]) == [100]
    assert 7 <= sum(time.slept) < 8


def test_check_reads_an_order_and_its_parcels(sandbox: Sandbox, printful: PrintfulParcelsApi) -> None:
    hold(sandbox, 2)
    printful.check()
    assert sandbox.requests[0].path == "/v2/orders"
    assert sandbox.requests[-1].path.endswith("/shipments")
    sandbox.replace(World(NOW))
    printful.check()


@pytest.mark.parametrize(("part", "status"), [("limit", 403), ("shipments", 403), ("limit", 401)])
def test_check_names_the_refusal_and_the_scope(
    sandbox: Sandbox, printful: PrintfulParcelsApi, part: str, status: int
) -> None:
    hold(sandbox, 1)
    fail(sandbox, part, status=status)
    with pytest.raises(KeyRefusedError, match=r"API v2 refused PRINTFUL_API_KEY .* lacks the scope"):
        printful.check()


def test_check_tells_of_an_api_that_is_gone(sandbox: Sandbox, printful: PrintfulParcelsApi) -> None:
    fail(sandbox, "", status=404)
    with pytest.raises(VendorAnswerError, match="API v2 answered /v2/orders with HTTP 404"):
        printful.check()


def test_a_parcel_of_the_sandbox_has_the_documented_keys() -> None:
    order = printful_order(shipments=[shipment()])
    assert {
        "id", "order_id", "order_external_id", "carrier", "service", "shipment_status", "shipped_at",
        "delivery_status", "delivered_at", "departure_address", "is_reshipment", "tracking_url", "tracking_events",
        "estimated_delivery", "shipment_items",
    } <= parcel_v2(order, shipment(), NOW).keys()  # fmt: skip
