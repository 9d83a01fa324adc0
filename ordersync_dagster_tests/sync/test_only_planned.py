"""A run that carries out a saved plan: what was shown is written, and nothing else, whatever came up meanwhile."""

from ordersync_dagster.app.run import Run
from ordersync_dagster.core.planned import PlannedChange
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.outcomes import of_class
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost, lost_ids

STATUS = "UPDATE orders SET status = 'cancelled' WHERE id = :id"


def planned(shop: Shop) -> list[PlannedChange]:
    """The plan of a dry run now."""
    return [each.change for each in shop.run(dry_run=True, keeps_plan=True).outcome.planned]


def moved(run: Run) -> set[str]:
    """The orders, and the sessions without one, whose planned changes were not found again."""
    return {each["order_id"] for each in of_class(run, "not_as_planned")}


def put_another(sandbox: Sandbox, like: dict[str, object]) -> str:
    """One more paid session that lost its webhook, an hour before now."""
    number = "cs_test_came_later"
    made = {"id": number, "payment_intent": "pi_came_later", "created": int(NOW.timestamp()) - 3600, "metadata": {}}
    sandbox.put_session({**like, **made})
    return number


def test_a_plan_that_nothing_moved_is_applied_whole(each_shop: Shop) -> None:
    preview = each_shop.run(dry_run=True, keeps_plan=True)
    run = each_shop.run(planned=[each.change for each in preview.outcome.planned])
    assert run.outcome.summary == preview.outcome.summary
    assert run.outcome.changes == preview.outcome.changes
    assert each_shop.run().outcome.changes == []


def test_what_came_up_since_is_neither_written_nor_called_an_error(each_shop: Shop, outage: World) -> None:
    plan = planned(each_shop)
    later = put_another(each_shop.sandbox, lost(outage)[0])
    run = each_shop.run(planned=plan)
    known = set(each_shop.database.column("SELECT stripe_session_id FROM orders"))
    assert later not in known
    assert set(lost_ids(outage)) <= known
    assert (run.outcome.summary.skipped_not_in_plan, run.outcome.summary.errors) == (1, 0)
    assert "1 change is needed that the plan does not have" in " ".join(run.outcome.warnings)
    assert not any(later in each.ids.values() for each in run.outcome.problems)
    assert each_shop.run().outcome.summary.stripe_sessions_added == 1


def test_an_order_that_moved_since_is_named_and_the_others_are_written(each_shop: Shop) -> None:
    plan, row = planned(each_shop), each_shop.of_printful("fulfilled")
    each_shop.database.execute(STATUS, id=row["id"])
    run = each_shop.run(planned=plan)
    assert moved(run) == {row["id"]}
    assert run.outcome.summary.errors == 1
    assert each_shop.order(row["stripe_session_id"])["status"] == "cancelled"
    assert not [item for item in each_shop.items() if item[0] == row["id"]]
    written = {each["order_id"] for each in run.outcome.changes}
    assert written == {each.order_id for each in plan} - {row["id"]}


def test_an_order_that_moves_while_it_is_written_is_not_decided_again(each_shop: Shop) -> None:
    plan, row = planned(each_shop), each_shop.of_printful("fulfilled")
    run = each_shop.run(planned=plan, meanwhile=lambda: each_shop.database.execute(STATUS, id=row["id"]))
    assert moved(run) == {row["id"]}
    assert not [item for item in each_shop.items() if item[0] == row["id"]]


def test_a_session_whose_address_is_another_gets_no_order(each_shop: Shop, outage: World) -> None:
    plan, session = planned(each_shop), lost(outage)[0]
    each_shop.sandbox.put_session({**session, "customer_details": {"email": "other@example.com", "name": "Other"}})
    run = each_shop.run(planned=plan)
    assert session["id"] in {each["stripe_session_id"] for each in of_class(run, "not_as_planned")}
    assert session["id"] not in each_shop.database.column("SELECT stripe_session_id FROM orders")


def test_an_order_that_a_webhook_inserted_since_is_left_to_it(each_shop: Shop, outage: World) -> None:
    plan, session = planned(each_shop), next(each for each in lost(outage) if each["metadata"])
    each_shop.database.execute(
        "INSERT INTO orders (id, stripe_session_id, stripe_payment_intent_id, printful_order_id, status,"
        " customer_email, customer_name, total_amount) VALUES"
        " ('theirs', :session, :intent, :printful, 'processing', 'kim@example.com', 'Kim Example', '1.00')",
        session=session["id"],
        intent=session["payment_intent"],
        printful=session["metadata"]["printfulOrderId"],
    )
    run = each_shop.run(planned=plan)
    assert session["id"] in {each["stripe_session_id"] for each in of_class(run, "not_as_planned")}
    assert not [item for item in each_shop.items() if item[0] == "theirs"]


def test_an_empty_plan_writes_nothing_and_a_preview_of_a_plan_neither(each_shop: Shop) -> None:
    plan = planned(each_shop)
    before = each_shop.tables()
    assert set(each_shop.run(planned=[]).outcome.rows.values()) <= {0}
    assert each_shop.tables() == before
    everywhere = everything(each_shop.database)
    each_shop.run(planned=plan, dry_run=True)
    assert everything(each_shop.database) == everywhere


def test_orders_that_printful_was_not_asked_about_are_not_said_to_have_moved(shop: Shop) -> None:
    plan = planned(shop)
    shop.sandbox.faults.add(Fault("/orders", "status", status=503, times=None))
    run = shop.run(planned=plan, attempts=1)
    assert of_class(run, "printful_not_asked")
    assert moved(run) == set()
