"""What Dagster finds when it loads the code location."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from ordersync_dagster.adapters.database.schema.tables import shop_tables
from ordersync_dagster.core import order_fields
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.definitions import defs
from ordersync_dagster.orchestration.columns import COLUMNS
from ordersync_dagster.orchestration.config import DailyConfig, OrderSyncConfig
from ordersync_dagster.orchestration.partitions import daily, first_day
from ordersync_dagster.orchestration.schedules import RANGE_END, RANGE_START
from ordersync_dagster_tests.orchestration.runs import ASSETS, schedule

AT = datetime.now(UTC).replace(hour=3, minute=20, second=0, microsecond=0)


def specs() -> Iterator[dg.AssetSpec]:
    return iter(defs.resolve_all_asset_specs())


def test_the_five_assets_form_one_line() -> None:
    before = {spec.key.to_user_string(): [dep.asset_key.to_user_string() for dep in spec.deps] for spec in specs()}
    assert before.pop("drift_report") == ["orders", "order_items"]
    assert before == {name: [ASSETS[place - 1]] if place else [] for place, name in enumerate(ASSETS)}


def test_the_first_two_assets_have_days_and_the_others_do_not() -> None:
    by_day = {spec.key.to_user_string() for spec in specs() if spec.partitions_def == daily}
    assert by_day == {"stripe_sessions", "orders"}
    assert all(spec.partitions_def in (None, daily) for spec in specs())


@pytest.mark.parametrize("name", [*ASSETS, "drift_report"])
def test_every_asset_says_what_it_is(name: str) -> None:
    [spec] = [each for each in specs() if each.key == dg.AssetKey(name)]
    assert spec.description
    assert spec.owners
    assert spec.kinds
    assert "dagster/code_references" in spec.metadata
    assert ("dagster/column_schema" in spec.metadata) == (name in ASSETS[:-1])


@pytest.mark.parametrize("name", ASSETS[:-1])
def test_every_column_of_an_asset_is_described(name: str) -> None:
    [spec] = [each for each in specs() if each.key == dg.AssetKey(name)]
    schema = spec.metadata["dagster/column_schema"]
    assert [column.name for column in schema.columns if not column.description] == []


def test_the_assets_of_the_shops_tables_show_every_column() -> None:
    shown = {name: {column.name for column in COLUMNS[name]} for name in ("orders", "order_items")}
    assert shown["orders"] == set(order_fields.BY_COLUMN)
    assert shown["order_items"] == set(shop_tables().tables["order_items"].columns.keys())


def test_the_summary_turns_stale_when_nobody_ran_for_two_days() -> None:
    policies = {spec.key.to_user_string(): spec.freshness_policy for spec in specs() if spec.freshness_policy}
    assert policies == {
        "order_sync_summary": dg.FreshnessPolicy.time_window(timedelta(hours=49), warn_window=timedelta(hours=25))
    }


def test_the_checks_are_declared_on_their_assets() -> None:
    keys = defs.resolve_asset_graph().asset_check_keys
    assert {(key.asset_key.to_user_string(), key.name) for key in keys} == {
        ("orders", "every_paid_session_has_an_order"),
        ("orders", "amounts_agree"),
        ("orders", "no_duplicates"),
        ("order_items", "items_agree"),
        ("order_sync_summary", "last_run_finished"),
    }


def test_schedules_and_the_healing_sensor_are_off_until_switched_on() -> None:
    repository = defs.get_repository_def()
    for each in repository.schedule_defs:
        assert each.default_status is dg.DefaultScheduleStatus.STOPPED
        assert each.description
    statuses = {sensor.name: sensor.default_status for sensor in repository.sensor_defs}
    assert statuses["missed_webhooks"] is dg.DefaultSensorStatus.STOPPED
    assert statuses["abandoned_runs"] is dg.DefaultSensorStatus.RUNNING  # it touches Dagster's records alone
    assert statuses["alerts"] is dg.DefaultSensorStatus.RUNNING  # it does nothing without ORDERSYNC_ALERT_URLS
    assert all(sensor.description for sensor in repository.sensor_defs)


def test_runs_of_both_jobs_queue_behind_one_pool() -> None:
    for job in ("order_sync", "daily_order_sync"):
        assert [node.definition.pools for node in defs.resolve_job_def(job).nodes] == [{"order_sync"}]


def test_every_option_has_a_default_and_a_description() -> None:
    shown = {name: field.default for name, field in OrderSyncConfig.model_fields.items()}
    assert set(shown) == {"days", "dry_run", "printful", "max_changes", "plan"}
    assert None not in shown.values()  # Dagster prefills everything else
    assert set(DailyConfig.model_fields) == set(shown) - {"days"}
    for config in (OrderSyncConfig, DailyConfig):
        assert all(field.description for field in config.model_fields.values())


def test_the_nightly_run_covers_the_last_fourteen_days_at_once() -> None:
    request = schedule("daily_resync")(dg.build_schedule_context(scheduled_execution_time=AT))
    assert isinstance(request, dg.RunRequest)
    first, last = (date.fromisoformat(request.tags[name]) for name in (RANGE_START, RANGE_END))
    assert (first, last) == (AT.date() - timedelta(days=15), AT.date() - timedelta(days=1))
    assert request.run_config["ops"]["order_sync_assets"]["config"] == {"printful": "all"}


def test_a_restarted_daemon_does_not_start_a_run_twice() -> None:
    context = dg.build_schedule_context(scheduled_execution_time=AT)
    later = dg.build_schedule_context(scheduled_execution_time=AT + timedelta(hours=1))
    tomorrow = dg.build_schedule_context(scheduled_execution_time=AT + timedelta(days=1))
    nightly = [run_key(schedule("daily_resync")(each)) for each in (context, context, tomorrow)]
    hourly = [run_key(schedule("hourly_open_orders")(each)) for each in (context, context, later)]
    reports = [run_key(schedule("daily_drift_report")(each)) for each in (context, context, tomorrow)]
    assert nightly[0] == nightly[1] != nightly[2]
    assert reports[0] == reports[1] != reports[2]
    assert hourly[0] == hourly[1] != hourly[2]


def test_the_nightly_run_waits_for_a_shop_that_has_no_day_yet() -> None:
    before = datetime.combine(first_day(), datetime.min.time(), UTC) - timedelta(days=3)
    found = schedule("daily_resync")(dg.build_schedule_context(scheduled_execution_time=before))
    assert isinstance(found, dg.SkipReason)


def test_the_first_day_is_the_shops_or_one_that_does_not_move_from_day_to_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERSYNC_START_DATE", raising=False)
    assert first_day() == date(datetime.now(UTC).year - 1, 1, 1)
    monkeypatch.setenv("ORDERSYNC_START_DATE", "2025-01-31")
    assert first_day() == date(2025, 1, 31)
    monkeypatch.setenv("ORDERSYNC_START_DATE", "31.1.2025")
    with pytest.raises(SettingsError, match="must be a day such as 2025-01-31"):
        first_day()


def run_key(found: object) -> str:
    """The key of the one run that was requested."""
    assert isinstance(found, dg.RunRequest)
    assert found.run_key
    return found.run_key
