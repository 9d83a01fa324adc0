"""What the command line tells a Dagster that keeps its records in DAGSTER_HOME."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.app.settings import read_settings
from ordersync_dagster.orchestration.run_events import report_runless
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster_tests.orchestration.runs import lost_with_days
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import launched

ORDERS, ITEMS = dg.AssetKey("orders"), dg.AssetKey("order_items")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """A DAGSTER_HOME of its own."""
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with dg.DagsterInstance.get() as instance:
        yield instance


def done(time: FakeTime, days: int) -> Run:
    """A run of the command line, carried out."""
    run = launched(read_settings(), days=days, tools=time.tools())
    for _ in run.parts:
        continue
    return run


def test_repaired_days_turn_green_with_their_figures(
    home: dg.DagsterInstance, shop: Database, time: FakeTime, outage: World
) -> None:
    assert report_runless(done(time, 7).outcome, looked_at_printful=True) == 7
    today = outage.now.date()
    assert home.get_materialized_partitions(ORDERS) == {str(today - timedelta(days=n)) for n in range(1, 8)}
    day = max(lost_with_days(outage).values())
    records = home.fetch_materializations(dg.AssetRecordsFilter(ORDERS, asset_partitions=[str(day)]), limit=1).records
    found = records[0].asset_materialization
    assert found
    assert found.metadata["added"].value == list(lost_with_days(outage).values()).count(day)
    assert home.get_latest_materialization_event(ITEMS)


def test_a_day_with_an_undecided_record_does_not_turn_green(
    home: dg.DagsterInstance, shop: Database, sandbox: Sandbox, time: FakeTime, outage: World
) -> None:
    session_id, day = next(iter(lost_with_days(outage).items()))
    broken = next(each for each in outage.sessions if each["id"] == session_id)
    sandbox.put_session({**broken, "amount_total": "a lot"})
    assert report_runless(done(time, 7).outcome, looked_at_printful=False) == 6
    assert str(day) not in home.get_materialized_partitions(ORDERS)
    assert home.get_latest_materialization_event(ITEMS) is None


@pytest.mark.full
def test_a_printful_that_could_not_be_asked_turns_nothing_of_it_green(
    home: dg.DagsterInstance, shop: Database, sandbox: Sandbox, time: FakeTime
) -> None:
    sandbox.faults.add(Fault("/orders", "status", status=503, times=None, match="limit=100"))
    sandbox.faults.add(Fault("/orders/", "status", status=503, times=None))
    assert report_runless(done(time, 7).outcome, looked_at_printful=True) == 7
    assert home.get_latest_materialization_event(ITEMS) is None
    assert home.get_latest_materialization_event(dg.AssetKey("printful_orders")) is None


@pytest.mark.full
def test_the_days_of_one_of_several_shops_turn_green_under_its_name(
    home: dg.DagsterInstance, shop: Database, time: FakeTime
) -> None:
    assert report_runless(done(time, 2).outcome, looked_at_printful=True, shop="wall-art") == 2
    assert len(home.get_materialized_partitions(dg.AssetKey(["wall_art", "orders"]))) == 2
    assert not home.get_materialized_partitions(ORDERS)
