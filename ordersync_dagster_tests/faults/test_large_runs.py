"""A run of many orders is shown and undone in little memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.app.wiring import Tools
from ordersync_dagster.sandbox import build
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.faults.processes import MEASURED, ended, environment
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched, seeded
from ordersync_dagster_tests.support.world import served

ORDERS = 20_000
MOST = 250  # MB

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says there what a process needed"),
]


def measured(command: list[str], env: dict[str, str], folder: Path) -> float:
    """MB that the command needed; its stdout is left in the file `out`."""
    with (folder / "out").open("w") as out:
        how: dict[str, Any] = {"stdout": out, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen([sys.executable, "-c", MEASURED, *command], env=env, cwd=folder, **how)
        code, _, err = ended(process, 400)
    assert code == 0, err
    return float(err.split()[-1])


@pytest.mark.timeout(900)
def test_fault_67_a_run_of_20000_orders_is_shown_and_undone_in_little_memory(tmp_path: Path) -> None:
    database = seeded(f"sqlite:///{tmp_path}/shop.db")
    with served(build("large", now=NOW, size=ORDERS)) as running:
        run = launched(settings_for(running, database.url), PrintfulScope.none, days=90, tools=Tools(lambda: NOW))
        for _ in run.parts:
            continue
        (run_id,) = database.column("SELECT id FROM ordersync_runs")
        env = environment(running, database.url)
        added = run.outcome.rows["orders_inserted"]
        assert added > ORDERS * 0.99
        shown = measured(["runs", "show", run_id, "--json"], env, tmp_path)
        assert len(json.loads((tmp_path / "out").read_text())["changes"]) == added
        undone = measured(["undo", run_id], env, tmp_path)
    assert Database(database.url).count("orders") == 0
    assert max(shown, undone) < MOST, f"runs show: {shown} MB, undo: {undone} MB"
