"""`ordersync explain` as people and scripts meet it."""

import re

import pytest

from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster_tests.support.cli import Cli, document
from ordersync_dagster_tests.support.world import lost


def test_a_lost_order_is_explained_in_words(ordersync: Cli, world: World) -> None:
    session = next(each for each in lost(world) if "printfulOrderId" in each["metadata"])
    ran = ordersync("explain", session["id"])
    assert ran.code == 0
    assert f"Checkout Session {session['id']}" in ran.out
    assert "  shop      no order\n" in ran.out
    for title in ("What happened (UTC)", "What the next run would do"):
        assert f"\n\n{title}\n" in ran.out
    assert "  add the order: processing" in ran.out
    assert "  status: processing → shipped (Printful says partial)" in ran.out
    assert ran.err.endswith("Printful 1.\n")


def test_the_document_holds_the_same_and_no_person(ordersync: Cli, world: World) -> None:
    ordersync("sync")
    session = lost(world)[0]
    for ran in (ordersync("explain", session["id"], "--json"), ordersync("explain", session["id"])):
        assert ran.code == 0
        customer = session["customer_details"]
        for secret in (customer["email"], customer["name"], customer["address"]["line1"]):
            assert secret not in ran.out + ran.err
    found = document(ordersync("explain", session["id"], "--json"))
    assert found["schema_version"] == 1
    (one,) = found["explanations"]
    assert one["ids"]["stripe_session_id"] == session["id"]
    assert {each["system"] for each in one["timeline"]} >= {"Stripe", "ordersync"}
    assert "customer_email (set)" in one["states"]["shop"]
    assert found["requests"]["stripe"] > 0


def test_an_unknown_id_is_exit_2_and_says_what_ids_there_are(ordersync: Cli) -> None:
    ran = ordersync("explain", "nothing")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing is known of nothing: neither the shop's orders nor Stripe nor Printful have it." in ran.err
    assert document(ordersync("explain", "nothing", "--json"))["explanations"] == []


def test_an_unknown_address_is_not_repeated(ordersync: Cli) -> None:
    ran = ordersync("explain", "--email", "jane@example.net")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing is known of this customer" in ran.err
    assert "jane" not in ran.err


def test_an_id_is_known_with_blanks_around_it_and_in_capitals(ordersync: Cli, world: World) -> None:
    order = world.shop.orders[0]["id"]
    wanted = document(ordersync("explain", order, "--json"))["explanations"]
    assert wanted[0]["ids"]["order_id"] == order
    for name in (f" {order} ", order.upper()):
        assert document(ordersync("explain", name, "--json"))["explanations"] == wanted


def test_a_problem_is_explained_by_its_order(ordersync: Cli) -> None:
    ordersync("sync")
    known = document(ordersync("problems", "--json"))["problems"]
    for problem in known:
        (one,) = document(ordersync("explain", problem["id"].upper(), "--json"))["explanations"]
        assert problem["id"] in {each["id"] for each in one["known_problems"]}
    assert ordersync("explain", "p00000000000a").code == 2


@pytest.mark.parametrize("arguments", [[], [" "], ["x", "--email", "y@example.com"]])
def test_one_question_at_a_time(ordersync: Cli, arguments: list[str]) -> None:
    ran = ordersync("explain", *arguments)
    assert ran.code == 2
    assert "give an id or --email, and not both" in ran.err


def test_a_vendor_that_is_down_is_exit_1_after_the_rest(ordersync: Cli, world: World) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/", "status", status=401, times=None))
    ran = ordersync("explain", world.shop.orders[0]["id"])
    assert ran.code == 2, "a refused key needs a person"
    assert f"Order            {world.shop.orders[0]['id']}" in ran.out
    assert "unknown for a vendor that gave no answer" in ran.out
    assert "Stripe refused STRIPE_SECRET_KEY" in ran.err
    ordersync.sandbox.faults.clear()
    ordersync.sandbox.faults.add(Fault("/v1/", "html", times=None))
    ran = ordersync("explain", world.shop.orders[0]["id"])
    assert ran.code == 1
    assert f"Order            {world.shop.orders[0]['id']}" in ran.out


def test_many_orders_of_a_customer_are_listed(ordersync: Cli, world: World) -> None:
    emails = [order["customer_email"] for order in world.shop.orders]
    email = max(emails, key=emails.count)
    ran = ordersync("explain", "--email", email)
    assert ran.code == 0
    assert "orders, newest first. Explain one by its id:" in ran.out
    assert email not in ran.out
    lines = ran.out.splitlines()[1:]
    in_shop = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  [a-z]+ +[0-9a-f-]{36}"
    assert [
        line for line in lines if not re.fullmatch(rf"  ({in_shop}|not in the shop      no order    cs_\w+)", line)
    ] == []
