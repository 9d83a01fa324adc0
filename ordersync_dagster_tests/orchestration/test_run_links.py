"""A run of Dagster is named by its page there: by status, alerts and the report."""

import json

import pytest

from ordersync_dagster.app.alerts import Alerts
from ordersync_dagster.app.status import read_status
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration.resources import NamedShop
from ordersync_dagster.report.drift.markdown import drift_markdown
from ordersync_dagster.report.drift.page import drift_page
from ordersync_dagster.report.status import status_json
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.orchestration.runs import Run, Runs, shop_with
from ordersync_dagster_tests.support.receivers import FakeSink

ADDRESS = "https://dagster.example.com/prod"


@pytest.fixture
def named(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> NamedShop:
    """The shop, with Dagster's address."""
    monkeypatch.setenv("ORDERSYNC_DAGSTER_URL", f"{ADDRESS}/")
    return shop_with(runs.tools).shop("")


def page_of(run: Run) -> str:
    return f"{ADDRESS}/runs/{run.result.run_id}"


def test_status_alerts_and_report_name_the_page_of_the_run(runs: Runs, named: NamedShop) -> None:
    ran = runs.order_sync(days=30)
    assert ran.succeeded
    status = json.loads(status_json(read_status(named.settings(), named.tools)))
    assert status["last_successful_run"]["url"] == page_of(ran)

    sink = FakeSink()
    Alerts(named.settings(), named.tools, [sink]).tell()
    ((_, body),) = sink.got
    assert f"\nRun: {page_of(ran)}\n" in body

    reading = named.read_drift(Window.last_days(30, named.tools.clock()), PrintfulScope.all)
    reading.read()
    report = reading.report(None)
    assert f'<a href="{page_of(ran)}" rel="noreferrer">' in drift_page(report)
    assert f"]({page_of(ran)}), succeeded" in drift_markdown(report)


def test_without_the_setting_the_command_is_named(
    runs: Runs, named: NamedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDERSYNC_DAGSTER_URL")
    assert runs.order_sync(days=3).succeeded
    status = read_status(named.settings(), named.tools)
    assert status.links == {}
    reading = named.read_drift(Window.last_days(3, named.tools.clock()), PrintfulScope.none)
    reading.read()
    report = reading.report(None)
    assert report.last_run is not None
    assert f"ordersync runs show {report.last_run.id}" in drift_page(report)
    assert f"`ordersync runs show {report.last_run.id}`" in drift_markdown(report)
