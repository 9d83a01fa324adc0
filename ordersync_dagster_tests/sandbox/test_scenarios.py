"""What the scenarios hold, counted from their data by rules written down here."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from ordersync_dagster.sandbox import SCENARIOS, World, build
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.world import Counters, expected_counters, in_window, lost


@pytest.mark.parametrize("seed", [7, 8, 99])
@pytest.mark.parametrize(
    "moment", [NOW, datetime(2027, 3, 1, 0, 5, tzinfo=UTC), datetime(2028, 2, 29, 23, 59, tzinfo=UTC)]
)
def test_the_outage_has_three_lost_orders_and_eight_behind(seed: int, moment: datetime) -> None:
    assert expected_counters(build("outage", seed=seed, now=moment)) == Counters(42, 3, 39, 15, 8, 24)


@pytest.mark.parametrize("seed", [7, 8])
def test_in_the_quiet_shop_nothing_is_to_do(seed: int) -> None:
    assert expected_counters(build("quiet", seed=seed, now=NOW)) == Counters(20, 0, 20, 8, 0, 0)


def test_the_lost_payments_were_made_in_the_outage(outage: World) -> None:
    sessions = lost(outage)
    ages = [outage.now.timestamp() - session["created"] for session in sessions]
    assert all(2 * 86_400 <= age <= 4 * 86_400 for age in ages)
    assert {session["currency"] for session in sessions} == {"usd", "eur", "jpy"}
    assert next(s["amount_total"] for s in sessions if s["currency"] == "jpy") == 4800
    orders_then = [row for row in outage.shop.orders if 2 <= (NOW - row["created_at"].replace(tzinfo=UTC)).days < 4]
    assert orders_then == []


def test_one_lost_sale_waits_at_printful_half_shipped(outage: World) -> None:
    (named,) = (s["metadata"]["printfulOrderId"] for s in lost(outage) if s["metadata"])
    order = next(order for order in outage.printful_orders if str(order["id"]) == named)
    assert (order["status"], len(order["items"]), len(order["shipments"])) == ("partial", 3, 1)


def test_the_shop_agrees_with_stripe_on_what_it_has(outage: World) -> None:
    sessions = {session["id"]: session for session in outage.sessions}
    for row in outage.shop.orders:
        session = sessions[row["stripe_session_id"]]
        assert row["stripe_payment_intent_id"] == session["payment_intent"]
        assert row["total_amount"] * 100 == session["amount_total"]


def test_no_order_is_ambiguous_about_its_items(outage: World) -> None:
    for order in outage.printful_orders:
        variants = [item["variant_id"] for item in order["items"]]
        assert len(variants) == len(set(variants))
        assert all(item["product"]["variant_id"] == item["variant_id"] for item in order["items"])
        assert all(item["files"][0]["type"] == "default" for item in order["items"])


def test_both_places_of_a_shipping_address_occur_and_nulls_too(outage: World) -> None:
    legacy = [s for s in outage.sessions if s.get("shipping_details")]
    today = [s for s in outage.sessions if (s["collected_information"] or {}).get("shipping_details")]
    assert legacy
    assert len(today) > len(legacy)
    addresses = [s["collected_information"]["shipping_details"]["address"] for s in today]
    assert {address["line2"] is None for address in addresses} == {True, False}
    assert {address["state"] is None for address in addresses} == {True, False}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_world_follows_from_its_arguments(scenario: str) -> None:
    first, second = (build(scenario, seed=3, now=NOW, size=60) for _ in range(2))
    assert first == second
    assert first.events == second.events
    assert build(scenario, seed=4, now=NOW, size=60) != first


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_id_is_used_twice_and_nothing_lies_in_the_future(scenario: str) -> None:
    world = build(scenario, now=NOW, size=400)
    end = NOW.timestamp()
    for records in (world.sessions, world.refunds, world.events, world.printful_orders):
        assert len({record["id"] for record in records}) == len(records)
        assert all(record["created"] <= end for record in records)
    parcels = [parcel for order in world.printful_orders for parcel in order["shipments"]]
    assert all(parcel["shipped_at"] <= end for parcel in parcels)
    items = [item["id"] for order in world.printful_orders for item in order["items"]]
    assert len(items) == len(set(items))


def test_the_large_shop_has_what_was_asked_for() -> None:
    world = build("large", now=NOW, size=2000)
    named = {s["metadata"]["printfulOrderId"] for s in world.sessions if "printfulOrderId" in s["metadata"]}
    assert (len(world.sessions), len(world.printful_orders)) == (2000, 100)
    assert named == {str(order["id"]) for order in world.printful_orders}
    assert all(len(world.line_items[session["id"]]) == 1 for session in world.sessions)
    assert world.shop.orders == []
    assert len(in_window(world)) == 2000
    by_hour = Counter(datetime.fromtimestamp(s["created"], UTC).hour for s in world.sessions)
    assert by_hour[18] > 3 * by_hour[3]


@pytest.mark.parametrize(
    ("scenario", "moment"), [("market", NOW), ("outage", NOW.replace(tzinfo=None))], ids=["name", "zone"]
)
def test_an_unknown_name_and_a_time_without_zone_are_refused(scenario: str, moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"market|time zone"):
        build(scenario, now=moment)
