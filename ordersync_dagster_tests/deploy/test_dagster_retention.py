"""deploy/dagster-retention.sql makes Dagster's run history smaller, and no day loses its colour."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster_tests.support.places import ROOT

SCRIPT = (ROOT / "deploy" / "dagster-retention.sql").read_text()
DAYS = ("2026-01-01", "2026-01-02")
KEY = dg.AssetKey(["orders"])


@dg.asset(
    partitions_def=dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-04"),
    check_specs=[dg.AssetCheckSpec("complete", asset="orders")],
)
def orders() -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the annotation
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@pytest.fixture
def instance(postgres_url: str, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    url = parse_url(postgres_url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    settings = {"storage": {"postgres": {"postgres_url": url}}, "telemetry": {"enabled": False}}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        for day in (*DAYS, *DAYS, DAYS[0]):
            assert dg.materialize([orders], partition_key=day, instance=instance).success
        yield instance


def clean(url: str, script: str) -> None:
    engine = create_engine(parse_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        for statement in script.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))


def colours(instance: dg.DagsterInstance) -> object:
    storage, kind = instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
    checks = storage.get_latest_asset_check_execution_by_key([dg.AssetCheckKey(KEY, "complete")])
    return (
        storage.get_materialized_partitions(KEY),
        storage.get_latest_storage_id_by_partition(KEY, kind),
        {key: (each.run_id, each.status) for key, each in checks.items()},
        [run.run_id for run in instance.get_runs()],
    )


def count(instance: dg.DagsterInstance) -> int:
    return sum(len(instance.all_logs(run.run_id)) for run in instance.get_runs())


@pytest.mark.full
def test_what_newer_records_replace_goes_and_every_day_stays_as_it_was(
    instance: dg.DagsterInstance, postgres_url: str
) -> None:
    before, events = colours(instance), count(instance)
    clean(postgres_url, SCRIPT)
    assert count(instance) == events, "nothing is 90 days old"

    assert SCRIPT.count("interval '90 days'") == 3
    clean(postgres_url, SCRIPT.replace("90 days", "0 days"))
    assert colours(instance) == before
    assert count(instance) < events / 4
    kept = instance.fetch_materializations(KEY, limit=10).records
    assert sorted(str(each.partition_key) for each in kept) == list(DAYS)

    assert dg.materialize([orders], partition_key=DAYS[0], instance=instance).success
    assert instance.event_log_storage.get_materialized_partitions(KEY) == set(DAYS)
