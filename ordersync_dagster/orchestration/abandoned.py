"""Runs whose process was killed: they must neither stay “started” for ever nor keep the runs behind them waiting.

Dagster notices a killed process only while the code server that started it lives, and even then the run keeps its
place in the pool, so that the next one cannot begin, let alone clean up. A sensor does it.
"""

import os
import socket
from pathlib import Path

import dagster as dg

PROCESS = "ordersync/process"  # a run's tag: where it runs
PROC = Path("/proc")


def here() -> str:
    """This process: machine, boot, process namespace, number, and when it started; "" where that cannot be said."""
    place = _place()
    started = _started(os.getpid())
    return f"{place} {os.getpid()} {started}" if place and started else ""


def sign(instance: dg.DagsterInstance, run_id: str) -> None:
    """Write into the tags of a run which process carries it out."""
    if here():
        instance.add_run_tags(run_id, {PROCESS: here()})


def close(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process on this machine is gone; their ids."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    gone = [run for run in instance.get_runs(unfinished) if _is_gone(run.tags.get(PROCESS, ""))]
    for run in gone:
        instance.report_run_failed(run, "The run's process was killed. What was committed stays; the next run goes on.")
    return [run.run_id for run in gone]


def free(instance: dg.DagsterInstance, pool: str) -> list[str]:
    """Take `pool` from runs that are over; their ids."""
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return []
    info = storage.get_concurrency_info(pool)
    holders = {each.run_id for each in info.claimed_slots} | {each.run_id for each in info.pending_steps}
    over = sorted(run_id for run_id in holders if (run := instance.get_run_by_id(run_id)) is None or run.is_finished)
    for run_id in over:
        storage.free_concurrency_slots_for_run(run_id)
    return over


def _is_gone(process: str) -> bool:
    """Whether `process` ran here and does not any more. What ran elsewhere cannot be judged."""
    match process.split(" "):
        case [host, namespace, pid, started] if f"{host} {namespace}" == _place() and pid.isdigit():
            return _started(int(pid)) != started
    return False


def _place() -> str:
    """Machine and process namespace: numbers of processes mean something only there."""
    try:
        return f"{socket.gethostname()} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When process `pid` started, by boot and clock tick; "" if there is none, or only its remains."""
    try:
        state, *fields = (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return "" if state in {"Z", "X"} else f"{boot}/{fields[18]}"
