"""The report on the scenario `messy`: its figures are those that its own records give when they are counted slowly."""

from collections import Counter
from collections.abc import Iterator

import pytest

from ordersync_dagster.report.drift.document import figures_of
from ordersync_dagster.report.drift.report import DriftReport
from ordersync_dagster.sandbox import World, build
from ordersync_dagster_tests.app.drift_reports import made
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.drift_truth import told_by, truth_of
from ordersync_dagster_tests.support.messy import IN_A_WORLD
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.world import served


@pytest.fixture(scope="module")
def messy() -> World:
    return build("messy", now=NOW)


@pytest.fixture
def shop(messy: World, sqlite_url: str, time: FakeTime) -> Iterator[Shop]:
    with served(messy) as sandbox:
        yield Shop(sandbox, seeded(sqlite_url, messy), time)


def test_the_figures_are_those_of_the_messy_world(shop: Shop, messy: World) -> None:
    report, truth = made(shop), truth_of(messy)
    assert told_by(report) == truth
    figures, money = figures_of(report), truth.money.values()
    assert figures["orders"] == sum(each.orders for each in money)
    assert figures["payments_without_order"] == truth.lost_days.total()
    assert figures["unreadable_amounts"] == truth.unreadable
    assert by_class(report) == dict.fromkeys(IN_A_WORLD, 2)


def test_after_a_repair_the_report_differs_only_by_the_refunds(shop: Shop, messy: World) -> None:
    shop.run()
    report, truth = made(shop), truth_of(messy)
    back = [each for each in messy.refunds if each["status"] == "succeeded" and each["amount"] > 100]
    truth.money["usd"].refunded = sum(each["amount"] for each in back)
    assert len(back) == 2
    assert told_by(report) == truth
    assert figures_of(report)["orders_to_update"] == 0


def by_class(report: DriftReport) -> dict[str, int]:
    return dict(Counter(str(each.problem_class) for each in report.problems))
