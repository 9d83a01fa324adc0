"""`explain`: one order in all three systems. It decides as a run does, asks little, and writes nothing."""

import pytest

from ordersync_dagster.app.explain import explain_order
from ordersync_dagster.core.orders import order_id
from ordersync_dagster.report.rows import problem_document
from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster_tests.app.explaining import A_HANDFUL, ONLY_A_LIST_SHOWS, asked, changes_of, sentences, the_one
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost


@pytest.mark.full
def test_every_order_is_decided_as_a_dry_run_decides_it(each_shop: Shop, outage: World) -> None:
    run = each_shop.run(dry_run=True)
    changes = {key: sorted((dict(c) for c in run.outcome.changes if c["stripe_session_id"] == key), key=str)
               for key in {change["stripe_session_id"] for change in run.outcome.changes}}  # fmt: skip
    sessions = [session["id"] for session in outage.sessions if session["status"] == "complete"]
    wanted = [key for key in sessions if key in changes] + [key for key in sessions if key not in changes][:6]
    for key in wanted:
        found = the_one(each_shop, key)
        assert changes_of(found) == changes.get(key, []), key
        problems = [problem_document(each) for each in found.plan.problems]
        assert problems == [
            problem_document(each)
            for each in run.outcome.problems
            if str(each.problem_class) not in ONLY_A_LIST_SHOWS
            and {key, order_id(key), found.ids.get("order_id")} & set(each.ids.values())
        ]


def test_it_writes_nothing_and_asks_a_handful(each_shop: Shop, outage: World) -> None:
    before = everything(each_shop.database)
    for session in (*lost(outage), outage.sessions[8]):
        answer = asked(each_shop, session["id"])
        assert sum(answer.requests.values()) <= A_HANDFUL
    lists = [each.query for each in each_shop.sandbox.requests if each.path == "/v1/checkout/sessions"]
    assert all("payment_intent=" in query or "customer_details" in query for query in lists)
    assert not [each for each in each_shop.sandbox.requests if each.path == "/orders"]
    assert everything(each_shop.database) == before


@pytest.mark.parametrize("kind", ["order_id", "stripe_session_id", "stripe_payment_intent_id", "printful_order_id"])
def test_an_order_is_found_by_each_of_its_ids(each_shop: Shop, kind: str) -> None:
    row = each_shop.of_printful("fulfilled")
    ids = {
        "order_id": row["id"],
        "stripe_session_id": row["stripe_session_id"],
        "stripe_payment_intent_id": row["stripe_payment_intent_id"],
        "printful_order_id": row["printful_order_id"],
    }
    assert the_one(each_shop, str(ids[kind])).ids == {name: str(value) for name, value in ids.items()}


def test_a_planned_number_is_its_session(shop: Shop, outage: World) -> None:
    session = lost(outage)[0]["id"]
    assert the_one(shop, f"new:{session}") == the_one(shop, session)


def test_an_order_that_a_run_added_tells_which_run_and_why(each_shop: Shop, outage: World) -> None:
    session = next(each for each in lost(outage) if "printfulOrderId" in each["metadata"])
    run = each_shop.run()
    found = the_one(each_shop, session["id"])
    assert f"added the order (run {run.outcome.run_id}): paid session {session['id']} had no order" in sentences(found)
    assert "order made by the shop" not in sentences(found)
    assert found.plan.change_count == 0
    assert found.why_not_more == ["The session has its order, so none is added."]


def test_the_past_of_an_order_is_in_order_and_names_who_changed_it(each_shop: Shop) -> None:
    row = each_shop.of_printful("fulfilled")
    each_shop.database.execute(
        "INSERT INTO order_events (id, order_id, event_type, status, message, created_at)"
        " VALUES ('e1', :id, 'label_printed', 'success', 'for Jane Doe', '2026-11-22 10:00:00')",
        id=row["id"],
    )
    each_shop.run()
    found = the_one(each_shop, row["id"])
    assert [moment.at for moment in found.moments] == sorted(moment.at for moment in found.moments)
    assert [system for system in ("Stripe", "shop", "Printful", "ordersync") if system in
            {moment.system for moment in found.moments}] == ["Stripe", "shop", "Printful", "ordersync"]  # fmt: skip
    assert "event label_printed (success)" in sentences(found)
    assert "Jane" not in sentences(found)
    assert "delivered because Printful says fulfilled" in sentences(found)


def test_refunds_and_disputes_are_part_of_the_past(shop: Shop, outage: World) -> None:
    session = lost(outage)[0]
    refund = {**outage.refunds[0], "id": "re_x", "payment_intent": session["payment_intent"], "amount": 100,
              "currency": session["currency"], "created": session["created"] + 60}  # fmt: skip
    dispute = {"id": "dp_x", "object": "dispute", "payment_intent": session["payment_intent"], "charge": "ch_x",
               "amount": 200, "currency": session["currency"], "created": session["created"] + 90,
               "status": "needs_response"}  # fmt: skip
    shop.sandbox.replace(outage.with_refund(refund).with_dispute(dispute))
    found = the_one(shop, session["id"])
    assert "refund re_x of EUR 1.00" in sentences(found)
    assert "dispute dp_x of EUR 2.00" in sentences(found)
    assert {"partly_refunded", "disputed"} <= {str(each.problem_class) for each in found.plan.problems}
    assert "1 refund, 1 dispute" in found.states["Stripe"]


def test_a_number_may_be_an_order_and_a_printful_order(shop: Shop) -> None:
    first, second = shop.of_printful("fulfilled"), shop.of_printful("partial")
    shop.database.execute("UPDATE order_items SET order_id = :new WHERE order_id = :old",
                          new=second["printful_order_id"], old=first["id"])  # fmt: skip
    shop.database.execute("UPDATE orders SET id = :new WHERE id = :old",
                          new=second["printful_order_id"], old=first["id"])  # fmt: skip
    found = asked(shop, second["printful_order_id"]).found.explanations
    assert {each.ids["order_id"] for each in found} == {second["printful_order_id"], second["id"]}


def test_both_orders_of_one_payment_are_explained_newest_first(each_shop: Shop, outage: World) -> None:
    session = lost(outage)[0]
    twin = {**session, "id": "cs_test_twin", "created": session["created"] - 3600}
    each_shop.sandbox.replace(outage.with_session(twin, []))
    each_shop.run()
    each_shop.database.execute(
        "UPDATE orders SET stripe_payment_intent_id = :pi WHERE stripe_session_id = :id",
        pi=session["payment_intent"], id=(other := each_shop.of_printful("fulfilled"))["stripe_session_id"],
    )  # fmt: skip
    found = asked(each_shop, session["payment_intent"]).found.explanations
    names = [each.ids["stripe_session_id"] for each in found]
    assert names[0] == session["id"]
    assert set(names) == {session["id"], "cs_test_twin", other["stripe_session_id"]}


def test_a_customer_with_many_orders_gets_a_list_to_choose_from(each_shop: Shop) -> None:
    (email,) = each_shop.database.column(
        "SELECT customer_email FROM orders GROUP BY customer_email HAVING count(*) > 3 ORDER BY count(*) DESC LIMIT 1"
    )
    ids = each_shop.database.column("SELECT id FROM orders WHERE customer_email = :email", email=email)
    found = asked(each_shop, email=f" {email.upper()} ").found
    assert not found.explanations
    assert set(ids) <= {choice.get("order_id") for choice in found.choices}
    times = [choice["created_at"] for choice in found.choices if "created_at" in choice]
    assert times == sorted(times, reverse=True)
    assert email not in str(found.choices)


@pytest.mark.parametrize("path", ["/v1/", "/orders"])
def test_a_vendor_that_is_down_hides_neither_the_other_nor_the_shop(each_shop: Shop, path: str) -> None:
    row = each_shop.of_printful("fulfilled")
    each_shop.sandbox.faults.add(Fault(path, "status", status=503, times=None))
    answer = asked(each_shop, row["id"])
    (found,) = answer.found.explanations
    assert len(answer.errors) == 1
    assert not found.is_whole
    assert found.states["shop"].startswith(row["status"])
    assert found.why_not_more[0].startswith(f"{'Printful' if path == '/orders' else 'Stripe'} gave no answer: ")
    known = found.states["Stripe" if path == "/orders" else "Printful"]
    assert "complete, paid" in known if path == "/orders" else "fulfilled" in known


def test_a_refund_list_that_cannot_be_read_decides_nothing(shop: Shop, outage: World) -> None:
    shop.sandbox.faults.add(Fault("/v1/refunds", "status", status=503, times=None))
    answer = asked(shop, lost(outage)[0]["id"])
    (found,) = answer.found.explanations
    assert (len(answer.errors), found.plan.change_count, found.is_whole) == (1, 0, False)


def test_without_a_printful_key_the_rest_is_explained(shop: Shop) -> None:
    settings = settings_for(shop.sandbox, shop.database.url)
    answer = explain_order(
        settings.model_copy(update={"printful_api_key": None}), name=shop.of_printful("fulfilled")["id"],
        tools=shop.time.tools(),
    )  # fmt: skip
    (found,) = answer.found.explanations
    assert "Printful was not asked: there is no PRINTFUL_API_KEY." in found.why_not_more
    assert (answer.errors, answer.requests["printful"]) == ((), 0)


@pytest.mark.parametrize("name", ["nothing", "cs_test_nothing", "pi_nothing", "7", "no such thing, at all/..", "'; --"])
def test_what_nobody_knows_is_found_nowhere(each_shop: Shop, name: str) -> None:
    answer = asked(each_shop, name)
    assert answer.found.is_empty
    assert answer.errors == ()


def test_a_tracking_number_that_is_sent_as_a_number_is_shown_whole(shop: Shop) -> None:
    row, number = shop.of_printful("fulfilled"), 9400100000000000000001
    order = next(each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"])
    parcels = [{**each, "tracking_number": number} for each in order["shipments"]]
    shop.sandbox.put_printful_order({**order, "shipments": parcels})
    assert f"tracking number {number}" in sentences(the_one(shop, row["id"]))
