"""How often Printful is asked for the parcels of an order that is on its way."""

from datetime import timedelta

import pytest

from ordersync_dagster.sandbox import Fault
from ordersync_dagster.sync import deliveries
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.sync.waiting import Waiting


@pytest.fixture
def one(shop: Shop) -> Waiting:
    return Waiting(shop)


@pytest.fixture
def many(one: Waiting, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """More orders on their way than are asked for in every run; each was asked once."""
    monkeypatch.setattr(deliveries, "FEW", 0)
    one.set_status("shipped")
    one.put("in_transit")
    one.run()
    assert str(one.printful_id) in one.asked()
    return one


@pytest.mark.parametrize(("hours", "is_asked"), [(0, False), (19, False), (21, True), (24, True)])
def test_of_many_orders_each_rests_after_an_answer(many: Waiting, hours: int, is_asked: bool) -> None:
    many.shop.time.now += timedelta(hours=hours)
    many.put("delivered")
    many.run()
    assert (str(many.printful_id) in many.asked()) is is_asked
    assert many.row()["status"] == ("delivered" if is_asked else "shipped")


@pytest.mark.parametrize(("days", "is_asked"), [(6, False), (8, True)])
def test_parcels_that_left_long_ago_rest_longer(many: Waiting, days: int, is_asked: bool) -> None:
    order = many.order()
    many.shop.sandbox.put_printful_order(
        {**order, "shipments": [{**each, "ship_date": "2026-01-01"} for each in order["shipments"]]}
    )
    many.shop.time.now += timedelta(days=days)
    many.run()
    assert (str(many.printful_id) in many.asked()) is is_asked


def test_an_order_without_an_answer_does_not_rest(many: Waiting) -> None:
    many.shop.time.now += timedelta(hours=21)
    many.shop.sandbox.faults.add(Fault("/v2/", "status", status=503, times=None))
    many.run()
    many.shop.sandbox.faults.clear()
    many.asked()
    many.run()
    assert str(many.printful_id) in many.asked()


def test_few_orders_are_asked_for_in_every_run(one: Waiting) -> None:
    one.set_status("shipped")
    one.put("in_transit")
    for _ in range(2):
        one.run()
        assert one.asked().count(str(one.printful_id)) == 1
