"""The requests that the simulation of many shops counts are those that the sandbox counts."""

import json
from datetime import timedelta

import pytest

from benchmarks.scaling.requests import printful_requests, stripe_requests
from ordersync_dagster.app.wiring import Tools
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Sandbox, World, build, checkout_session, printful_item, printful_order
from ordersync_dagster.sandbox.world.shop import order_row
from ordersync_dagster.sandbox.world.world import Packed, ShopRows
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.profiles import at
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched, seeded

TWO_HOURS = 7_200  # seconds between two Printful orders
LONG_AGO = int((NOW - timedelta(days=400)).timestamp())


def asked(sandbox: Sandbox, url: str, days: int, scope: PrintfulScope) -> list[str]:
    """The paths of a run's requests."""
    sandbox.requests.clear()
    run = launched(settings_for(sandbox, url), scope, days=days, tools=Tools(lambda: NOW))
    for _ in run.parts:
        continue
    return [each.path for each in sandbox.requests]


@pytest.mark.parametrize("size", [0, 40, 300, 1_500, at(3_000, 12_000)])
def test_the_requests_to_stripe_are_those_of_the_model(sandbox: Sandbox, sqlite_url: str, size: int) -> None:
    world = build("large", now=NOW, size=size)
    sandbox.replace(world)
    assert isinstance(world.sessions, Packed)
    moments = sorted(json.loads(row)["created"] for row in world.sessions.raw)
    for days in (1, 15, 30):
        window = Window.last_days(days, NOW)
        paths = asked(sandbox, sqlite_url, days, PrintfulScope.none)
        lists = [path for path in paths if not path.startswith("/v1/checkout/sessions/")]  # look-ups of single ones
        assert len(lists) == stripe_requests(moments, window.start_epoch, window.end_epoch)


@pytest.mark.parametrize(("total", "still_open"), [(0, 0), (80, 30), (250, 40), (900, 60), (900, 480)])
@pytest.mark.parametrize("days", [1, 15])
def test_the_requests_to_printful_are_those_of_the_model(
    sandbox: Sandbox, sqlite_url: str, total: int, still_open: int, days: int
) -> None:
    moments = [int(NOW.timestamp()) - 3_600 - place * TWO_HOURS for place in range(total)]
    orders, rows = [], []
    for place, created in enumerate(moments):
        name, is_open = 1_000_000 - place, place < still_open
        items = [printful_item(id=name)]
        orders.append(
            printful_order(id=name, created=created, items=items, status="inprocess" if is_open else "fulfilled")
        )
        session = checkout_session(id=f"cs_test_{name}", payment_intent=f"pi_{name}", created=LONG_AGO)
        rows.append(order_row(session, status="processing" if is_open else "delivered", printful_order_id=str(name)))
    world = World(NOW, printful_orders=orders, shop=ShopRows(rows))
    sandbox.replace(world)
    seeded(sqlite_url, world)
    newer = sum(moment >= Window.last_days(days, NOW).start_epoch for moment in moments)
    for scope in (PrintfulScope.open, PrintfulScope.all):
        paths = [path for path in asked(sandbox, sqlite_url, days, scope) if not path.startswith("/v1/")]
        is_nightly = scope is PrintfulScope.all
        assert len(paths) == printful_requests(total, still_open, newer, is_nightly=is_nightly)
