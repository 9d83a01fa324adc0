"""Reads our past runs, and the audit of the rows that they wrote."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Select, func, select

from ordersync_dagster.adapters.database.journal.audit import AUDIT, is_blanked
from ordersync_dagster.adapters.database.journal.runs import LOOKS, RUNS
from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.history import AuditRecord, PastRun
from ordersync_dagster.core.window import Window

RECORDS_AT_ONCE = 2000
_IS_LOOK = RUNS.c.kind.in_(LOOKS)
_COUNTED = {
    ("order_create", "order"): "orders_inserted",
    ("order_update", "order"): "orders_updated",
    ("order_create", "order_item"): "items_inserted",
    ("order_delete", "order"): "orders_removed",
    ("order_delete", "order_item"): "items_removed",
}


def read_runs(connection: Connection, limit: int) -> list[PastRun]:
    """The last `limit` runs, newest first."""
    return _runs(connection, RUNS.c.id.in_(select(RUNS.c.id).order_by(RUNS.c.started_at.desc()).limit(limit)))


def has_shadow_runs(connection: Connection) -> bool:
    """Whether a run in shadow mode came to its end."""
    ended = select(RUNS.c.id).where(RUNS.c.kind == "shadow", RUNS.c.state == "succeeded").limit(1)
    return connection.execute(ended).first() is not None


def find_run(connection: Connection, run_id: str) -> PastRun | None:
    """The run with this id."""
    return next(iter(_runs(connection, RUNS.c.id == run_id)), None)


def read_undos(connection: Connection, run_id: str) -> list[str]:
    """The undos of a run, oldest first."""
    undos = select(RUNS.c.id).where(RUNS.c.undoes == run_id).order_by(RUNS.c.started_at)
    return [str(each) for each in connection.execute(undos).scalars()]


def read_next_records(connection: Connection, run_id: str, after: int) -> list[AuditRecord]:
    """The first audit records of a run whose number is more than `after`: a large run has more than fit in memory."""
    return read_records(connection, (AUDIT.c.run_id == run_id) & (AUDIT.c.seq > after), RECORDS_AT_ONCE)


def read_order_records(connection: Connection, order_id: str) -> list[AuditRecord]:
    """The audit records of one order and its items, of all runs, oldest first."""
    return read_records(connection, AUDIT.c.order_id == order_id)


def read_records(
    connection: Connection, condition: ColumnElement[bool], at_most: int | None = None
) -> list[AuditRecord]:
    """The audit records that fulfil `condition`, oldest first."""
    rows = connection.execute(select(AUDIT).where(condition).order_by(AUDIT.c.seq).limit(at_most))
    return [
        AuditRecord(
            seq=row.seq,
            run_id=row.run_id,
            at=row.at,
            action=row.action,
            resource=row.resource,
            resource_id=row.resource_id,
            order_id=row.order_id,
            before=row.before or {},
            after=row.after or {},
            reason=row.reason,
            is_blanked=is_blanked(row._asdict()),
        )
        for row in rows
    ]


def read_health(connection: Connection) -> RunHealth:
    """The runs that tell how a shop is looked after."""
    succeeded = _one_look(connection, RUNS.c.state == "succeeded", newest=True)
    has_failed = RUNS.c.state == "failed"
    is_since = has_failed & (RUNS.c.started_at > succeeded.started_at) if succeeded else has_failed
    return RunHealth(
        first=_one_look(connection, newest=False),
        last=_one_look(connection, newest=True),
        succeeded=succeeded,
        first_failed=_one_look(connection, is_since, newest=False),
        last_failed=_one_look(connection, has_failed, newest=True),
        failures=connection.execute(select(func.count()).where(is_since, _IS_LOOK)).scalar_one(),
    )


def _one_look(connection: Connection, *conditions: ColumnElement[bool], newest: bool) -> PastRun | None:
    order = RUNS.c.started_at.desc() if newest else RUNS.c.started_at
    query: Select[tuple[str]] = select(RUNS.c.id).where(_IS_LOOK, *conditions).order_by(order, RUNS.c.id).limit(1)
    return next(iter(_runs(connection, RUNS.c.id.in_(query))), None)


def _runs(connection: Connection, condition: ColumnElement[bool]) -> list[PastRun]:
    query = select(RUNS).where(condition).order_by(RUNS.c.started_at.desc(), RUNS.c.id)
    rows = connection.execute(query).all()
    counted = _counts(connection, [row.id for row in rows])
    return [
        PastRun(
            row.id,
            row.kind,
            row.undoes,
            row.state,
            Window(row.window_start, row.window_end) if row.window_start else None,
            row.started_at,
            row.ended_at,
            row.host,
            row.version,
            row.summary or {},
            counted[row.id],
        )
        for row in rows
    ]


def _counts(connection: Connection, run_ids: Collection[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    groups = AUDIT.c.run_id, AUDIT.c.action, AUDIT.c.resource
    query = select(*groups, func.count()).where(AUDIT.c.run_id.in_(run_ids)).group_by(*groups)
    for run_id, action, resource, count in connection.execute(query):
        if (action, resource) in _COUNTED:
            found[run_id][_COUNTED[action, resource]] = count
    return found
