"""Which runs there were, and what each of them wrote."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT, Record
from ordersync_dagster.adapters.database.journal.runs import RUNS
from ordersync_dagster.core.window import Window

_COUNTED = {
    ("order_create", "order"): "orders_inserted",
    ("order_update", "order"): "orders_updated",
    ("order_create", "order_item"): "items_inserted",
    ("order_delete", "order"): "orders_removed",
    ("order_delete", "order_item"): "items_removed",
}


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run as `ordersync_runs` has it; `rows` counts what the audit says that it wrote."""

    id: str
    kind: str
    undoes: str | None
    state: str
    window: Window | None
    started_at: datetime
    ended_at: datetime | None
    host: str | None
    version: str | None
    summary: Mapping[str, int]
    rows: Mapping[str, int] = field(default_factory=dict)


def read_runs(connection: Connection, limit: int) -> list[PastRun]:
    """The last `limit` runs, newest first."""
    return _runs(connection, RUNS.c.id.in_(select(RUNS.c.id).order_by(RUNS.c.started_at.desc()).limit(limit)))


def find_run(connection: Connection, run_id: str) -> PastRun | None:
    """The run with this id."""
    return next(iter(_runs(connection, RUNS.c.id == run_id)), None)


def undone_by(connection: Connection, run_id: str) -> list[str]:
    """The undos of a run, oldest first."""
    query = select(RUNS.c.id).where(RUNS.c.undoes == run_id).order_by(RUNS.c.started_at)
    return [str(each) for each in connection.execute(query).scalars()]


def read_entries(connection: Connection, run_id: str) -> Sequence[Record]:
    """What a run wrote, in the order in which it was written."""
    return _entries(connection, AUDIT.c.run_id == run_id)


def read_order_entries(connection: Connection, order_id: str) -> Sequence[Record]:
    """What all runs wrote of one order and its items, oldest first."""
    return _entries(connection, AUDIT.c.order_id == order_id)


def _entries(connection: Connection, condition: ColumnElement[bool]) -> Sequence[Record]:
    query = select(AUDIT).where(condition).order_by(AUDIT.c.seq)
    return [{str(name): value for name, value in row.items()} for row in connection.execute(query).mappings()]


def _runs(connection: Connection, condition: ColumnElement[bool]) -> list[PastRun]:
    query = select(RUNS).where(condition).order_by(RUNS.c.started_at.desc(), RUNS.c.id)
    found = connection.execute(query).mappings().all()
    counted = _counts(connection, [row["id"] for row in found])
    return [
        PastRun(
            row["id"],
            row["kind"],
            row["undoes"],
            row["state"],
            Window(row["window_start"], row["window_end"]) if row["window_start"] else None,
            row["started_at"],
            row["ended_at"],
            row["host"],
            row["version"],
            row["summary"] or {},
            counted[row["id"]],
        )
        for row in found
    ]


def _counts(connection: Connection, run_ids: Collection[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    what = AUDIT.c.run_id, AUDIT.c.action, AUDIT.c.resource
    query = select(*what, func.count()).where(AUDIT.c.run_id.in_(run_ids)).group_by(*what)
    for run_id, action, resource, count in connection.execute(query):
        if (action, resource) in _COUNTED:
            found[run_id][_COUNTED[action, resource]] = count
    return found
