"""The `ordersync` command in processes of its own, alone or several at once."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.settings import UNHURRIED

COMMAND = str(Path(sys.executable).with_name("ordersync"))
DYING = """
import sys
from ordersync_dagster.cli import main as cli
from ordersync_dagster_tests.faults.crash import KillPoint
turn = int(sys.argv.pop(1))
with KillPoint(None, turn, is_real=True) as point:
    try:
        cli.main()
    finally:
        print("boundaries", point.boundaries, file=sys.stderr)
"""

MEASURED = """
import pathlib, re, sys
from ordersync_dagster.cli import main as cli
try:
    cli.main()
finally:  # ru_maxrss would be that of the process which started us
    status = pathlib.Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024, file=sys.stderr)
"""


def environment(sandbox: Sandbox, url: str) -> dict[str, str]:
    """What the command needs to reach the pretend shop."""
    return dict(os.environ) | sandbox.environment() | UNHURRIED | {"DATABASE_URL": url}


def sync(env: Mapping[str, str], folder: Path, *options: str, **how: Any) -> subprocess.Popen[str]:
    """`ordersync sync`, started."""
    return _started([COMMAND, "sync", *options], env, folder, **how)


def dying(turn: int, env: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    """`ordersync sync` that is killed by SIGKILL before its `turn`-th write boundary."""
    return _started([sys.executable, "-c", DYING, str(turn), "sync"], {**env, "PYTHONPATH": str(ROOT)}, folder)


def ended(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def _started(command: list[str], env: Mapping[str, str], folder: Path, **how: Any) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=dict(env), cwd=folder, stdout=pipe, stderr=pipe, text=True, **how)
