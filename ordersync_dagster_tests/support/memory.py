"""Memory for time: files of the tests are in memory, and garbage is collected less often."""

import gc
import os
import shutil
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # Linux; a container may give it no more than 64 MB
NEEDED = 4 << 30  # bytes


def keep_files_in_memory() -> None:
    """Before pytest makes its folder; a folder that somebody chose by PYTEST_DEBUG_TEMPROOT stays.

    SQLite waits for a disk at each commit.
    """
    if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


def spare_the_collector() -> None:
    """Leave out what the loaded modules hold: to look through it again and again takes a sixth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
