"""Single orders of Printful: asked for as they are named, and an odd answer says nothing of the others."""

import json

import pytest

from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.core.errors import KeyRefusedError
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.sandbox import Fault, Sandbox, World, printful_order
from ordersync_dagster_tests.adapters.printful.held_orders import ORDERS, ask, hold, orders
from ordersync_dagster_tests.support.clock import NOW


def test_orders_with_odd_answers_say_nothing_of_those_after_them(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = sorted(hold(sandbox, 1000))[:8]  # in the order in which they are asked for
    for each in ids[:5]:
        sandbox.faults.add(Fault(f"{ORDERS}/{each}", "status", status=200, body="[]", times=None))
    answers = ask(printful, ids)
    assert {key for key, answer in answers.items() if isinstance(answer, NotAsked)} == set(ids[:5])
    assert all(answers[key]["id"] == int(key) for key in ids[5:])


@pytest.mark.parametrize("odd", ["#1001", "10/01", "1001?x", "100 1", "%31", "1001&limit=2", "ordre-é"])
def test_an_id_is_asked_for_as_it_is(sandbox: Sandbox, printful: PrintfulApi, odd: str) -> None:
    ids = hold(sandbox, 300)
    wanted = [odd, ids[0] + "?x", ids[0] + "#note"]
    assert ask(printful, wanted) == {each: Missing(each) for each in wanted}
    assert {request.path for request in sandbox.requests} == {ORDERS, *(f"{ORDERS}/{each}" for each in wanted)}


def test_an_order_that_was_not_asked_for_is_not_used(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 300)
    body = json.dumps({"code": 200, "result": printful_order(id=int(ids[1]))})
    sandbox.faults.add(Fault(f"{ORDERS}/{ids[0]}", "status", status=200, body=body, times=None))
    reason = f"Printful answered with another order than {ids[0]}"
    assert ask(printful, ids[:1]) == {ids[0]: NotAsked(ids[0], reason)}


def test_an_order_may_be_named_by_its_external_id(sandbox: Sandbox, printful: PrintfulApi) -> None:
    made = printful_order(id=7, external_id="pi_3AbC")
    sandbox.replace(World(NOW, printful_orders=[made, *orders(300)]))
    assert ask(printful, ["@pi_3AbC"])["@pi_3AbC"]["id"] == 7


def test_an_order_that_the_token_may_not_see_is_not_asked_and_the_others_are(
    sandbox: Sandbox, printful: PrintfulApi
) -> None:
    ids = hold(sandbox, 300)
    sandbox.faults.add(Fault(f"{ORDERS}/{ids[0]}", "status", status=403, times=None))
    answers = ask(printful, ids[:3])
    assert answers[ids[0]] == NotAsked(ids[0], f"Printful does not show order {ids[0]} to this token (HTTP 403)")
    assert (answers[ids[1]]["id"], answers[ids[2]]["id"]) == (int(ids[1]), int(ids[2]))


def test_a_token_that_is_refused_in_mid_run_ends_it(sandbox: Sandbox, printful: PrintfulApi) -> None:
    ids = hold(sandbox, 300)
    sandbox.faults.add(Fault(f"{ORDERS}/{ids[0]}", "status", status=401, times=None))
    with pytest.raises(KeyRefusedError):
        ask(printful, ids[:3])
