"""Recovered orders find their Printful orders on the wire, and what is only likely is left to people."""

from typing import Any

from ordersync_dagster.core.orders import order_id
from ordersync_dagster.report.text import summary_text
from ordersync_dagster.sandbox import Fault, World, printful_item, printful_order
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.databases import refuse
from ordersync_dagster_tests.support.outcomes import classes, of_class
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import list_as, lost, lost_ids


def unlinked(shop: Shop, world: World) -> dict[str, Any]:
    """A session of the outage that names no Printful order."""
    sessions = {session["id"]: session for session in world.sessions}
    return next(sessions[key] for key in sorted(lost_ids(world)) if "printfulOrderId" not in sessions[key]["metadata"])


def made_for(session: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A Printful order with this payment's name, for the customer of `session`."""
    to = {"name": None, "zip": None, "email": session["customer_details"]["email"]}
    known = {"external_id": session["payment_intent"], "created": session["created"], "recipient": to}
    return printful_order(**(known | fields))


def test_a_recovered_order_is_linked_by_its_payment_and_gets_items_and_status(each_shop: Shop, outage: World) -> None:
    session = unlinked(each_shop, outage)
    made = made_for(session, id=424242, status="inprocess")
    each_shop.sandbox.put_printful_order(made)

    preview, run = each_shop.run(dry_run=True), each_shop.run()

    order = each_shop.order(str(session["id"]))
    assert preview.outcome.summary == run.outcome.summary
    assert order["printful_order_id"] == "424242"
    items = each_shop.database.rows("SELECT * FROM order_items WHERE order_id = :id", id=order["id"])
    assert len(items) == len(made["items"])
    assert order["id"] not in run.outcome.waiting
    assert each_shop.run().outcome.rows.get("orders_updated", 0) == 0


def test_a_likely_match_is_named_and_nothing_is_written(shop: Shop, outage: World) -> None:
    session = unlinked(shop, outage)
    goods = sum(line["quantity"] for line in outage.line_items[str(session["id"])])
    to = {"email": session["customer_details"]["email"].upper()}
    made = made_for(session, id=424243, external_id=None, recipient=to, items=[printful_item(quantity=goods)])
    shop.sandbox.put_printful_order(made)

    run = shop.run()

    assert "possible_link" in classes(run)
    assert not shop.order(str(session["id"]))["printful_order_id"]


def test_a_printful_order_that_belongs_to_another_order_is_never_taken(shop: Shop, outage: World) -> None:
    session = unlinked(shop, outage)
    taken = next(row["printful_order_id"] for row in outage.shop.orders if row["printful_order_id"])
    theirs = next((order for order in outage.printful_orders if str(order["id"]) == taken), None)
    assert theirs is not None
    shop.sandbox.put_printful_order({**theirs, "external_id": session["payment_intent"]})

    shop.run()

    assert not shop.order(str(session["id"]))["printful_order_id"]


def test_a_list_that_cannot_be_read_is_an_error_of_each_order_without_a_link(each_shop: Shop, outage: World) -> None:
    each_shop.sandbox.faults.add(Fault("/orders", "status", status=503, times=None, match="limit=100"))

    preview, run = each_shop.run(dry_run=True), each_shop.run()

    not_asked = {ids["order_id"] for ids in of_class(run, "printful_not_asked")}
    assert order_id(str(unlinked(each_shop, outage)["id"])) in not_asked
    assert run.outcome.summary == preview.outcome.summary
    assert run.outcome.summary.errors == len(not_asked)
    assert "unfulfilled" not in classes(run)
    each_shop.sandbox.faults.clear()
    again = each_shop.run()
    assert {ids["order_id"] for ids in of_class(again, "unfulfilled")} == not_asked
    assert again.outcome.summary.errors == 0


def test_a_printful_order_that_cannot_be_read_is_an_error_of_the_order_that_it_names(
    each_shop: Shop, outage: World
) -> None:
    session = unlinked(each_shop, outage)
    made = made_for(session, id=424244, status=None)
    others = printful_order(id=424245, external_id="pi_of_nobody", created=session["created"], status=None)
    for each in (made, others):
        each_shop.sandbox.put_printful_order(each)

    run = each_shop.run()

    order = each_shop.order(str(session["id"]))
    (ids,) = of_class(run, "malformed_printful_order")
    assert ids == {"printful_order_id": "424244", "order_id": order["id"], "stripe_session_id": session["id"]}
    assert order["id"] not in run.outcome.waiting
    assert (order["printful_order_id"], run.outcome.summary.errors) == (None, 1)


def test_an_unreadable_printful_order_of_another_order_is_no_error_of_the_link(shop: Shop, outage: World) -> None:
    session = unlinked(shop, outage)
    row = shop.of_printful("fulfilled")
    (theirs,) = [each for each in outage.printful_orders if str(each["id"]) == row["printful_order_id"]]
    shop.database.execute("UPDATE orders SET status = 'refunded' WHERE id = :id", id=row["id"])
    shop.sandbox.put_printful_order(
        {**theirs, "external_id": session["payment_intent"], "created": session["created"], "status": None}
    )

    run = shop.run(printful=PrintfulScope.open)

    assert "malformed_printful_order" not in classes(run)
    assert order_id(str(session["id"])) in run.outcome.waiting


def test_an_order_that_the_database_refuses_is_never_said_to_wait(each_shop: Shop, outage: World) -> None:
    session = str(unlinked(each_shop, outage)["id"])
    refuse(each_shop.database, session)

    left_out = each_shop.run(printful=PrintfulScope.none)
    asked = each_shop.run()

    for run in (left_out, asked):
        assert [ids["stripe_session_id"] for ids in of_class(run, "database_refused")] == [session]
        assert session not in {
            problem.ids.get("stripe_session_id") for problem in run.outcome.problems if not problem.is_error
        }
    assert asked.outcome.waiting
    assert order_id(session) not in asked.outcome.waiting


def test_an_order_that_a_webhook_made_meanwhile_is_named_by_its_own_id(each_shop: Shop, outage: World) -> None:
    session = unlinked(each_shop, outage)
    row = {
        **outage.shop.orders[0],
        "id": "made-meanwhile",
        "stripe_session_id": session["id"],
        "printful_order_id": None,
    }
    row |= {"stripe_payment_intent_id": session["payment_intent"], "status": "processing"}
    row |= {"total_amount": each_shop.order(str(outage.shop.orders[0]["stripe_session_id"]))["total_amount"]}
    columns = [name for name in row if row[name] is not None and not isinstance(row[name], dict)]

    def webhook() -> None:
        marks = ", ".join(f":{name}" for name in columns)
        sql = f"INSERT INTO orders ({', '.join(columns)}) VALUES ({marks})"
        each_shop.database.execute(sql, **{name: row[name] for name in columns})

    run = each_shop.run(meanwhile=webhook)

    assert order_id(str(session["id"])) not in run.outcome.waiting
    assert "made-meanwhile" in run.outcome.waiting_long


def test_nobody_waits_where_printful_was_left_out_of_the_run(each_shop: Shop, outage: World) -> None:
    preview, run = (each_shop.run(dry_run=dry_run, printful=PrintfulScope.none) for dry_run in (True, False))

    assert not any(request.path.startswith("/orders") for request in each_shop.sandbox.requests)
    unknown = {ids["order_id"] for ids in of_class(run, "not_looked_at")}
    assert unknown == {order_id(session["id"]) for session in lost(outage) if not session["metadata"]}
    assert (run.outcome.waiting, run.outcome.summary.orders_unfulfilled) == ([], 0)
    assert run.outcome.summary == preview.outcome.summary
    assert "nothing at Printful" not in summary_text(run.outcome)


def test_fault_74_a_list_in_another_order_hides_no_link(each_shop: Shop, outage: World) -> None:
    session = unlinked(each_shop, outage)
    made = made_for(session, id=424246)
    long_ago = int(outage.now.timestamp()) - 90 * 86_400
    old = [printful_order(id=number, created=long_ago) for number in range(1, 300)]
    list_as(each_shop.sandbox, [*old, *outage.printful_orders, made])

    run = each_shop.run()

    assert each_shop.order(str(session["id"]))["printful_order_id"] == "424246"
    assert run.outcome.summary.errors == 0


def test_an_unreadable_printful_order_without_a_name_may_be_any_orders(each_shop: Shop, outage: World) -> None:
    odd = printful_order(id=424247, external_id=None, created=int(outage.now.timestamp()), status=None)
    each_shop.sandbox.put_printful_order(odd)

    run = each_shop.run()

    waiting = {order_id(session["id"]) for session in lost(outage) if not session["metadata"]}
    assert {ids["order_id"] for ids in of_class(run, "printful_not_asked")} == waiting
    assert run.outcome.waiting == []


def test_a_name_on_goods_that_were_made_long_before_is_told_and_nobody_waits(each_shop: Shop, outage: World) -> None:
    session = unlinked(each_shop, outage)
    each_shop.sandbox.put_printful_order(made_for(session, id=424248, created=session["created"] - 9 * 86_400))

    run = each_shop.run()

    order = each_shop.order(session["id"])
    assert order["printful_order_id"] is None
    assert [ids["order_id"] for ids in of_class(run, "possible_link")] == [order["id"]]
    assert order["id"] not in run.outcome.waiting
