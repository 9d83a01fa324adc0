"""Dagster and the shop both on PostgreSQL, as a deployment that several machines share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ordersync_dagster_tests.orchestration.pretend import PretendShop, deployed
from ordersync_dagster_tests.orchestration.runs import lost_with_days
from ordersync_dagster_tests.support.databases import fresh_database
from ordersync_dagster_tests.support.places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def shared(_postgres: str, tmp_path: Path) -> Iterator[PretendShop]:
    """The project's own settings, with run history in PostgreSQL."""
    with fresh_database(_postgres) as history, fresh_database(_postgres) as shop:
        config = yaml.safe_load((ROOT / "dagster.yaml").read_text())
        location = history.replace("postgresql://", "postgresql+psycopg2://", 1)
        config["storage"] = {"postgres": {"postgres_url": location.replace("+psycopg:", "+psycopg2:")}}
        with deployed(tmp_path, url=shop, config=yaml.safe_dump(config)) as pretend:
            yield pretend


def test_a_run_and_a_backfill_work_on_postgresql(shared: PretendShop) -> None:
    run_id = shared.dagster.start("order_sync", {"days": 7})
    assert shared.dagster.end_of(run_id) == "SUCCESS", shared.dagster.failure(run_id)
    assert shared.recovered == len(lost_with_days(shared.world))
    days = shared.dagster.days()[-10:]
    backfill = shared.dagster.backfill_job(days)
    assert (backfill["status"], len(backfill["runs"])) == ("COMPLETED_SUCCESS", 1)
    assert shared.dagster.green_days() == set(days)
