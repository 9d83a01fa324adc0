"""The sensor `alerts`: what Dagster's runs find is told as the command would tell it."""

import dagster as dg
import pytest

from ordersync_dagster_tests.orchestration.runs import Runs, sensor, shop_with
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.receivers import SECRET, webhook


def look(time: FakeTime) -> str:
    """What the sensor says."""
    found = sensor("alerts")(dg.build_sensor_context(resources={"shop": shop_with(time.tools())}))
    assert isinstance(found, dg.SkipReason)
    return str(found.skip_message)


@pytest.mark.full
def test_problems_of_a_run_are_told_once(runs: Runs, time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs.order_sync(days=30).succeeded
    with webhook() as server:
        monkeypatch.setenv("ORDERSYNC_ALERT_URLS", server.url)
        said = look(time)
        assert look(time) == "Nothing new."
    (title,) = server.titles()
    assert said == f"sink 1 (json) was told: {title}"
    assert title.endswith(" new problems")


def test_silence_is_told_though_dagster_ran_nothing(
    shop: Database, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as server:
        monkeypatch.setenv("ORDERSYNC_ALERT_URLS", server.url)
        assert look(time) == "sink 1 (json) was told: ordersync: no run yet"


def test_without_the_setting_nothing_is_done(shop: Database, time: FakeTime) -> None:
    assert look(time) == "ORDERSYNC_ALERT_URLS is not set, so nobody is told anything."


def test_what_goes_wrong_is_said_without_the_url(
    shop: Database, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as server:
        server.status = 500
        monkeypatch.setenv("ORDERSYNC_ALERT_URLS", server.url)
        assert look(time).startswith("sink 1 (json) did not take the alert: it answered with status 500.")
    monkeypatch.setenv("ORDERSYNC_ALERT_URLS", f"no url {SECRET}")
    assert look(time).startswith("No alert was sent: ORDERSYNC_ALERT_URLS: number 1 is not a URL of apprise")
    monkeypatch.setenv("ORDERSYNC_ALERT_URLS", "json://127.0.0.1:9/x")
    monkeypatch.setattr("ordersync_dagster.app.alerts.Alerts.tell", lambda _: 1 / 0)
    assert look(time).startswith("No alert was sent: unexpected ZeroDivisionError at ")
