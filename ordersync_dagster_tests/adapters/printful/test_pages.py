"""Printful's list of orders, page by page: where it breaks off, shifts, is short or has odd rows."""

import json
from typing import Any

import pytest

from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.sandbox import Fault, Sandbox, printful_order
from ordersync_dagster_tests.adapters.printful.held_orders import FIRST, ORDERS, ask, hold, orders, seen
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.world import list_as


def test_a_list_that_breaks_off_is_completed_one_by_one(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 250)
    sandbox.faults.add(Fault(ORDERS, "status", status=500, times=None, match="offset=97"))
    answers = ask(printful, ids[:120])
    assert all(answers[key]["id"] == int(key) for key in ids[:120])


def test_a_list_that_breaks_off_is_said_with_what_it_showed_before(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 250)
    sandbox.faults.add(Fault(ORDERS, "status", status=500, times=None, match="offset=97"))
    assert {key for key, _ in printful.orders([], since=0)} == set(ids[:100])
    assert "no usable answer" in printful.unread
    sandbox.faults.clear()
    assert {key for key, _ in printful.orders([], since=0)} == set(ids)
    assert printful.unread == ""


@pytest.mark.parametrize("length", [99, 50, 4])
def test_a_short_page_is_not_the_end_of_the_list(sandbox: Sandbox, printful: PrintfulApi, length: int) -> None:
    ids = hold(sandbox, 500)
    short_page(sandbox, orders(500)[97 : 97 + length], 500)
    assert ask(printful, ids).keys() == set(ids)
    assert seen(sandbox)[0] <= 8
    assert seen(sandbox)[1] == 0
    assert printful.unread == ""


@pytest.mark.parametrize("length", [0, 3])
def test_a_list_that_ends_before_its_total_is_not_said_to_be_read(
    sandbox: Sandbox, printful: PrintfulApi, length: int
) -> None:
    hold(sandbox, 500)
    short_page(sandbox, orders(500)[97 : 97 + length], 500)
    assert len(list(printful.orders([], since=0))) == 100
    assert printful.unread == f"Printful's list ends after {97 + length} of its 500 orders"


@pytest.mark.parametrize("total", [0, 1, 99, 100])
def test_fault_74_a_list_is_longer_than_its_total_says(sandbox: Sandbox, printful: PrintfulApi, total: int) -> None:
    ids = hold(sandbox, 250)
    for offset in (0, 97, 194):
        body = json.dumps({"code": 200, "result": orders(250)[offset : offset + 100], "paging": {"total": total}})
        sandbox.faults.add(Fault(ORDERS, "status", status=200, times=None, match=f"offset={offset}&", body=body))
    assert {key for key, _ in printful.orders([], since=0)} == set(ids)


def test_fault_74_a_list_that_ignores_where_a_page_begins_is_not_said_to_be_read(
    sandbox: Sandbox, printful: PrintfulApi
) -> None:
    hold(sandbox, 250)
    body = json.dumps({"code": 200, "result": orders(250)[:100], "paging": {"total": 250}})
    sandbox.faults.add(Fault(ORDERS, "status", status=200, times=None, body=body))
    assert len(list(printful.orders([], since=0))) == 100
    assert "pages repeat" in printful.unread


def test_fault_74_a_list_that_shows_too_few_orders_is_not_said_to_be_read(
    sandbox: Sandbox, printful: PrintfulApi
) -> None:
    hold(sandbox, 250)
    listed = [*orders(250)[97:100], *[orders(250)[99]] * 93]  # rows that repeat take the place of others
    short_page(sandbox, [*listed, *orders(250)[193:197]], 197)
    assert len(list(printful.orders([], since=0))) == 157
    assert printful.unread == "Printful's list shows 157 of its 250 orders"


@pytest.mark.parametrize("length", [100, 197, 200])
def test_a_list_whose_last_page_is_full_is_read_to_its_end(
    sandbox: Sandbox, printful: PrintfulApi, length: int
) -> None:
    ids = hold(sandbox, length)
    assert {key for key, _ in printful.orders([], since=0)} == set(ids)
    assert printful.unread == ""


def short_page(sandbox: Sandbox, listed: list[dict[str, Any]], total: int) -> None:
    """The second page shows only `listed`."""
    body = json.dumps({"code": 200, "result": listed, "paging": {"total": total}})
    sandbox.faults.add(Fault(ORDERS, "status", status=200, times=None, match="offset=97", body=body))


def test_a_list_that_shifts_for_ever_is_not_said_to_be_read(sandbox: Sandbox, printful: PrintfulApi) -> None:
    pages = [orders(100, FIRST - n) for n in (0, 1000)]
    for page, match in ((pages[0], "offset=0&"), (pages[1], "offset=97")):
        body = json.dumps({"code": 200, "result": page, "paging": {"total": 10**6}})
        sandbox.faults.add(Fault(ORDERS, "status", status=200, times=None, match=match, body=body))
    assert len(list(printful.orders([], since=0))) >= 100
    assert "makes no progress" in printful.unread or "shifts too often" in printful.unread


def test_a_sweep_ends_at_the_first_page_that_is_wholly_too_old(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 500)  # one each second
    assert {key for key, _ in printful.orders([], since=int(NOW.timestamp()) - 50)} == set(ids[:197])
    assert (seen(sandbox), printful.unread) == ((3, 0), ""), "two pages, and the end of the list"


def test_one_old_order_does_not_end_a_sweep(sandbox: Sandbox, printful: PrintfulApi) -> None:
    made = orders(300)
    made[5] = {**made[5], "created": 1}
    list_as(sandbox, made)
    since = int(NOW.timestamp()) - 250
    assert {key for key, _ in printful.orders([], since=since)} >= {str(each["id"]) for each in made[:251]}


@pytest.mark.parametrize(
    "arrange",
    [
        reversed,
        lambda made: sorted(made, key=lambda each: str(each["id"])[::-1]),
        lambda made: [*made[200:], *made[:200]],
    ],
    ids=["oldest first", "mixed", "old ones first"],
)
def test_a_list_in_another_order_is_read_to_its_end(sandbox: Sandbox, printful: PrintfulApi, arrange: Any) -> None:
    made = orders(400)
    list_as(sandbox, list(arrange(made)))
    found = {key for key, _ in printful.orders([], since=int(NOW.timestamp()) - 9)}
    assert found >= {str(each["id"]) for each in made[:10]}
    assert printful.unread == ""


def test_a_list_whose_end_cannot_be_read_is_not_said_to_be_read(sandbox: Sandbox, printful: PrintfulApi) -> None:
    hold(sandbox, 500)
    sandbox.faults.add(Fault(ORDERS, "status", status=500, times=None, match="offset=400&"))
    assert list(printful.orders([], since=int(NOW.timestamp()) - 50))
    assert "no usable answer" in printful.unread


@pytest.mark.parametrize("row", [None, "order", 7, {}, {"id": None}])
def test_a_row_that_is_no_order_is_said(sandbox: Sandbox, printful: PrintfulApi, row: object) -> None:
    body = json.dumps({"code": 200, "result": [printful_order(id=7), row], "paging": {"total": 2}})
    sandbox.faults.add(Fault(ORDERS, "status", status=200, times=None, body=body))
    assert [key for key, _ in printful.orders([], since=0)] == ["7"]
    assert printful.unread == "Printful's list has a row that is no order"


@pytest.mark.parametrize("created", [None, "yesterday", 0.5, -1])
def test_an_order_of_which_nobody_knows_when_it_was_made_may_be_a_young_one(
    sandbox: Sandbox, printful: PrintfulApi, created: object
) -> None:
    order = {**printful_order(id=7), "created": created}
    body = json.dumps({"code": 200, "result": [order], "paging": {"total": 1}})
    sandbox.faults.add(Fault(ORDERS, "status", status=200, times=None, body=body))
    assert [key for key, _ in printful.orders([], since=int(NOW.timestamp()))] == ["7"]
