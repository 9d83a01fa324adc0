"""Results of a measurement, kept as JSON so that the page can be written again without a new measurement."""

import json
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.commands import Cost
from benchmarks.floors import Reading
from benchmarks.sequential import Sequential
from benchmarks.vendors import Tally

PACKAGES = ("ordersync-dagster", "sqlalchemy", "psycopg", "requests", "stripe", "aiohttp")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the command."""

    cost: Cost
    tally: Tally


@dataclass(frozen=True, slots=True)
class Case:
    """One world and one database: a first run, a second run without changes, and their floors."""

    size: int
    shape: str
    latency: float
    database: str
    first: Run
    again: Run
    reading: Reading
    write_floor: float
    sequential: Sequential | None = None
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Wall time of the whole process divided by the reading floor."""
        return self.first.cost.wall / self.reading.wall


@dataclass(frozen=True, slots=True)
class Limited:
    """A run with a vendor that allows `limit` requests a second; it handled `found` of `size` records."""

    size: int
    found: int
    limit: float
    run: Run
    missing: int = 0  # ids that the vendor does not know
    again: Run | None = None  # a second run without changes

    @property
    def share(self) -> float:
        """Of the limit, how much was used between the first request and the last."""
        return self.run.tally.requests / max(self.run.tally.seconds, 1) / self.limit


@dataclass(frozen=True, slots=True)
class DagsterRun:
    """One launch in Dagster: its number of runs, their total seconds, and the orders they added."""

    name: str
    runs: int
    seconds: float
    added: int


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A report of `size` orders and as many Printful orders: seconds and megabytes beside the reading."""

    size: int
    seconds: float
    cpu: float
    memory: float


@dataclass(slots=True)
class Figures:
    """All results of one `python -m benchmarks`."""

    command: str
    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}")
    machine: dict[str, str] = field(default_factory=lambda: _machine())
    cases: list[Case] = field(default_factory=list)
    starts: dict[str, Cost] = field(default_factory=dict)  # cost of the command if there is nothing to do
    sandbox_pages: float = 0.0  # pages of 100 sessions a second from the sandbox; 0: not measured
    stripe_limit: Limited | None = None
    printful_limit: Limited | None = None
    dagster: list[DagsterRun] = field(default_factory=list)
    report: ReportFigure | None = None

    @property
    def main(self) -> Case:
        """The page's first case: 20,000 sessions of a month, 100 ms, PostgreSQL, or the nearest to it."""
        slow = [case for case in self.cases if case.shape == "month" and case.latency and case.database == "postgresql"]
        return min(slow, key=lambda case: abs(case.size - 20_000))

    @property
    def sizes(self) -> list[Case]:
        """The cases that differ from the main one only in size, smallest first."""
        main = self.main
        kind = (main.shape, main.latency, main.database)
        same = [case for case in self.cases if (case.shape, case.latency, case.database) == kind]
        return sorted(same, key=lambda case: case.size)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Figures":
        """Read the file that `save` wrote."""
        kept = json.loads(path.read_text())
        kept["cases"] = [_case(each) for each in kept["cases"]]
        kept["starts"] = {name: Cost(**each) for name, each in kept["starts"].items()}
        kept["dagster"] = [DagsterRun(**each) for each in kept.get("dagster", [])]
        kept["report"] = ReportFigure(**kept["report"]) if kept.get("report") else None
        for name in ("stripe_limit", "printful_limit"):
            kept[name] = _limited(kept[name]) if kept[name] else None
        return cls(**kept)


def _case(kept: dict[str, Any]) -> Case:
    sequential = Sequential(**kept["sequential"]) if kept["sequential"] else None
    runs = {name: _run(kept[name]) for name in ("first", "again")}
    return Case(**{**kept, **runs, "reading": Reading(**kept["reading"]), "sequential": sequential})


def _limited(kept: dict[str, Any]) -> Limited:
    again = _run(kept["again"]) if kept.get("again") else None
    return Limited(**{**kept, "run": _run(kept["run"]), "again": again})


def _run(kept: dict[str, Any]) -> Run:
    return Run(Cost(**kept["cost"]), Tally(**kept["tally"]))


def _machine() -> dict[str, str]:
    import os

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
