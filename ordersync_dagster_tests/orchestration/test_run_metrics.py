"""Dagster's runs tell monitoring the same as those of the command line."""

from pathlib import Path

import pytest

from ordersync_dagster.sandbox import Fault, Sandbox
from ordersync_dagster_tests.orchestration.runs import Runs
from ordersync_dagster_tests.support.metrics import value


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORDERSYNC_METRICS_FILE", str(tmp_path / "ordersync.prom"))
    return tmp_path / "ordersync.prom"


@pytest.mark.full
def test_a_run_of_dagster_writes_the_metrics(runs: Runs, path: Path) -> None:
    summary = runs.order_sync(days=30).of("order_sync_summary")
    text = path.read_text()
    assert value(text, "ordersync_last_run_stripe_sessions_added") == summary["stripe_sessions_added"].value
    assert value(text, "ordersync_last_run_state", state="failed") == 0


def test_a_failed_run_of_dagster_writes_them_too(runs: Runs, path: Path, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("/v1/", "status", status=401, times=None))
    runs.order_sync(days=7)
    assert value(path.read_text(), "ordersync_last_run_state", state="failed") == 1


def test_a_dry_run_of_dagster_writes_none(runs: Runs, path: Path) -> None:
    runs.order_sync(days=7, dry_run=True)
    assert not path.exists()
