"""Printful's side of the wire, as its v1 description has it."""

from typing import Any

import pytest
import requests

from ordersync_dagster.sandbox import PRINTFUL_KEY, STORE_ID, Sandbox, World, printful_order, serve
from ordersync_dagster_tests.sandbox.client import Client
from ordersync_dagster_tests.support.clock import NOW


def test_offsets_lead_from_the_newest_to_the_end(printful: Client, outage: World) -> None:
    found: list[dict[str, Any]] = []
    while True:
        page = printful.get("/orders", offset=len(found), limit=6).json()
        assert (page["code"], page["paging"]["offset"], page["paging"]["limit"]) == (200, len(found), 6)
        found += page["result"]
        if len(found) >= page["paging"]["total"]:
            break
    assert found == list(outage.printful_orders)
    created = [order["created"] for order in found]
    assert created == sorted(created, reverse=True)


def test_a_page_holds_twenty_unless_told(printful: Client) -> None:
    page = printful.get("/orders").json()
    assert (len(page["result"]), page["paging"]["limit"]) == (20, 20)
    assert printful.get("/orders", offset=500).json()["result"] == []


def test_the_total_counts_the_status_asked_for(printful: Client, outage: World) -> None:
    wanted = [order for order in outage.printful_orders if order["status"] == "fulfilled"]
    page = printful.get("/orders", status="fulfilled", limit=100).json()
    assert (page["result"], page["paging"]["total"]) == (wanted, len(wanted))


def test_an_order_is_found_by_its_id_and_by_ours(printful: Client, outage: World) -> None:
    order = next(order for order in outage.printful_orders if order["external_id"])
    assert printful.get(f"/orders/{order['id']}").json()["result"] == order
    assert printful.get(f"/orders/@{order['external_id']}").json()["result"] == order


@pytest.mark.parametrize("name", ["1", "@nothing", "1/shipments"])
def test_an_unknown_order_is_404_in_the_envelope(printful: Client, name: str) -> None:
    answer = printful.get(f"/orders/{name}")
    error = {"reason": "NotFound", "message": "Not Found"}
    assert answer.status_code == 404
    assert answer.json() == {"code": 404, "result": "Not Found", "error": error}


@pytest.mark.parametrize("params", [{"limit": 101}, {"limit": 0}, {"limit": "x"}, {"offset": -1}])
def test_numbers_out_of_range_are_400(printful: Client, params: dict[str, object]) -> None:
    answer = printful.get("/orders", **params)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_a_missing_or_wrong_token_is_401(sandbox: Sandbox, header: dict[str, str]) -> None:
    answer = requests.get(sandbox.url + "/orders", headers=header, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, 401)


def test_nothing_but_get_is_answered(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {PRINTFUL_KEY}"}
    assert requests.post(sandbox.url + "/orders", headers=headers, json={}, timeout=10).status_code == 405
    assert sandbox.requests[-1].method == "POST"


def test_a_store_must_be_named_where_one_is_required(outage: World) -> None:
    headers = {"Authorization": f"Bearer {PRINTFUL_KEY}"}
    with serve(outage, store_id_required=True) as sandbox:
        without = requests.get(sandbox.url + "/orders", headers=headers, timeout=10)
        named = requests.get(sandbox.url + "/orders", headers={**headers, "X-PF-Store-Id": STORE_ID}, timeout=10)
        assert sandbox.environment()["PRINTFUL_STORE_ID"] == STORE_ID
        assert sandbox.requests[-1].headers["x-pf-store-id"] == STORE_ID
    assert (without.status_code, named.status_code) == (400, 200)
    assert without.json()["result"] == "This endpoint requires `store_id`!"


def test_orders_change_between_requests(sandbox: Sandbox, printful: Client) -> None:
    order = printful_order(id=7, created=int(NOW.timestamp()), status="draft")
    total = printful.get("/orders").json()["paging"]["total"]
    sandbox.put_printful_order(order)
    page = printful.get("/orders", limit=1).json()
    assert (page["result"], page["paging"]["total"]) == ([order], total + 1)
    sandbox.put_printful_order({**order, "status": "pending"})
    assert printful.get("/orders/7").json()["result"]["status"] == "pending"
    sandbox.remove_printful_order(7)
    assert printful.get("/orders/7").status_code == 404
