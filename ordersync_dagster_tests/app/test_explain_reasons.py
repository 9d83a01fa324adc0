"""`explain`: why a run does not do more, and shops and roles of other kinds."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from ordersync_dagster.app.history import History
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.app.explaining import sentences, the_one
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.numbered_shops import VALUES, numbered_shop
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched
from ordersync_dagster_tests.support.world import lost


def why(shop: Shop, session: Mapping[str, Any], **changes: str) -> list[str]:
    return list(the_one(shop, session["id"], **changes).why_not_more)


def test_each_reason_to_leave_a_session_is_said(shop: Shop, outage: World) -> None:
    paid, minute_old = lost(outage)[0], outage.sessions[0]["created"]
    assert minute_old > paid["created"]
    by_word = {each["payment_status"]: each for each in outage.sessions if each["status"] == "complete"}
    assert "not paid" in why(shop, by_word["unpaid"])[0]
    assert "ORDERSYNC_INCLUDE_FREE_ORDERS" in why(shop, by_word["no_payment_required"])[0]
    assert "ORDERSYNC_SESSION_MATCH" in why(shop, paid, ORDERSYNC_SESSION_MATCH="metadata.shop=other")[0]
    assert "ORDERSYNC_CHECKOUT_MODES" in why(shop, paid, ORDERSYNC_CHECKOUT_MODES="subscription")[0]
    assert "did not finish" in why(shop, next(each for each in outage.sessions if each["status"] == "open"))[0]
    recent = {**paid, "created": int(shop.time.now.timestamp()) - 60}
    shop.sandbox.replace(outage.with_session(recent))
    assert "ORDERSYNC_GRACE_MINUTES" in why(shop, recent)[0]


def test_an_erased_customer_is_said_to_be_erased(each_shop: Shop, outage: World) -> None:
    settings = settings_for(each_shop.sandbox, each_shop.database.url)
    session = lost(outage)[0]
    email = session["customer_details"]["email"]
    each_shop.run()
    History(settings, each_shop.time.tools()).forget(email, dry_run=False)
    each_shop.database.execute("DELETE FROM order_items WHERE order_id = :id", id=each_shop.order(session["id"])["id"])
    each_shop.database.execute("DELETE FROM order_events WHERE order_id = :id", id=each_shop.order(session["id"])["id"])
    each_shop.database.execute("DELETE FROM orders WHERE stripe_session_id = :id", id=session["id"])
    found = the_one(each_shop, session["id"])
    assert any("erased" in reason for reason in found.why_not_more)
    assert found.plan.change_count == 0


def test_open_problems_of_earlier_runs_are_shown(each_shop: Shop, outage: World) -> None:
    session = next(each for each in lost(outage) if "printfulOrderId" not in each["metadata"])
    each_shop.run()
    found = the_one(each_shop, session["id"])
    assert "unfulfilled" in {str(each.problem_class) for each in found.known}
    assert all(session["id"] in each.keys for each in found.known)


def test_an_old_session_is_left_by_the_usual_run(shop: Shop, outage: World) -> None:
    session = {**lost(outage)[0], "id": "cs_test_old", "payment_intent": "pi_old", "created": 1_780_000_000}
    shop.sandbox.replace(outage.with_session(session, []))
    assert "`ordersync sync --from 2026-05-28 --to 2026-05-28`" in why(shop, session)[0]


def test_a_printful_order_of_another_channel_is_explained(shop: Shop, outage: World) -> None:
    other = next(each for each in outage.printful_orders if str(each["external_id"]).startswith("market-"))
    found = the_one(shop, str(other["id"]))
    assert (found.states["Stripe"], found.states["shop"]) == ("no session is known", "no order")
    assert found.states["Printful"] == f"{other['id']} is {other['status']}"
    assert "No order of the shop names this Printful order" in found.why_not_more[0]


def test_a_printful_order_with_the_payment_as_its_name_leads_to_the_session(shop: Shop, outage: World) -> None:
    session = next(each for each in lost(outage) if "printfulOrderId" not in each["metadata"])
    made = {**outage.printful_orders[0], "id": 777, "external_id": session["payment_intent"], "status": "inprocess"}
    shop.sandbox.replace(replace(outage, printful_orders=[made, *outage.printful_orders]))
    found = the_one(shop, "777")
    assert found.ids["stripe_session_id"] == session["id"]
    assert found.plan.inserts


def test_a_shop_that_numbers_its_orders_is_explained_too(
    sandbox: Sandbox, database_url: str, time: FakeTime, outage: World, tmp_path: Path
) -> None:
    (tmp_path / "ordersync.toml").write_text(VALUES)
    shop = Shop(sandbox, numbered_shop(database_url, outage), time)
    changes = {"ORDERSYNC_CONFIG": str(tmp_path / "ordersync.toml")}
    session = lost(outage)[0]["id"]
    planned = the_one(shop, f"new:{session}", **changes)
    assert planned.plan.inserts[0].order.id == f"new:{session}"
    run = launched(settings_for(sandbox, database_url, **changes), tools=time.tools())
    assert list(run.parts)
    number = str(shop.order(session)["id"])
    found = the_one(shop, number, **changes)
    assert found == the_one(shop, session, **changes)
    assert f"(run {run.outcome.run_id})" in sentences(found)
    assert found.plan.change_count == 0


def test_a_role_that_may_not_read_the_timeline_is_told_so(postgres_shop: Shop) -> None:
    name = make_url(postgres_shop.database.url).database
    postgres_shop.database.script(
        f"CREATE ROLE looker_{name} LOGIN;\nGRANT SELECT ON orders, order_items, ordersync_runs, ordersync_missing,"
        f" ordersync_audit, ordersync_erased, ordersync_audit_end, ordersync_problems,"
        " ordersync_alerts, ordersync_shadow, ordersync_parcels, ordersync_dagster_runs, ordersync_shops,"
        f" ordersync_alembic_version TO looker_{name};\n"
    )
    url = make_url(postgres_shop.database.url).set(username=f"looker_{name}").render_as_string(hide_password=False)
    try:
        row = postgres_shop.of_printful("fulfilled")
        found = the_one(Shop(postgres_shop.sandbox, Database(url), postgres_shop.time), row["id"])
        assert found.why_not_more[-1].startswith("order_events may not be read by this database role")
        assert found.plan.updates
    finally:
        postgres_shop.database.script(f"DROP OWNED BY looker_{name};\nDROP ROLE looker_{name};\n")
