"""Which orders are looked up at Printful, and what is remembered of those that it does not know."""

from dataclasses import replace
from typing import Any

import pytest

from ordersync_dagster.sandbox import World, refund
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched
from ordersync_dagster_tests.support.world import expected_counters

REMEMBERED = "SELECT printful_order_id FROM ordersync_missing"


def gone(outage: World) -> str:
    """The one Printful id that the shop names and Printful does not know."""
    (found,) = {row["printful_order_id"] for row in outage.shop.orders if row["printful_order_id"]} - {
        str(order["id"]) for order in outage.printful_orders
    }
    return str(found)


def missing(run: Any) -> list[str]:
    return [ids["printful_order_id"] for ids in of_class(run, "missing_at_printful")]


def test_a_store_that_knows_no_order_is_warned_of_and_no_order_is_marked_missing(
    each_shop: Shop, outage: World
) -> None:
    each_shop.sandbox.replace(replace(outage, printful_orders=[]))
    preview, run = each_shop.run(dry_run=True), each_shop.run()

    for each in (preview, run):
        (warning,) = each.outcome.warnings
        asked = expected_counters(outage).printful_orders_checked
        assert warning.startswith(f"Printful knows none of the {asked} orders that it was asked for")
        assert "PRINTFUL_STORE_ID may be another store's" in warning
    assert each_shop.database.column(REMEMBERED) == []
    each_shop.sandbox.replace(outage)
    corrected = each_shop.run()
    assert (missing(corrected), corrected.outcome.warnings) == ([gone(outage)], [])
    assert corrected.outcome.summary.printful_orders_updated == expected_counters(outage).printful_orders_updated
    assert each_shop.database.column(REMEMBERED) == [gone(outage)]


@pytest.mark.parametrize(("asked", "is_doubted"), [(4, False), (5, True)])
def test_a_few_unknown_orders_make_no_other_store(shop: Shop, outage: World, asked: int, is_doubted: bool) -> None:
    recovered = 1  # names its Printful order too
    shop.sandbox.replace(replace(outage, printful_orders=[]))
    shop.database.execute(
        "UPDATE orders SET printful_order_id = NULL WHERE id NOT IN "
        f"(SELECT id FROM orders WHERE printful_order_id IS NOT NULL ORDER BY id LIMIT {asked - recovered})"
    )
    run = shop.run()
    assert (len(missing(run)), bool(run.outcome.warnings)) == (asked, is_doubted)
    assert shop.database.column(REMEMBERED) == []


def test_an_order_that_is_listed_again_is_no_longer_remembered_as_missing(each_shop: Shop, outage: World) -> None:
    lost = next(order for order in outage.printful_orders if order["status"] == "fulfilled")
    others = [order for order in outage.printful_orders if order is not lost]
    without = replace(outage, printful_orders=others)
    each_shop.sandbox.replace(without)
    assert str(lost["id"]) in missing(each_shop.run())

    each_shop.sandbox.replace(outage)
    preview, run = each_shop.run(dry_run=True), each_shop.run()

    assert missing(preview) == missing(run) == [gone(outage)]
    for each in (preview, run):
        assert each.outcome.summary.printful_orders_checked == expected_counters(outage).printful_orders_checked
    each_shop.sandbox.replace(without)
    each_shop.sandbox.requests.clear()
    each_shop.run()
    asked = {request.path for request in each_shop.sandbox.requests}
    assert f"/orders/{lost['id']}" in asked
    assert f"/orders/{gone(outage)}" not in asked


@pytest.mark.parametrize("scope", [PrintfulScope.all, PrintfulScope.open])
def test_an_order_that_shares_its_printful_order_with_a_finished_one_is_left_alone(
    each_shop: Shop, scope: PrintfulScope
) -> None:
    (row, other) = each_shop.of_printful("inprocess"), each_shop.of_printful("canceled")
    share = "UPDATE orders SET status = 'delivered', printful_order_id = :printful WHERE id = :id"
    each_shop.database.execute(share, printful=row["printful_order_id"], id=other["id"])
    each_shop.database.execute("UPDATE orders SET status = 'failed' WHERE id = :id", id=row["id"])

    run = each_shop.run(printful=scope)

    assert [ids["printful_order_id"] for ids in of_class(run, "ambiguous_match")] == [row["printful_order_id"]]
    assert each_shop.order(row["stripe_session_id"])["status"] == "failed"
    assert not {change["order_id"] for change in run.outcome.changes} & {row["id"], other["id"]}


def test_a_recovered_order_with_the_printful_order_of_a_finished_one_is_left_alone(shop: Shop, outage: World) -> None:
    session = next(each for each in outage.sessions if "printfulOrderId" in each["metadata"])
    named = str(session["metadata"]["printfulOrderId"])
    other = shop.of_printful("canceled")
    share = "UPDATE orders SET status = 'delivered', printful_order_id = :printful WHERE id = :id"
    shop.database.execute(share, printful=named, id=other["id"])

    run = shop.run(printful=PrintfulScope.open)

    assert [ids["printful_order_id"] for ids in of_class(run, "ambiguous_match")] == [named]
    order = shop.order(session["id"])
    assert order["id"] not in {item[0] for item in shop.items()}


def test_a_quantity_that_printful_changed_is_reported_and_nothing_is_written(each_shop: Shop, outage: World) -> None:
    each_shop.run()
    row = each_shop.of_printful("inprocess")
    (order,) = [each for each in outage.printful_orders if str(each["id"]) == row["printful_order_id"]]
    first, *rest = order["items"]
    each_shop.sandbox.put_printful_order({**order, "items": [{**first, "quantity": first["quantity"] + 2}, *rest]})
    before = each_shop.tables()

    run = each_shop.run()

    assert [ids["order_id"] for ids in of_class(run, "items_mismatch")] == [row["id"]]
    assert (run.outcome.summary.errors, each_shop.tables()) == (0, before)


def test_fault_73_an_item_that_cannot_be_read_hides_neither_status_nor_parcel(each_shop: Shop, outage: World) -> None:
    theirs = {str(order["id"]): order for order in outage.printful_orders if order["status"] == "fulfilled"}
    rows = each_shop.database.rows("SELECT * FROM orders WHERE status = 'processing'")
    row = next(row for row in rows if row["printful_order_id"] in theirs)
    made = theirs[row["printful_order_id"]]
    odd = {**made["items"][0], "variant_id": None, "product": None}
    each_shop.sandbox.put_printful_order({**made, "items": [odd, *made["items"][1:]]})
    items = each_shop.items()

    preview, run = each_shop.run(dry_run=True), each_shop.run()

    after = each_shop.order(row["stripe_session_id"])
    assert (after["status"], after["tracking_number"]) == ("delivered", made["shipments"][0]["tracking_number"])
    assert [each for each in each_shop.items() if each[0] == row["id"]] == [
        each for each in items if each[0] == row["id"]
    ]
    names = ("printful_order_id", "stripe_session_id")
    named = {"order_id": row["id"], **{name: row[name] for name in names}}
    assert named in of_class(run, "items_mismatch")
    assert run.outcome.summary == preview.outcome.summary
    assert run.outcome.summary.errors == 0


def test_a_paid_order_that_printful_canceled_is_named_until_it_is_refunded(each_shop: Shop, outage: World) -> None:
    row = each_shop.of_printful("canceled")
    names = ("printful_order_id", "stripe_session_id")
    named = {"order_id": row["id"], **{name: row[name] for name in names}}

    preview, first, second = each_shop.run(dry_run=True), each_shop.run(), each_shop.run()

    assert all(named in of_class(run, "cancelled_at_printful") for run in (preview, first, second))
    assert each_shop.order(row["stripe_session_id"])["status"] == "cancelled"
    assert first.outcome.summary == preview.outcome.summary
    (session,) = [each for each in outage.sessions if each["id"] == row["stripe_session_id"]]
    each_shop.sandbox.put_refund(
        refund(
            payment_intent=session["payment_intent"], amount=session["amount_total"], currency=session["currency"],
            created=session["created"] + 60,
        )
    )  # fmt: skip
    assert named not in of_class(each_shop.run(), "cancelled_at_printful")


def test_a_draft_that_nobody_confirmed_and_fewer_goods_than_were_paid_are_named(each_shop: Shop, outage: World) -> None:
    draft, short = each_shop.of_printful("pending"), each_shop.of_printful("inprocess")
    theirs = {str(order["id"]): order for order in outage.printful_orders}
    an_hour_too_long = int(outage.now.timestamp()) - 25 * 3600
    waits = {**theirs[draft["printful_order_id"]], "status": "draft", "created": an_hour_too_long}
    made = theirs[short["printful_order_id"]]
    for each in (waits, {**made, "items": made["items"][:-1]}):
        each_shop.sandbox.put_printful_order(each)

    run = each_shop.run()

    assert [ids["order_id"] for ids in of_class(run, "stuck_at_printful")] == [draft["id"]]
    assert [ids["order_id"] for ids in of_class(run, "goods_missing")] == [short["id"]]


def test_the_shop_says_how_long_is_too_long_and_whether_printful_makes_all(shop: Shop, outage: World) -> None:
    draft, short = shop.of_printful("pending"), shop.of_printful("inprocess")
    theirs = {str(order["id"]): order for order in outage.printful_orders}
    made = theirs[short["printful_order_id"]]
    waits = {**theirs[draft["printful_order_id"]], "created": int(outage.now.timestamp()) - 25 * 3600}
    for each in (waits, {**made, "items": made["items"][:-1]}):
        shop.sandbox.put_printful_order(each)
    says = {"ORDERSYNC_STUCK_HOURS": "26", "ORDERSYNC_MIXED_GOODS": "true"}
    settings = settings_for(shop.sandbox, shop.database.url, **says)

    run = launched(settings, dry_run=True, tools=shop.time.tools(3))
    for _ in run.parts:
        continue

    assert not {"stuck_at_printful", "goods_missing"} & classes(run)
