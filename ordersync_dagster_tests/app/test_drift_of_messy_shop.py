"""The report on the scenario `messy`: its figures are those that its own records give when they are counted slowly."""

from collections import Counter

import pytest

from ordersync_dagster.report.drift.document import figures_of
from ordersync_dagster.report.drift.report import DriftReport
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.app.drift_reports import made
from ordersync_dagster_tests.support.drift_truth import told_by, truth_of
from ordersync_dagster_tests.support.messy import IN_A_WORLD
from ordersync_dagster_tests.support.shops import Shop


def test_the_figures_are_those_of_the_messy_world(messy_shop: Shop, messy: World) -> None:
    report, truth = made(messy_shop), truth_of(messy)
    assert told_by(report) == truth
    figures, money = figures_of(report), truth.money.values()
    assert figures["orders"] == sum(each.orders for each in money)
    assert figures["payments_without_order"] == truth.lost_days.total()
    assert figures["unreadable_amounts"] == truth.unreadable
    assert by_class(report) == dict.fromkeys(IN_A_WORLD, 2)


@pytest.mark.full
def test_after_a_repair_the_report_differs_only_by_the_refunds(messy_shop: Shop, messy: World) -> None:
    messy_shop.run()
    report, truth = made(messy_shop), truth_of(messy)
    back = [each for each in messy.refunds if each["status"] == "succeeded" and each["amount"] > 100]
    truth.money["usd"].refunded = sum(each["amount"] for each in back)
    assert len(back) == 2
    assert told_by(report) == truth
    assert figures_of(report)["orders_to_update"] == 0


def by_class(report: DriftReport) -> dict[str, int]:
    return dict(Counter(str(each.problem_class) for each in report.problems))
