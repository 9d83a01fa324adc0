"""A command of many shops starts as many processes as fit into the memory of the machine and of the container."""

from pathlib import Path

import pytest

from ordersync_dagster.cli.room import MEBIBYTE, PROCESS, WITH_TABLES, processes_that_fit

V1, V2, MACHINE = "sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory.max", "proc/meminfo"
PLENTY = "MemTotal: 99999999 kB\nMemAvailable:   33554432 kB\n"


@pytest.mark.parametrize(
    ("files", "each", "count"),
    [
        ({}, PROCESS, 64),
        ({MACHINE: PLENTY, V2: "max\n"}, PROCESS, 64),
        ({MACHINE: PLENTY, V2: f"{512 * MEBIBYTE}\n"}, PROCESS, 13),
        ({MACHINE: PLENTY, V1: f"{512 * MEBIBYTE}\n"}, PROCESS, 13),
        ({MACHINE: PLENTY, V2: f"{2048 * MEBIBYTE}\n"}, PROCESS, 64),
        ({MACHINE: PLENTY, V2: f"{2048 * MEBIBYTE}\n"}, WITH_TABLES, 19),
        ({MACHINE: f"MemAvailable: {1024 * 1024} kB\n", V2: "max"}, PROCESS, 30),
        ({MACHINE: "MemAvailable: 2048 kB\n"}, PROCESS, 1),
        ({MACHINE: "nothing\n", V2: ""}, PROCESS, 64),
    ],
)
def test_as_many_processes_start_as_fit(files: dict[str, str], each: int, count: int, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert processes_that_fit(each, 64, tmp_path) == count
