"""The webhook's health on the pretend shop: what was lost, who brought it back, and how little is read for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ordersync_dagster.app.history import History
from ordersync_dagster.app.webhooks import look_at_webhooks
from ordersync_dagster.core.errors import KeyRefusedError
from ordersync_dagster.core.outages import Outage
from ordersync_dagster.core.webhook_health import WebhookHealth
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import RESTRICTED_KEY, Fault, Sandbox, World
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.world import lost

MONTH = Window.last_days(30, NOW)
Event = dict[str, Any]


def health(shop: Shop, days: int = 30, **settings: str) -> WebhookHealth:
    window = Window.last_days(days, NOW)
    return look_at_webhooks(settings_for(shop.sandbox, shop.database.url, **settings), window, shop.time.tools(1))


def the_outage(shop: Shop) -> Outage:
    (found,) = health(shop).outages
    return found


def paid_events(world: World) -> dict[str, Event]:
    """The event that says that a session was paid, by session id; of the last 30 days."""
    events = [each for each in world.events if each["data"]["object"]["payment_status"] == "paid"]
    return {each["data"]["object"]["id"]: each for each in events}


def moment(event: Event) -> datetime:
    return datetime.fromtimestamp(event["created"], UTC)


def test_the_lost_payments_are_one_outage(each_shop: Shop, outage: World) -> None:
    events = sorted((paid_events(outage)[session["id"]] for session in lost(outage)), key=moment)
    found = the_outage(each_shop)
    assert (found.first, found.last) == (moment(events[0]), moment(events[-1]))
    assert (found.missing, found.recovered, found.late, found.is_ongoing) == (len(events), 0, 0, False)
    assert dict(found.money) == {each["currency"]: each["amount_total"] for each in lost(outage)}
    assert set(found.missing_days) == {datetime.fromtimestamp(s["created"], UTC).date() for s in lost(outage)}


def test_nothing_is_written_and_few_requests_are_made(each_shop: Shop) -> None:
    """One for each hundred events; the day that lies half before the oldest event costs one list of sessions."""
    before = everything(each_shop.database)
    health(each_shop)
    assert everything(each_shop.database) == before
    assert [each.path for each in each_shop.sandbox.requests] == ["/v1/events", "/v1/checkout/sessions"]
    each_shop.sandbox.requests.clear()
    health(each_shop, days=7)
    assert [each.path for each in each_shop.sandbox.requests] == ["/v1/events"]


def test_after_a_run_the_same_orders_are_recovered(each_shop: Shop, outage: World) -> None:
    before = the_outage(each_shop)
    each_shop.run()
    after = the_outage(each_shop)
    assert (after.missing, after.recovered) == (0, len(lost(outage)))
    assert (after.first, after.last, after.money) == (before.first, before.last, before.money)
    assert after.command is None


def test_after_an_undo_they_are_missing_again(each_shop: Shop, outage: World) -> None:
    run = each_shop.run()
    settings = settings_for(each_shop.sandbox, each_shop.database.url)
    History(settings, each_shop.time.tools(1)).undo(run.outcome.run_id, dry_run=False)
    assert the_outage(each_shop).missing == len(lost(outage))


def test_recovered_orders_are_known_after_a_purge_too(each_shop: Shop, outage: World) -> None:
    each_shop.run()
    each_shop.time.now += timedelta(days=3)
    History(settings_for(each_shop.sandbox, each_shop.database.url), each_shop.time.tools(1)).purge(1, dry_run=False)
    each_shop.time.now = NOW
    assert the_outage(each_shop).recovered == len(lost(outage))


def ends_of(outage: World) -> list[str]:
    """The paid sessions of the two days before the lost ones, and of the two days after: the newest first."""
    order = sorted(paid_events(outage).items(), key=lambda each: moment(each[1]))
    names, gone = [name for name, _ in order], {session["id"] for session in lost(outage)}
    places = [place for place, name in enumerate(names) if name in gone]
    return [names[places[0] - 1], names[places[-1] + 1]]


def test_an_order_that_was_never_told_of_its_payment_is_missing(each_shop: Shop, outage: World) -> None:
    for name in ends_of(outage):
        each_shop.database.execute("UPDATE orders SET status = 'pending' WHERE stripe_session_id = :id", id=name)
    assert the_outage(each_shop).missing == len(lost(outage)) + 2
    each_shop.run()
    assert (the_outage(each_shop).missing, the_outage(each_shop).recovered) == (0, len(lost(outage)) + 2)


def test_orders_that_came_hours_later_are_late(each_shop: Shop, outage: World) -> None:
    _, after = ends_of(outage)
    later = moment(paid_events(outage)[after]) + timedelta(hours=5)
    statement = "UPDATE orders SET created_at = :later WHERE stripe_session_id = :id"
    value = later.replace(tzinfo=None)
    each_shop.database.execute(statement, later=value if each_shop.database.is_postgres else f"{value}", id=after)
    found = the_outage(each_shop)
    assert (found.late, found.last) == (1, moment(paid_events(outage)[after]))
    day = next(each for each in health(each_shop).days if each.day == found.last.date())
    assert day.p95 == 5 * 3600


def test_delays_are_those_of_the_shops_own_orders(shop: Shop) -> None:
    found = health(shop)
    assert {(day.p50, day.p95) for day in found.days if day.delays} == {(4, 4)}
    assert sum(day.delays for day in found.days) == sum(day.in_time for day in found.days if day.is_exact)


def test_an_order_that_names_the_payment_alone_is_not_missing(each_shop: Shop, outage: World) -> None:
    session = lost(outage)[0]
    each_shop.database.execute(
        "UPDATE orders SET stripe_session_id = 'made_by_hand', stripe_payment_intent_id = :payment"
        " WHERE stripe_session_id = :other",
        payment=session["payment_intent"],
        other=outage.shop.orders[-1]["stripe_session_id"],
    )
    assert sum(day.missing for day in health(each_shop, days=7).days) == len(lost(outage)) - 1


def test_an_erased_customer_is_no_lost_payment(each_shop: Shop, outage: World) -> None:
    each_shop.run()
    session = lost(outage)[0]
    settings = settings_for(each_shop.sandbox, each_shop.database.url)
    email = session["customer_details"]["email"]
    History(settings, each_shop.time.tools(1)).forget(email, dry_run=False)
    for table in ("order_items", "order_events"):
        each_shop.database.execute(
            f"DELETE FROM {table} WHERE order_id IN (SELECT id FROM orders WHERE customer_email = :email)", email=email
        )
    each_shop.database.execute("DELETE FROM orders WHERE customer_email = :email", email=email)
    assert sum(day.missing for day in health(each_shop).days) == 0


def test_a_payment_of_the_last_minutes_is_not_lost_yet(shop: Shop, sandbox: Sandbox, outage: World) -> None:
    """Of a session that was opened long before it was paid, so that its own time says nothing."""
    paid = max(paid_events(outage).values(), key=moment)
    shop.database.execute("DELETE FROM order_items")
    shop.database.execute("DELETE FROM orders WHERE stripe_session_id = :id", id=paid["data"]["object"]["id"])
    shop.time.now = moment(paid) + timedelta(minutes=10)
    before = health_at(shop, shop.time.now)
    shop.time.now = moment(paid) + timedelta(minutes=16)
    assert health_at(shop, shop.time.now).lost == before.lost + 1


def health_at(shop: Shop, now: datetime) -> WebhookHealth:
    settings = settings_for(shop.sandbox, shop.database.url)
    return look_at_webhooks(settings, Window.last_days(7, now), shop.time.tools(1))


def test_a_key_that_may_not_read_events_still_shows_the_outage(shop: Shop, outage: World) -> None:
    found = health(shop, STRIPE_SECRET_KEY=RESTRICTED_KEY)
    assert (len(found.outages), found.outages[0].missing, found.outages[0].is_exact) == (1, len(lost(outage)), False)
    assert "nothing is known of delays" in found.notes[0]
    assert "“Events: Read" in found.notes[0]
    assert {day.delays for day in found.days} == {0}


def test_a_refused_key_stops_with_its_own_sentence(shop: Shop) -> None:
    shop.sandbox.faults.add(Fault("/v1/", "status", status=401, times=None))
    with pytest.raises(KeyRefusedError, match="it is wrong, expired or revoked"):
        health(shop)


def test_days_before_the_oldest_event_come_from_sessions_and_are_less_exact(shop: Shop) -> None:
    found = health(shop, days=60)
    old = [day for day in found.days if day.payments and day.day < (NOW - timedelta(days=30)).date()]
    assert old
    assert not any(day.is_exact or day.delays for day in old)
    assert any("Stripe keeps events for 30 days" in note for note in found.notes)


def test_each_payment_counts_once_where_events_and_sessions_meet(shop: Shop, outage: World) -> None:
    assert health(shop, days=60).payments == len({*paid_events(outage), *paid_before(outage)} - too_young(outage))


def paid_before(world: World) -> set[str]:
    """Sessions that were made in the last 60 days and paid, as far as there is no event of them."""
    start = (NOW - timedelta(days=60)).replace(hour=0, minute=0).timestamp()
    paid = {s["id"]: s for s in world.sessions if s["payment_status"] == "paid" and s["created"] >= start}
    return {name for name, session in paid.items() if session["created"] < (NOW - timedelta(days=30)).timestamp()}


def too_young(world: World) -> set[str]:
    latest = (NOW - timedelta(minutes=15)).timestamp()
    return {name for name, event in paid_events(world).items() if event["created"] >= latest}


def test_the_zone_of_the_connection_changes_no_delay(postgres_shop: Shop) -> None:
    name = postgres_shop.database.engine.url.database
    postgres_shop.database.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    postgres_shop.database.execute(f"ALTER DATABASE {name} SET datestyle = 'German'")
    assert {day.p95 for day in health(postgres_shop).days if day.delays} == {4}


def test_times_that_nobody_can_read_make_no_delay(sandbox: Sandbox, sqlite_url: str, outage: World) -> None:
    shop = Shop(sandbox, seeded(sqlite_url, outage), FakeTime())
    shop.database.execute("UPDATE orders SET created_at = 'yesterday'")
    found = health(shop)
    assert {day.delays for day in found.days} == {0}
    assert found.outages[0].missing == len(lost(outage))


def test_a_new_database_is_no_outage_before_and_after_its_first_run(each_shop: Shop, outage: World) -> None:
    """Nobody knows whether a webhook should have made these orders; so the days are named, and nothing is alarming."""
    for table in ("order_events", "order_items", "orders"):
        each_shop.database.execute(f"DELETE FROM {table}")
    before = health(each_shop)
    assert (before.outages, before.ongoing) == ((), None)
    assert before.never_worked is not None
    assert before.never_worked.missing == before.payments == before.lost
    assert before.never_worked.command is not None
    each_shop.run()
    after = health(each_shop)
    assert (after.outages, after.never_worked and after.never_worked.recovered) == ((), before.payments)


def test_one_order_of_the_shops_own_makes_it_an_outage(each_shop: Shop, outage: World) -> None:
    """Also one from before the period: a webhook that is down from the first payment of the period to the last."""
    (first,) = each_shop.database.rows("SELECT id FROM orders ORDER BY created_at LIMIT 1")
    for table, column in (("order_events", "order_id"), ("order_items", "order_id"), ("orders", "id")):
        each_shop.database.execute(f"DELETE FROM {table} WHERE {column} <> :id", id=first["id"])
    assert health(each_shop, days=7).ongoing is not None
    each_shop.run()
    found = health(each_shop, days=7)
    assert (found.never_worked, found.ongoing is not None) == (None, True)
