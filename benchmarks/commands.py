"""A command in a separate process, with its time and memory."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

# The floor is measured with aiohttp, which users do not have installed. Stripe's SDK imports it if it is there, which
# takes half a second. So it is hidden, and the command is measured as users have it.
ORDERSYNC = "import sys; sys.modules['aiohttp'] = None; from ordersync_dagster.cli.main import main; main()"
# On Linux, /proc has the peak memory. wait4 reports at least the memory of the parent process.
NOTED = """
import atexit, pathlib, shutil
atexit.register(shutil.copy, "/proc/self/status", "peak")
"""
HIGH_LIMITS = {"STRIPE_REQUESTS_PER_SECOND": "100", "PRINTFUL_REQUESTS_PER_MINUTE": "10000"}


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: wall seconds, CPU seconds, peak memory in megabytes."""

    wall: float
    cpu: float
    memory: float


def ordersync(arguments: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """`ordersync` with `arguments`, from start to exit."""
    noted = NOTED if sys.platform == "linux" else ""
    return spawned(["-c", noted + ORDERSYNC, *arguments], environment)[0]


def spawned(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Cost, str]:
    """Python with `arguments`: its cost and its stdout. Raises RuntimeError if it fails."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERSYNC_", "DAGSTER_"))}
    with (
        TemporaryDirectory(prefix="ordersync-bench-") as folder,
        TemporaryFile("w+") as out,
        TemporaryFile("w+") as err,
    ):
        known |= {"ORDERSYNC_STATE_DIR": folder, "PYTHONPATH": os.getcwd(), **environment}  # noqa: PTH109
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=known, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            err.seek(0)
            raise RuntimeError(f"{' '.join(arguments[-6:])} ended with {process.returncode}: {err.read()[-2000:]}")
        out.seek(0)
        return Cost(wall, used.ru_utime + used.ru_stime, _peak(Path(folder) / "peak", used.ru_maxrss)), out.read()


def _peak(status: Path, maxrss: int) -> float:
    """Megabytes: the process's own record of its peak, else the system's."""
    if status.exists():
        noted = re.search(r"VmHWM:\s+(\d+)", status.read_text())
        assert noted is not None
        return int(noted[1]) / 2**10
    return maxrss / (2**20 if sys.platform == "darwin" else 2**10)
