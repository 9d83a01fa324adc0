"""Shadow mode: runs write nothing of the shop's, and keep the changes that they would have made."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from ordersync_dagster.app.alerts import Alerts
from ordersync_dagster.app.history import History
from ordersync_dagster.app.problems import Problems
from ordersync_dagster.app.schema import ShopSchema
from ordersync_dagster.app.status import read_status
from ordersync_dagster.core.errors import DatabaseRefusedError, KeyRefusedError, SchemaError, UsageError
from ordersync_dagster.report.status import status_line
from ordersync_dagster.report.status_screen import status_text
from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster_tests.app.shadowing import counts, in_shadow, shadow_run, shop_rows, webhook
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.receivers import FakeSink
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched
from ordersync_dagster_tests.support.world import lost


def test_a_run_in_shadow_counts_as_a_dry_run_and_writes_only_our_tables(each_shop: Shop) -> None:
    before, preview = shop_rows(each_shop), each_shop.run(dry_run=True)
    run = shadow_run(each_shop)
    assert shop_rows(each_shop) == before
    assert run.outcome.summary == preview.outcome.summary
    assert run.outcome.changes == preview.outcome.changes
    assert run.outcome.is_dry_run
    assert not any(run.outcome.rows.values())
    (past,) = History(in_shadow(each_shop)).runs(5)
    assert (past.kind, past.state) == ("shadow", "succeeded")
    assert past.summary["shadow_repairs"] == past.summary["shadow_open"] == sum(counts(each_shop).values()) > 0
    assert each_shop.database.count("ordersync_audit") == 0


def test_the_same_drift_is_kept_once_however_many_runs_see_it(each_shop: Shop) -> None:
    shadow_run(each_shop)
    first = counts(each_shop)
    shadow_run(each_shop)
    assert counts(each_shop) == first
    assert set(each_shop.database.column("SELECT runs FROM ordersync_shadow")) == {2}


def test_problems_are_recorded_as_by_any_run(each_shop: Shop) -> None:
    run = shadow_run(each_shop)
    known = Problems(in_shadow(each_shop), each_shop.time.tools()).known()
    assert {each.problem_class for each in known} == {each.problem_class for each in run.outcome.problems}


def test_runs_in_shadow_are_runs_for_status_alerts_and_metrics(each_shop: Shop, tmp_path: Path) -> None:
    metrics, sink = tmp_path / "shadow.prom", FakeSink()
    settings = in_shadow(each_shop, ORDERSYNC_METRICS_FILE=str(metrics), ORDERSYNC_ALERT_CLASSES="disputed")
    for _ in launched(settings, tools=each_shop.time.tools()).parts:
        continue
    status, alerts = read_status(settings, each_shop.time.tools()), Alerts(settings, each_shop.time.tools(), [sink])
    assert status.health.last is not None
    assert status.health.last == status.health.succeeded
    assert not status.is_silent
    still_open = sum(counts(each_shop).values())
    assert f"Shadow mode: the shop's tables were not written; {still_open} repairs open." in status_line(status)
    assert f"  {status.shadow}\n" in status_text(status)
    assert "\nordersync_last_success_timestamp_seconds " in metrics.read_text()
    alerts.tell()
    assert sink.take() == []
    each_shop.time.elapsed += 27 * 3600
    alerts.tell()
    assert sink.take() == ["ordersync: no successful run for 27 hours"]
    shadow_run(each_shop)
    alerts.tell()
    assert sink.take() == ["ordersync: over: a run succeeded"]


def test_a_run_in_shadow_that_failed_is_told(shop: Shop) -> None:
    shadow_run(shop)
    shop.sandbox.faults.add(Fault("/v1/checkout/sessions", "status", 401, times=None))
    with pytest.raises(KeyRefusedError):
        shadow_run(shop)
    assert read_status(in_shadow(shop), shop.time.tools()).health.is_failing


def test_the_engine_of_a_shadow_run_refuses_to_write_the_shop(each_shop: Shop) -> None:
    run = launched(in_shadow(each_shop), tools=each_shop.time.tools())
    before = shop_rows(each_shop)
    for statement in (
        "UPDATE orders SET status = 'x'",
        'DELETE FROM "order_items"',
        "INSERT INTO audit_logs (id) VALUES (1)",
    ):
        with (
            pytest.raises(DatabaseRefusedError, match="ORDERSYNC_SHADOW is set"),
            run.ready.store.transaction() as connection,
        ):
            connection.exec_driver_sql(statement)
    assert shop_rows(each_shop) == before


def test_an_undo_is_refused_and_a_shadow_run_needs_none(each_shop: Shop) -> None:
    written = each_shop.run()
    shadowed = shadow_run(each_shop)
    with pytest.raises(UsageError, match="an undo writes the shop's tables"):
        History(in_shadow(each_shop)).undo(written.outcome.run_id, dry_run=False)
    with pytest.raises(UsageError, match="nothing to undo"):
        History(settings_for(each_shop.sandbox, each_shop.database.url)).undo(shadowed.outcome.run_id, dry_run=False)


def test_purge_and_forget_clear_what_shadow_mode_kept(each_shop: Shop, outage: World) -> None:
    shadow_run(each_shop)
    session, history = lost(outage)[-1], History(in_shadow(each_shop), each_shop.time.tools())
    webhook(each_shop, session)
    email = session["customer_details"]["email"]
    expected = history.forget(email, dry_run=True).counts.shadows
    assert history.forget(email, dry_run=False).counts.shadows == expected > 0
    left = each_shop.database.column("SELECT stripe_session_id FROM ordersync_shadow")
    assert session["id"] not in left
    each_shop.time.elapsed += 3 * 86_400
    assert history.purge(1, dry_run=False).counts.shadows == len(left)
    assert each_shop.database.count("ordersync_shadow") == 0


def test_a_database_without_a_shop_gets_none(sandbox_shop: Shop) -> None:
    with pytest.raises(SchemaError, match="ORDERSYNC_SHADOW makes none"):
        launched(in_shadow(sandbox_shop), tools=sandbox_shop.time.tools())
    assert sandbox_shop.database.is_postgres or not sandbox_shop.database.path.exists()


@pytest.fixture
def sandbox_shop(sandbox: Any, database_url: str, time: Any) -> Shop:
    return Shop(sandbox, Database(database_url), time)


def test_the_role_of_shadow_mode_needs_no_right_to_write_the_shop(postgres_shop: Shop) -> None:
    name = f"shade_{make_url(postgres_shop.database.url).database}"
    postgres_shop.database.execute(f"CREATE ROLE {name} LOGIN")
    try:
        printed = ShopSchema(settings_for(postgres_shop.sandbox, postgres_shop.database.url)).grants(
            name, is_writing=True, is_undoing=False, is_shadow=True
        )
        for grant in printed:
            postgres_shop.database.execute(grant)
        url = make_url(postgres_shop.database.url).set(username=name).render_as_string(hide_password=False)
        shop = Shop(postgres_shop.sandbox, Database(url), postgres_shop.time)
        assert shadow_run(shop).outcome.shadow is not None
        held = postgres_shop.database.column(
            "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = :name AND table_name IN ('orders', 'order_items', 'order_events', 'audit_logs')",
            name=name,
        )
        assert held == ["SELECT"]
    finally:
        postgres_shop.database.script(f"DROP OWNED BY {name};\nDROP ROLE {name};\n")
