"""The webhook's health where the shop has tables of its own form."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ordersync_dagster.app.webhooks import look_at_webhooks
from ordersync_dagster.core.webhook_health import WebhookHealth
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.existing_shops import other_shop
from ordersync_dagster_tests.support.numbered_shops import VALUES, numbered_shop
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shop_schemas import MAPPING
from ordersync_dagster_tests.support.shops import launched
from ordersync_dagster_tests.support.world import lost

MONTH = Window.last_days(30, NOW)


def numbered(url: str, outage: World, tmp_path: Path) -> tuple[Database, dict[str, str]]:
    (tmp_path / "ordersync.toml").write_text(VALUES)
    return numbered_shop(url, outage), {"ORDERSYNC_CONFIG": str(tmp_path / "ordersync.toml")}


def mapped(url: str, outage: World, tmp_path: Path) -> tuple[Database, dict[str, str]]:
    (tmp_path / "ordersync.toml").write_text(MAPPING)
    return other_shop(url, outage), {"ORDERSYNC_CONFIG": str(tmp_path / "ordersync.toml")}


def found_before_and_after(
    make: Callable[[str, World, Path], tuple[Database, dict[str, str]]],
    url: str, sandbox: Sandbox, time: FakeTime, outage: World, tmp_path: Path,
) -> tuple[WebhookHealth, WebhookHealth]:  # fmt: skip
    database, others = make(url, outage, tmp_path)
    settings = settings_for(sandbox, database.url, **others)
    before = look_at_webhooks(settings, MONTH, time.tools(1))
    for _ in launched(settings, tools=time.tools()).parts:
        continue
    return before, look_at_webhooks(settings, MONTH, time.tools(1))


def test_a_shop_that_numbers_its_orders(
    database_url: str, sandbox: Sandbox, time: FakeTime, outage: World, tmp_path: Path
) -> None:
    before, after = found_before_and_after(numbered, database_url, sandbox, time, outage, tmp_path)
    assert (before.outages[0].missing, before.outages[0].recovered) == (len(lost(outage)), 0)
    assert (after.outages[0].missing, after.outages[0].recovered) == (0, len(lost(outage)))


@pytest.mark.full
def test_a_shop_with_its_own_names_and_times_with_a_zone(
    postgres_url: str, sandbox: Sandbox, time: FakeTime, outage: World, tmp_path: Path
) -> None:
    before, after = found_before_and_after(mapped, postgres_url, sandbox, time, outage, tmp_path)
    assert before.outages[0].missing == after.outages[0].recovered == len(lost(outage))
    assert {day.p95 for day in before.days if day.delays} == {4}
