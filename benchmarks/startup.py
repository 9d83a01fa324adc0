"""From exec of `ordersync sync` to its first request, and the imports that dominate it.

`python -m benchmarks.startup` prints a table; `--python ENV/bin/python` measures the packages of another environment.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.databases import KINDS, databases
from benchmarks.vendors import serving
from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url

REPEATS = 7  # the least counts; other programs make the others longer
SHOWN = 8  # packages
ARGUMENTS = ("sync", "--days", "1", "--printful", "none")
COMMAND = "from ordersync_dagster.cli.main import main; main()"
# The databases' drivers connect in C, so the first `socket.connect` that Python sees is the first request's.
NOTED = """
import sys, time
def note(event, _):
    if event == "socket.connect" and "noted" not in vars(note):
        note.noted = True
        with open("first", "w") as file:
            print(time.time(), time.process_time(), file=file)
sys.addaudithook(note)
"""
IMPORTED = re.compile(r"import time:\s*(\d+) \|\s*\d+ \| *([\w.]+)")


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from exec to the first request: on the wall, and of the processor."""

    wall: float
    cpu: float


def main() -> None:
    """Measure each kind of database and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    python = parser.parse_args().python.absolute()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, the least of {REPEATS} starts")
    with databases() as fresh, serving("month", 0) as vendors:
        for kind in KINDS:
            with fresh(kind) as url:
                open_shop.seed(parse_url(url), {})
                settings = vendors.environment(0.0) | {"DATABASE_URL": url}
                starts = [_start(python, settings) for _ in range(REPEATS)]
                wall, cpu = min(each.wall for each in starts), min(each.cpu for each in starts)
                print(f"{kind}: first request after {wall:.2f} s, {cpu:.2f} s of CPU")
                if kind == "postgresql":
                    _print_imports([_imports(python, settings) for _ in range(REPEATS)])


def _start(python: Path, settings: Mapping[str, str]) -> Start:
    with TemporaryDirectory(prefix="ordersync-bench-") as folder:
        began = time.time()
        _run([python, "-c", NOTED + COMMAND, *ARGUMENTS], settings, folder)
        at, cpu = Path(folder, "first").read_text().split()
        return Start(float(at) - began, float(cpu))


def _imports(python: Path, settings: Mapping[str, str]) -> Counter[str]:
    """Microseconds by module."""
    with TemporaryDirectory(prefix="ordersync-bench-") as folder:
        told = _run([python, "-X", "importtime", "-c", COMMAND, *ARGUMENTS], settings, folder)
        return Counter({name: int(own) for own, name in IMPORTED.findall(told)})


def _print_imports(found: list[Counter[str]]) -> None:
    least = {name: min(each[name] for each in found) for name in found[0]}
    packages: Counter[str] = Counter()
    for name, microseconds in least.items():
        packages[name.partition(".")[0]] += microseconds
    print(f"imports: {len(least)} modules, {sum(least.values()) / 1e6:.2f} s; of it")
    for package, microseconds in packages.most_common(SHOWN):
        print(f"  {package}: {microseconds / 1e6:.3f} s")


def _run(command: list[str | Path], settings: Mapping[str, str], folder: str) -> str:
    """The stderr of the process. A package that only the tests have is hidden, as for `benchmarks.commands`."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERSYNC_", "PYTHON"))}
    known |= {"ORDERSYNC_STATE_DIR": folder, **settings}
    if command[0] == Path(sys.executable).absolute():
        known["PYTHONPATH"] = str(Path.cwd())
    ran = subprocess.run([str(word) for word in command], cwd=folder, env=known, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"the start ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return ran.stderr


if __name__ == "__main__":
    main()
