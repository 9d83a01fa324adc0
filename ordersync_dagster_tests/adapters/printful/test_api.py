"""Printful: an answer for every id with few requests, and never a wrong one."""

from typing import Any

import pytest

from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.core.errors import KeyRefusedError, SettingsError, VendorAnswerError, VendorUnavailableError
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.sandbox import STORE_ID, Fault, Sandbox, World
from ordersync_dagster_tests.adapters.printful.held_orders import FIRST, ORDERS, api, ask, hold, orders, seen
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.world import served


def test_few_orders_of_many_are_asked_one_by_one(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 500)
    answers = ask(printful, ids[:3])
    assert {key: order["id"] for key, order in answers.items()} == {key: int(key) for key in ids[:3]}
    assert seen(sandbox) == (0, 3)


def test_many_orders_are_read_in_pages(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 350)
    answers = ask(printful, ids)
    assert {key: order["id"] for key, order in answers.items()} == {key: int(key) for key in ids}
    assert seen(sandbox) == (4, 0)


def test_reading_stops_when_every_order_was_seen(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 950)
    assert ask(printful, ids[:90]).keys() == set(ids[:90])
    assert seen(sandbox) == (1, 0)


@pytest.mark.parametrize("since", [None, int(NOW.timestamp()) - 50], ids=["ids alone", "with a sweep"])
def test_open_orders_are_read_in_pages_while_these_show_several(
    sandbox: Sandbox, printful: PrintfulApi, since: int | None
) -> None:
    ids = hold(sandbox, 10_000)
    wanted = {*ids[:80], *ids[110:130], ids[2_000], *ids[-3:]}
    assert wanted <= {key for key, _ in printful.orders(wanted, since)}
    ends = 0 if since is None else 1  # is the end of the list older?
    assert seen(sandbox) == (3 + ends, 4), "two pages with several, one with none, the others one by one"


def test_orders_that_the_first_page_does_not_show_cost_one_page(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 6_000)
    assert ask(printful, ids[-50:]).keys() == set(ids[-50:])
    assert seen(sandbox) == (1, 50)


def test_nothing_is_asked_where_nothing_is_wanted(sandbox: Sandbox, printful: PrintfulApi) -> None:
    assert ask(printful, []) == {}
    assert sandbox.requests == []


@pytest.mark.parametrize("gone", [1, 2, 3, 40])
def test_fault_20_orders_that_vanish_between_pages_hide_no_other(
    sandbox: Sandbox, printful: PrintfulApi, time: FakeTime, gone: int
) -> None:
    ids = hold(sandbox, 400)
    between_pages(sandbox, time, lambda: sandbox.replace(World(NOW, printful_orders=orders(400)[gone:])))
    answers = ask(printful, ids)
    assert sandbox.faults.fired == 1
    assert {key for key, answer in answers.items() if isinstance(answer, Missing)} <= set(ids[:gone])
    assert all(answers[key]["id"] == int(key) for key in ids[gone:])
    assert seen(sandbox)[1] == 0


@pytest.mark.parametrize("new", [1, 5, 96, 97, 250])
def test_fault_20_orders_that_arrive_between_pages_hide_no_other(
    sandbox: Sandbox, printful: PrintfulApi, time: FakeTime, new: int
) -> None:
    ids = hold(sandbox, 400)
    between_pages(sandbox, time, lambda: sandbox.replace(World(NOW, printful_orders=orders(400 + new, FIRST + new))))
    answers = ask(printful, ids)
    assert all(answers[key]["id"] == int(key) for key in ids)
    assert seen(sandbox)[0] <= 12


def test_most_orders_vanishing_at_once_still_gives_every_answer(
    sandbox: Sandbox, printful: PrintfulApi, time: FakeTime
) -> None:
    ids = hold(sandbox, 250)
    between_pages(sandbox, time, lambda: sandbox.replace(World(NOW, printful_orders=orders(250)[190:])))
    answers = ask(printful, ids)
    assert all(not isinstance(answers[key], Missing) and answers[key]["id"] == int(key) for key in ids[190:])


def test_404_is_missing(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 300)
    assert ask(printful, ["1", ids[0]])["1"] == Missing("1")


def test_ids_that_a_whole_list_does_not_show_are_asked_for(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 120)
    answers = ask(printful, [*ids, "1", "2"])
    assert (answers["1"], answers["2"]) == (Missing("1"), Missing("2"))
    assert seen(sandbox) == (2, 2)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_order_that_printful_cannot_show_is_not_asked_and_never_missing(
    sandbox: Sandbox, printful: PrintfulApi, status: int
) -> None:
    ids = hold(sandbox, 300)
    sandbox.faults.add(Fault(f"{ORDERS}/{ids[1]}", "status", status=status, times=None))
    answers = ask(printful, ids[:3])
    assert isinstance(answers[ids[1]], NotAsked)
    assert f"HTTP {status}" in answers[ids[1]].reason
    assert (answers[ids[0]]["id"], answers[ids[2]]["id"]) == (int(ids[0]), int(ids[2]))


@pytest.mark.parametrize(
    "body", ["null", "[]", '{"code": 200, "result": null}', '{"code": 200, "result": "Not Found"}']
)
def test_an_odd_answer_about_one_order_is_not_asked(sandbox: Sandbox, printful: PrintfulApi, body: str) -> None:
    ids = hold(sandbox, 300)
    sandbox.faults.add(Fault(f"{ORDERS}/{ids[0]}", "status", status=200, body=body, times=None))
    assert isinstance(ask(printful, ids[:1])[ids[0]], NotAsked)


def test_printful_away_for_good_is_not_asked_a_thousand_times(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 3000)
    sandbox.faults.add(Fault(f"{ORDERS}/", "status", status=503, times=None))
    answers = ask(printful, ids[-20:])
    assert all(isinstance(answer, NotAsked) for answer in answers.values())
    assert len(answers) == 20
    assert seen(sandbox)[1] <= 20


def test_the_count_is_printfuls_total(sandbox: Sandbox, printful: PrintfulApi) -> None:
    hold(sandbox, 137)
    assert printful.count() == 137


@pytest.mark.parametrize("body", ["null", "{}", '{"result": []}', '{"result": [], "paging": {"total": "many"}}'])
def test_a_list_without_a_total_is_an_error(sandbox: Sandbox, printful: PrintfulApi, body: str) -> None:
    sandbox.faults.add(Fault(ORDERS, "status", status=200, body=body, times=None))
    with pytest.raises(VendorAnswerError):
        printful.count()


def test_printful_away_stops_the_count(sandbox: Sandbox, printful: PrintfulApi) -> None:
    sandbox.faults.add(Fault(ORDERS, "status", status=500, times=None))
    with pytest.raises(VendorUnavailableError, match="Printful gave no usable answer in 3 attempts"):
        printful.count()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_named_and_asked_once(
    sandbox: Sandbox, printful: PrintfulApi, time: FakeTime, status: int
) -> None:
    sandbox.faults.add(Fault(ORDERS, "status", status=status, times=None))
    with pytest.raises(KeyRefusedError, match=rf"refused PRINTFUL_API_KEY \(HTTP {status}\)"):
        printful.count()
    assert len(sandbox.requests) == 1
    assert time.slept == []


def test_a_wrong_token_is_not_repeated_in_the_sentence(sandbox: Sandbox, time: FakeTime) -> None:
    with pytest.raises(KeyRefusedError) as raised:
        api(sandbox, time, PRINTFUL_API_KEY="somebodyElsesToken").count()
    assert "somebodyElsesToken" not in str(raised.value)


def test_a_token_of_several_stores_needs_the_store(outage: World, time: FakeTime) -> None:
    with served(outage, store_id_required=True) as sandbox:
        assert api(sandbox, time, PRINTFUL_STORE_ID=STORE_ID).count() == len(outage.printful_orders)
        assert sandbox.requests[-1].headers["x-pf-store-id"] == STORE_ID
        with pytest.raises(SettingsError, match="set PRINTFUL_STORE_ID"):
            api(sandbox, time, PRINTFUL_STORE_ID="").count()


def test_printful_asked_to_slow_down_is_waited_for(sandbox: Sandbox, printful: PrintfulApi, time: FakeTime) -> None:
    ids = hold(sandbox, 150)
    body = '{"code": 429, "result": "Please try again after 60 seconds."}'
    sandbox.faults.add(Fault(ORDERS, "status", status=429, times=2, match="limit=100", body=body))
    assert ask(printful, ids).keys() == set(ids)
    assert len(time.slept) == 2
    assert all(wait >= 60 for wait in time.slept)


def between_pages(sandbox: Sandbox, time: FakeTime, change: Any) -> None:
    """Let `change` happen after the first page: the second is refused once, and it happens in the wait."""
    sandbox.faults.add(Fault(ORDERS, "status", status=503, times=1, match="offset=97"))
    time.meanwhile = change
