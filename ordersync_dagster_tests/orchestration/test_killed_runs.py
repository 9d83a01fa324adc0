"""Runs whose process was killed are ended, and nothing else is touched."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from ordersync_dagster.orchestration.killed_runs import PROCESS, end_killed_runs, this_process
from ordersync_dagster.orchestration.sensors import abandoned_runs
from ordersync_dagster_tests.orchestration.runs import Runs

STARTED = dg.DagsterRunStatus.STARTED


def killed_process() -> str:
    """The tag of a process that has ended."""
    code = "from ordersync_dagster.orchestration.killed_runs import this_process; print(this_process())"
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def started(instance: dg.DagsterInstance, process: str | None) -> str:
    """A started run with the tag `process`."""
    tags = {} if process is None else {PROCESS: process}
    run_id = str(uuid4())
    instance.add_run(dg.DagsterRun("order_sync", run_id=run_id, status=STARTED, tags=tags))
    return run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


@pytest.mark.full
def test_a_run_whose_process_is_gone_is_ended_and_says_so(instance: dg.DagsterInstance) -> None:
    run_id = started(instance, killed_process())
    assert end_killed_runs(instance) == [run_id]
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE
    [said] = [each.message for each in instance.all_logs(run_id)]
    assert "The run's process was killed. What was committed stays; the next run goes on." in said


def test_a_run_that_is_alive_goes_on(instance: dg.DagsterInstance) -> None:
    run_id = started(instance, this_process())
    assert end_killed_runs(instance) == []
    assert status(instance, run_id) is STARTED


def test_another_process_with_the_same_number_is_not_taken_for_the_run(instance: dg.DagsterInstance) -> None:
    place, _, when = this_process().rpartition(" ")
    run_id = started(instance, f"{place} {when}0")
    assert end_killed_runs(instance) == [run_id]


@pytest.mark.parametrize("process", [None, "", "nonsense", "elsewhere pid:[1] 4711 boot/1"])
def test_what_runs_elsewhere_or_never_said_is_left_alone(instance: dg.DagsterInstance, process: str | None) -> None:
    run_id = started(instance, process)
    assert end_killed_runs(instance) == []
    assert status(instance, run_id) is STARTED


def test_runs_are_tagged_with_their_process(runs: Runs) -> None:
    run = runs.order_sync(days=1, dry_run=True)
    kept = runs.instance.get_run_by_id(run.result.run_id)
    assert kept
    assert kept.tags[PROCESS] == this_process()


@pytest.mark.full
def test_the_sensor_does_it_and_names_the_runs(instance: dg.DagsterInstance) -> None:
    quiet = abandoned_runs(dg.build_sensor_context(instance=instance))
    run_id = started(instance, killed_process())
    found = abandoned_runs(dg.build_sensor_context(instance=instance))
    assert isinstance(quiet, dg.SkipReason)
    assert quiet.skip_message == "Every unfinished run is alive."
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == f"ended {run_id}"


def test_dagsters_records_that_cannot_be_read_are_told_without_their_words(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        started(instance, None)
        with sqlite3.connect(tmp_path / "history/runs.db") as records:
            records.execute("ALTER TABLE runs RENAME TO mira")
        found = abandoned_runs(dg.build_sensor_context(instance=instance))
    assert isinstance(found, dg.SkipReason)
    said = found.skip_message or ""
    assert re.fullmatch(r"unexpected OperationalError at \w+\.py:\d+: please report it\.", said)
