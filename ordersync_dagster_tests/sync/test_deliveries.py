"""A shop that waits for its parcels: shipped when Printful sent them, delivered when all of them arrived."""

import pytest

from ordersync_dagster.sandbox import Fault, World, printful_order
from ordersync_dagster.sync import deliveries
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.outcomes import of_class
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.sync.waiting import Waiting


@pytest.fixture
def waiting(each_shop: Shop) -> Waiting:
    return Waiting(each_shop)


@pytest.fixture
def one(shop: Shop) -> Waiting:
    """For rules that no database changes."""
    return Waiting(shop)


@pytest.mark.full
@pytest.mark.databases
def test_an_order_is_shipped_until_its_parcels_arrive(waiting: Waiting) -> None:
    waiting.set_status("processing")
    waiting.put("in_transit")
    preview, run = waiting.run(dry_run=True), waiting.run()
    assert run.outcome.changes == preview.outcome.changes
    assert waiting.row()["status"] == "shipped"

    waiting.put("delivered", delivered_at="2026-11-20T10:00:00Z")
    preview, run = waiting.run(dry_run=True), waiting.run()
    assert run.outcome.changes == preview.outcome.changes
    assert waiting.row()["status"] == "delivered"
    assert "2026-11-20T10:00:00Z" in str(waiting.row()["metadata"])
    (reason,) = waiting.shop.database.column(
        "SELECT reason FROM ordersync_audit WHERE order_id = :id AND run_id = :run",
        id=waiting.id,
        run=run.outcome.run_id,
    )
    assert "shipped → delivered because Printful says delivered on 2026-11-20" in reason
    (event,) = waiting.shop.database.column(
        "SELECT message FROM order_events WHERE order_id = :id AND message LIKE '%delivered on%'", id=waiting.id
    )
    assert "Printful says delivered on 2026-11-20" in event

    again = waiting.run()
    assert again.outcome.summary.printful_orders_updated == 0
    assert again.outcome.summary.errors == 0


@pytest.mark.databases
def test_the_record_of_questions_is_kept_and_purged(waiting: Waiting) -> None:
    waiting.set_status("shipped")
    waiting.put("in_transit")
    waiting.run(dry_run=True)
    table = "SELECT printful_order_id FROM ordersync_parcels"
    assert waiting.shop.database.column(table) == []
    waiting.run()
    waiting.run()
    assert str(waiting.printful_id) in waiting.shop.database.column(table)


def test_without_the_setting_nothing_is_asked_and_fulfilled_is_delivered(one: Waiting) -> None:
    one.shop.run()
    assert one.asked() == []
    assert one.row()["status"] == "delivered"


def test_orders_that_were_delivered_before_are_neither_asked_nor_told(one: Waiting) -> None:
    one.shop.run()
    one.put("in_transit")
    one.asked()
    run = one.run()
    assert one.asked() == []
    assert one.row()["status"] == "delivered"
    assert of_class(run, "regress_blocked") == []
    assert run.outcome.summary.printful_orders_updated == 0


def test_only_what_parcels_can_still_change_is_asked(one: Waiting) -> None:
    one.run()
    one.asked()
    one.put("in_transit")
    one.set_status("shipped")
    one.run(printful=PrintfulScope.open)
    assert one.asked() == [str(one.printful_id)]
    one.set_status("returned")
    one.run()
    assert one.asked() == []
    one.run(printful=PrintfulScope.none)
    assert one.asked() == []


def test_a_shipped_order_is_open(one: Waiting) -> None:
    one.set_status("shipped")
    one.put("delivered")
    one.run(printful=PrintfulScope.open)
    assert one.row()["status"] == "delivered"


def test_a_new_order_and_one_that_is_linked_are_delivered_in_the_same_run(one: Waiting) -> None:
    """So that the second run has nothing to do."""
    shop = one.shop
    shop.database.execute("UPDATE orders SET printful_order_id = NULL WHERE id = :id", id=one.id)
    order = one.order()
    shop.sandbox.put_printful_order({**order, "external_id": one.row()["stripe_payment_intent_id"]})
    one.set_status("processing")
    one.put("delivered")
    one.run()
    assert (one.row()["printful_order_id"], one.row()["status"]) == (str(one.printful_id), "delivered")
    assert one.run().outcome.summary.printful_orders_updated == 0


@pytest.mark.parametrize("words", [("delivered", "in_transit"), ("delivered", "unknown"), ()])
def test_fault_78_a_parcel_that_did_not_arrive_or_vanished_keeps_the_order_shipped(
    one: Waiting, words: tuple[str, ...]
) -> None:
    one.set_status("shipped")
    one.put(*words)
    run = one.run()
    assert one.row()["status"] == "shipped"
    assert [each for each in run.outcome.problems if each.ids.get("order_id") == one.id] == []


@pytest.mark.parametrize(
    ("word", "problem"),
    [("return_to_sender", "not_delivered"), ("failure", "not_delivered"), ("beamed", "unknown_status")],
)
def test_fault_78_a_parcel_that_needs_a_person_is_told_in_every_run_until_it_is_over(
    one: Waiting, word: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "FEW", -1)  # of many orders, those with a problem are asked all the same
    one.set_status("shipped")
    one.put(word)
    for _ in range(2):
        run = one.run()
        assert [ids["order_id"] for ids in of_class(run, problem)].count(one.id) == 1
        assert one.row()["status"] == "shipped"
        assert one.asked().count(str(one.printful_id)) == 1
    one.put("delivered")
    assert one.id not in [ids["order_id"] for ids in of_class(one.run(), problem)]
    assert one.row()["status"] == "delivered"


def test_fault_77_api_v2_that_is_down_leaves_what_api_v1_proves(one: Waiting) -> None:
    one.set_status("processing")
    one.shop.sandbox.faults.add(Fault("/v2/", "status", status=503, times=None))
    preview, run = one.run(dry_run=True), one.run()
    assert run.outcome.changes == preview.outcome.changes
    assert one.row()["status"] == "shipped"
    assert one.id in {ids["order_id"] for ids in of_class(run, "printful_not_asked")}
    assert run.outcome.summary.errors == len(of_class(run, "printful_not_asked"))
    one.shop.sandbox.faults.clear()
    one.put("delivered")
    one.run()
    assert one.row()["status"] == "delivered"


def test_fault_77_a_refusal_of_api_v2_names_the_setting(one: Waiting) -> None:
    one.set_status("shipped")
    one.shop.sandbox.faults.add(Fault("/v2/", "status", status=403, times=None))
    run = one.run()
    (sentence,) = [
        each.sentence
        for each in run.outcome.problems
        if each.problem_class == "printful_not_asked" and each.ids["order_id"] == one.id
    ]
    assert "API v2 refused PRINTFUL_API_KEY" in sentence
    assert one.row()["status"] == "shipped"


def test_fault_77_an_order_that_api_v2_does_not_know_is_told_as_that(one: Waiting) -> None:
    one.set_status("shipped")
    one.shop.sandbox.faults.add(Fault("/v2/", "status", status=404, times=None, match=f"/{one.printful_id}/"))
    run = one.run()
    assert one.id in {ids["order_id"] for ids in of_class(run, "missing_at_printful")}
    assert one.row()["status"] == "shipped"


def test_two_orders_that_name_one_printful_order_are_not_asked_about(one: Waiting) -> None:
    one.set_status("shipped")
    one.shop.database.execute(
        "UPDATE orders SET printful_order_id = :name WHERE id = (SELECT min(id) FROM orders WHERE id <> :id)",
        name=str(one.printful_id), id=one.id,
    )  # fmt: skip
    run = one.run()
    assert str(one.printful_id) not in one.asked()
    assert of_class(run, "ambiguous_match")


def test_a_saved_plan_delivers_what_it_says_and_records_no_question(one: Waiting) -> None:
    one.set_status("shipped")
    one.put("in_transit")
    one.run(limit=1000)
    assert one.row()["status"] == "shipped"


def test_an_order_of_no_shop_is_not_asked_about(one: Waiting, outage: World) -> None:
    one.run()
    one.asked()
    stranger = printful_order(id=77, status="fulfilled", created=int(outage.now.timestamp()) - 90_000)
    one.shop.sandbox.put_printful_order(stranger)
    one.run()
    assert "77" not in one.asked()
