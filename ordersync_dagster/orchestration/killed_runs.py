"""Ends runs whose process was killed, so that they neither stay “started” for hours nor hold up the runs behind them.

Dagster notices a killed process only while the code server that started it lives (docs/decisions/0016).
"""

import os
import socket
from pathlib import Path

import dagster as dg

PROCESS = "ordersync/process"  # the tag of a run that names its process
PROC = Path("/proc")


def this_process() -> str:
    """Machine, process namespace, number, boot and start of this process; "" on a system without /proc."""
    place, started = _machine(), _started(os.getpid())
    return f"{place} {os.getpid()} {started}" if place and started else ""


def tag_process(instance: dg.DagsterInstance, run_id: str) -> None:
    """Tag a run with the process that carries it out."""
    if process := this_process():
        instance.add_run_tags(run_id, {PROCESS: process})


def end_killed_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process on this machine is gone; returns their ids."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    killed = [run for run in instance.get_runs(unfinished) if _is_gone(run.tags.get(PROCESS, ""))]
    for run in killed:
        instance.report_run_failed(run, "The run's process was killed. What was committed stays; the next run goes on.")
    return [run.run_id for run in killed]


def _is_gone(process: str) -> bool:
    """Whether `process` ran on this machine and has ended; False for one of another machine, which is not known."""
    match process.split(" "):
        case [host, namespace, pid, started] if f"{host} {namespace}" == _machine() and pid.isdigit():
            return _started(int(pid)) != started
    return False


def _machine() -> str:
    """Machine and process namespace: process numbers are unique only in these."""
    try:
        return f"{socket.gethostname()} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When process `pid` started, by boot and clock tick; "" if there is none, or only a zombie."""
    try:
        state, *fields = (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return "" if state in {"Z", "X"} else f"{boot}/{fields[18]}"
