"""A command as a process of its own: how long it took, and what it cost."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

# The floor is measured with aiohttp, which a user's environment does not have. Stripe's SDK imports it where it
# finds it, which takes half a second: the command is measured as a user has it.
ORDERSYNC = "import sys; sys.modules['aiohttp'] = None; from ordersync_dagster.cli.main import main; main()"
# What wait4 says of memory is at least what the process had that started it: Linux keeps better books.
NOTED = """
import atexit, pathlib, shutil
atexit.register(shutil.copy, "/proc/self/status", "peak")
"""
GENEROUS = {"STRIPE_REQUESTS_PER_SECOND": "100", "PRINTFUL_REQUESTS_PER_MINUTE": "10000"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: seconds on the wall, seconds of CPU, megabytes at its peak."""

    wall: float
    cpu: float
    memory: float


def ordersync(arguments: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """`ordersync` with `arguments`, from start to exit."""
    noted = NOTED if sys.platform == "linux" else ""
    return spawned(["-c", noted + ORDERSYNC, *arguments], environment)[0]


def spawned(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Cost, str]:
    """Python with `arguments`: its cost and what it printed. Raises RuntimeError where it fails."""
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
    """Megabytes, by what the process noted at its end, else by what the system says of it."""
    if status.exists():
        noted = re.search(r"VmHWM:\s+(\d+)", status.read_text())
        assert noted is not None
        return int(noted[1]) / 2**10
    return maxrss / (2**20 if sys.platform == "darwin" else 2**10)
