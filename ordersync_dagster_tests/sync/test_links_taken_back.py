"""A link that somebody took back stays taken back, and the audit says where each link came from."""

from typing import Any

from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.app.run import Run
from ordersync_dagster.app.wiring import open_records
from ordersync_dagster.core.orders import order_id
from ordersync_dagster.sandbox import World, printful_order
from ordersync_dagster_tests.support.outcomes import of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.undo_stages import undo
from ordersync_dagster_tests.support.world import lost

LINK = "424250"


def put_printful_order(shop: Shop, world: World) -> dict[str, Any]:
    """Printful has the order of a lost session, under the name of its payment; returns the session."""
    session = next(session for session in lost(world) if not session["metadata"])
    to = {"email": session["customer_details"]["email"]}
    made = printful_order(id=int(LINK), external_id=session["payment_intent"], created=session["created"], recipient=to)
    shop.sandbox.put_printful_order(made)
    return session


def store_of(shop: Shop) -> DatabaseStore:
    settings = settings_for(shop.sandbox, shop.database.url)
    return open_records(settings, shop.time.tools(3), is_writing=True)


def reasons(shop: Shop, session_id: str) -> list[str]:
    """Why each change of the order was made, from our own audit."""
    query = "SELECT reason FROM ordersync_audit WHERE order_id = :id AND resource = 'order' ORDER BY seq"
    return [row["reason"] for row in shop.database.rows(query, id=order_id(session_id))]


def is_told(run: Run, session_id: str) -> bool:
    """Whether the link is named as a possible one, and nobody is said to wait for it."""
    named = {"order_id": order_id(session_id), "stripe_session_id": session_id, "printful_order_ids": LINK}
    return named in of_class(run, "possible_link") and order_id(session_id) not in run.outcome.waiting


def test_fault_75_a_link_that_a_person_took_back_is_told_and_not_made_again(each_shop: Shop, outage: World) -> None:
    session = put_printful_order(each_shop, outage)["id"]
    each_shop.run()
    assert each_shop.order(session)["printful_order_id"] == LINK
    each_shop.database.execute("UPDATE orders SET printful_order_id = NULL WHERE stripe_session_id = :id", id=session)

    preview, run = each_shop.run(dry_run=True), each_shop.run()

    assert is_told(preview, session)
    assert is_told(run, session)
    assert each_shop.order(session)["printful_order_id"] is None
    each_shop.database.execute(
        "UPDATE orders SET printful_order_id = :to WHERE id = :id", to=LINK, id=order_id(session)
    )
    assert not of_class(each_shop.run(), "possible_link")


def test_a_link_that_an_undo_took_back_is_not_made_again(each_shop: Shop, outage: World) -> None:
    each_shop.run()
    session = put_printful_order(each_shop, outage)["id"]
    undo(store_of(each_shop), each_shop.run().outcome.run_id)
    assert each_shop.order(session)["printful_order_id"] is None

    run = each_shop.run()

    assert is_told(run, session)
    assert each_shop.order(session)["printful_order_id"] is None


def test_an_order_that_an_undo_removed_is_linked_when_it_is_added_again(each_shop: Shop, outage: World) -> None:
    session = put_printful_order(each_shop, outage)["id"]
    undo(store_of(each_shop), each_shop.run().outcome.run_id)

    each_shop.run()

    assert each_shop.order(session)["printful_order_id"] == LINK


def test_a_link_of_the_session_that_a_person_took_back_is_not_made_again(each_shop: Shop, outage: World) -> None:
    noted = next(each for each in lost(outage) if each["metadata"])
    link, of_order = noted["metadata"]["printfulOrderId"], order_id(noted["id"])
    each_shop.run()
    each_shop.database.execute(
        "UPDATE orders SET printful_order_id = NULL, status = 'processing' WHERE id = :id", id=of_order
    )

    preview, run = each_shop.run(dry_run=True), each_shop.run()

    named = {"order_id": of_order, "stripe_session_id": noted["id"], "printful_order_ids": link}
    for each in (preview, run):
        assert of_class(each, "possible_link") == [named]
        assert of_order not in each.outcome.waiting
    assert each_shop.order(noted["id"])["printful_order_id"] is None


def test_the_audit_says_where_a_link_came_from(each_shop: Shop, outage: World) -> None:
    session = put_printful_order(each_shop, outage)
    noted = next(each for each in lost(outage) if each["metadata"])
    run = each_shop.run()

    by_name = f"printful_order_id filled from Printful order {LINK}, whose external_id is the order's payment"
    assert reasons(each_shop, session["id"])[1].startswith(by_name)
    (row,) = [
        row
        for row in run.outcome.changes
        if (row["stripe_session_id"], row["field"]) == (session["id"], "printful_order_id")
    ]
    assert row["why"] == f"empty in the shop, {by_name.removeprefix('printful_order_id ')}"
    of_session = f"its metadata names Printful order {noted['metadata']['printfulOrderId']}"
    assert reasons(each_shop, noted["id"])[0].endswith(of_session)
