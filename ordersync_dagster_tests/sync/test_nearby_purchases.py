"""A purchase that was paid twice around the edge of a period, and what looking for it costs."""

from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.app.run import start_run
from ordersync_dagster.app.wiring import open_run
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.outcomes import of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.sync.second_payments import midnight, of_day, paid


@pytest.mark.parametrize("is_newer_first", [False, True])
def test_two_payments_around_midnight_are_told_by_the_second_of_two_runs(
    each_shop: Shop, outage: World, is_newer_first: bool
) -> None:
    at = midnight(each_shop)
    late = paid(each_shop, outage, at - timedelta(minutes=10), "late")
    early = paid(each_shop, outage, at + timedelta(minutes=20), "early")
    days = [at, at - timedelta(days=1)] if is_newer_first else [at - timedelta(days=1), at]
    assert of_class(of_day(each_shop, days[0]), "double_payment") == []
    planned, run = of_day(each_shop, days[1], dry_run=True), of_day(each_shop, days[1])
    (ids,) = of_class(run, "double_payment")
    assert set(ids["stripe_session_ids"].split(", ")) == {late["id"], early["id"]}
    assert ids["order_ids"].count(", ") == 1
    assert of_class(planned, "double_payment")[0]["stripe_session_ids"] == ids["stripe_session_ids"]
    (again,) = of_class(of_day(each_shop, days[0]), "double_payment")
    assert again["stripe_session_ids"] == ids["stripe_session_ids"]


@pytest.mark.parametrize("minutes", [(-30, 10, 40), (-30, 25, 80), (5, 20, 40), (-100, -45, 10)])
def test_three_payments_around_midnight_are_told_once(shop: Shop, outage: World, minutes: tuple[int, ...]) -> None:
    at = midnight(shop)
    made = [paid(shop, outage, at + timedelta(minutes=each), f"at{place}") for place, each in enumerate(minutes)]
    for dry_run in (True, False, False):
        (ids,) = of_class(shop.run(dry_run=dry_run), "double_payment")
        assert ids["stripe_session_ids"] == ", ".join(sorted(each["id"] for each in made))


@pytest.mark.parametrize(
    ("minutes", "values"),
    [(70, {}), (20, {"amount_total": 1}), (20, {"payment_status": "unpaid"})],
    ids=["too late", "another amount", "unpaid"],
)
def test_another_purchase_after_midnight_is_not_told(
    shop: Shop, outage: World, minutes: int, values: dict[str, Any]
) -> None:
    at = midnight(shop)
    paid(shop, outage, at - timedelta(minutes=10), "late")
    early = paid(shop, outage, at + timedelta(minutes=minutes - 10), "early")
    of_day(shop, at)
    shop.sandbox.put_session({**early, **values})
    assert of_class(of_day(shop, at - timedelta(days=1)), "double_payment") == []


def test_a_customer_who_buys_the_same_all_day_costs_no_request_for_each_order(shop: Shop, outage: World) -> None:
    at = midnight(shop)
    for minutes in (10, 300, 600, 1420):
        paid(shop, outage, at + timedelta(minutes=minutes), f"at{minutes}", customer_details={"email": "b@example.com"})
    of_day(shop, at)
    shop.sandbox.requests.clear()
    of_day(shop, at)
    assert single_sessions(shop) == []


def test_a_run_up_to_now_asks_for_no_purchase_after_it(shop: Shop, outage: World) -> None:
    for minutes in (15, 40, 300):
        paid(shop, outage, shop.time.now - timedelta(minutes=minutes), f"at{minutes}")
    shop.run()
    shop.sandbox.requests.clear()
    ready = open_run(settings_for(shop.sandbox, shop.database.url), PrintfulScope.all, dry_run=True,
                     tools=shop.time.tools(1))  # fmt: skip
    for _ in start_run(ready, Window.last_days(2, shop.time.now - timedelta(seconds=30))).parts:
        continue
    assert single_sessions(shop) == []


def single_sessions(shop: Shop) -> list[str]:
    """The sessions that were asked for one by one."""
    paths = [request.path for request in shop.sandbox.requests]
    return [path for path in paths if path.startswith("/v1/checkout/sessions/")]


def test_where_stripe_does_not_answer_about_the_other_payment_a_warning_says_so(shop: Shop, outage: World) -> None:
    at = midnight(shop)
    paid(shop, outage, at - timedelta(minutes=10), "late")
    early = paid(shop, outage, at + timedelta(minutes=20), "early")
    of_day(shop, at)
    shop.sandbox.faults.add(Fault(f"/v1/checkout/sessions/{early['id']}", "status", times=None))
    run = of_day(shop, at - timedelta(days=1))
    assert [each for each in run.outcome.warnings if early["id"] in each and "paid twice" in each]
    assert run.outcome.rows["orders_inserted"] > 0
