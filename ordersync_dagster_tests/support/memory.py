"""Keeps the files of the tests in memory, where the machine has room: SQLite waits for a disk at each commit."""

import os
import shutil
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # Linux; a container may give it no more than 64 MB
NEEDED = 4 << 30  # bytes


def keep_files_in_memory() -> None:
    """Before pytest makes its folder; a folder that somebody chose by PYTEST_DEBUG_TEMPROOT stays."""
    if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > NEEDED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))
