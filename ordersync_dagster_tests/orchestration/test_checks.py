"""Asset checks: they go red where something is wrong, name the ids, and turn no day green or red by themselves."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from ordersync_dagster.core.window import day_of
from ordersync_dagster.sandbox import Fault, Sandbox, World, checkout_session
from ordersync_dagster_tests.orchestration.runs import Past, Run, Runs, lost_with_days
from ordersync_dagster_tests.support.databases import Database

PAID_HAS_ORDER = "every_paid_session_has_an_order"


def ids(run: Run, check: str, day: date | None = None) -> set[str]:
    """What a check named."""
    named: Any = run.checks[check, str(day) if day else None].metadata["ids"].value
    return set(named.split(", ")) - {""}


def test_a_dry_run_that_finds_missing_orders_turns_their_days_red_and_names_them(past: Past, outage: World) -> None:
    run = past.preview
    missing = lost_with_days(outage)
    assert run.succeeded
    assert not past.green[0]
    assert {day for check, day in run.red if check == PAID_HAS_ORDER} == {str(day) for day in missing.values()}
    for day in set(missing.values()):
        assert ids(run, PAID_HAS_ORDER, day) == {each for each, lost_on in missing.items() if lost_on == day}


@pytest.mark.full
def test_every_whole_day_is_checked_by_both_jobs(runs: Runs, outage: World) -> None:
    by_person = runs.order_sync(days=7, dry_run=True).checks.keys()
    days = sorted(date.fromisoformat(day) for _, day in by_person if day)
    assert len(days) == 3 * 7
    assert runs.daily_order_sync(days[0], days[-1], dry_run=True).checks.keys() == by_person


@pytest.mark.full
def test_after_the_repair_every_check_passes(past: Past) -> None:
    assert not past.again.red


def test_a_dry_run_names_the_orders_that_lack_items(past: Past) -> None:
    before, after = past.items
    assert ids(past.preview, "items_agree") == {key for key, items in after.items() if items != before.get(key, 0)}


def test_an_order_with_another_amount_is_named(runs: Runs, outage: World, shop: Database) -> None:
    order, day = order_and_day(outage)
    shop.execute("UPDATE orders SET total_amount = '0.07' WHERE id = :id", id=order)
    run = runs.daily_order_sync(day, day)
    assert ids(run, "amounts_agree", day) == {order}


def test_two_orders_for_one_payment_are_named(runs: Runs, sandbox: Sandbox, outage: World, shop: Database) -> None:
    order, day = order_and_day(outage)
    [session_id] = shop.column("SELECT stripe_session_id FROM orders WHERE id = :id", id=order)
    session = next(each for each in outage.sessions if each["id"] == session_id)
    sandbox.put_session({**session, "id": "cs_test_twin"})
    shop.execute(
        "INSERT INTO orders SELECT 'twin', 'cs_test_twin', stripe_payment_intent_id, printful_order_id, status, "
        "customer_email, customer_name, total_amount, currency, tracking_number, tracking_url, shipping_address, "
        "metadata, created_at, updated_at FROM orders WHERE id = :id",
        id=order,
    )
    assert order in "".join(ids(runs.daily_order_sync(day, day), "no_duplicates", day))


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_broken_record_is_named_and_fails_the_run_in_the_asset_graph(
    runs: Runs, sandbox: Sandbox, outage: World, dry_run: bool
) -> None:
    session = next(each for each in outage.sessions if each["id"] in lost_with_days(outage))
    sandbox.put_session({**session, "currency": None})
    run = runs.order_sync(days=7, dry_run=dry_run)
    day = day_of(session["created"])
    assert not run.succeeded
    assert session["id"] in ids(run, PAID_HAS_ORDER, day)
    assert ("last_run_finished", None) in run.red


def test_fault_18_a_day_that_stripe_does_not_show_is_red_and_the_others_are_green(
    runs: Runs, sandbox: Sandbox, outage: World
) -> None:
    day = sorted(set(lost_with_days(outage).values()))[1]
    noon = int(datetime.combine(day, time(12), UTC).timestamp())
    for n in range(220):
        sandbox.put_session(checkout_session(id=f"cs_test_{n}", created=noon + n))
    body = '{"data": [], "has_more": true}'
    sandbox.faults.add(Fault("/v1/checkout", "status", 200, times=None, body=body, match="starting_after"))
    run = runs.daily_order_sync(day - timedelta(days=1), day + timedelta(days=1), printful="none")
    assert not run.succeeded
    assert (PAID_HAS_ORDER, str(day)) in run.red
    assert runs.green() == {str(day - timedelta(days=1)), str(day + timedelta(days=1))}


def test_fault_71_a_day_of_which_a_session_was_put_off_is_not_green(
    runs: Runs, sandbox: Sandbox, outage: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last sale before midnight, and a run soon after."""
    made = outage.now - timedelta(hours=20)
    sandbox.put_session(checkout_session(id="cs_test_late", payment_intent="pi_late", created=int(made.timestamp())))
    monkeypatch.setenv("ORDERSYNC_GRACE_MINUTES", "1440")
    early = runs.daily_order_sync(made.date(), made.date())
    assert early.succeeded, "waiting is no error"
    assert ids(early, PAID_HAS_ORDER, made.date()) == {"cs_test_late"}
    assert str(made.date()) not in runs.green() | runs.green("stripe_sessions")
    monkeypatch.delenv("ORDERSYNC_GRACE_MINUTES")
    late = runs.daily_order_sync(made.date(), made.date())
    assert ids(late, PAID_HAS_ORDER, made.date()) == set()
    assert str(made.date()) in runs.green()


def test_fault_71_a_day_with_an_order_that_the_database_refuses_does_not_turn_green(
    runs: Runs, outage: World, shop: Database
) -> None:
    session_id, day = next(iter(lost_with_days(outage).items()))
    shop.script(
        f"CREATE TRIGGER guard BEFORE INSERT ON orders WHEN NEW.stripe_session_id = '{session_id}' "
        "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )
    run = runs.daily_order_sync(day, day)
    assert not run.succeeded
    assert ids(run, PAID_HAS_ORDER, day) == {session_id}
    assert str(day) not in runs.green()


def order_and_day(world: World) -> tuple[str, date]:
    """An order that agrees with its session, and the session's day."""
    created = {each["id"]: day_of(each["created"]) for each in world.sessions}
    row = next(row for row in world.shop.orders if row["status"] == "delivered")
    return str(row["id"]), created[row["stripe_session_id"]]
