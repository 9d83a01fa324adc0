"""How many processes fit into the memory: a command of many shops must not be killed for taking too much."""

from pathlib import Path

MEBIBYTE = 2**20
PARENT = 100 * MEBIBYTE  # the process that starts the others, with the memory that they share
PROCESS, WITH_TABLES = 30 * MEBIBYTE, 100 * MEBIBYTE  # one shop's process; the same with pandas and matplotlib
_LIMITS = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container, v2 and v1


def processes_that_fit(each: int, at_most: int, root: Path = Path("/")) -> int:
    """At least 1; `at_most` where nobody knows how much memory there is."""
    sizes = [_number(root / name) for name in _LIMITS] + [_available(root / "proc/meminfo")]
    return max(1, min([at_most, *((size - PARENT) // each for size in sizes if size is not None)]))


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdecimal() else None  # "max" is no limit


def _available(file: Path) -> int | None:
    lines = (line.split() for line in _text(file).splitlines() if line.startswith("MemAvailable:"))
    return next((int(kilobytes) * 1024 for _, kilobytes, *_ in lines), None)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
