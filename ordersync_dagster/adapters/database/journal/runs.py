"""Our runs and those of Dagster that they are, and when Printful was asked last."""

import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ordersync_dagster import __version__
from ordersync_dagster.adapters.database.journal import audit
from ordersync_dagster.adapters.database.rows.read import chunks
from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.core.errors import DatabaseAwayError
from ordersync_dagster.core.window import Window

LOOKS = ("sync", "shadow")  # the kinds of runs that look at a shop
_OWN = own_tables()
# Stands for "no 404": our role may not delete rows of ordersync_missing.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
RUNS, MISSING = _OWN.tables["ordersync_runs"], _OWN.tables["ordersync_missing"]
PARCELS = _OWN.tables["ordersync_parcels"]
DAGSTER_RUNS, SHOPS = _OWN.tables["ordersync_dagster_runs"], _OWN.tables["ordersync_shops"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """The kind of a run; `undoes` is the run that an undo undoes. `dagster_run` is its id in Dagster, if it has one.

    `shop` is the name of one of several shops.
    """

    kind: str = "sync"  # sync, shadow, undo, purge, forget
    undoes: str | None = None
    dagster_run: str = ""
    shop: str = ""


def begin(connection: Connection, run_id: str, window: Window | None, now: datetime, purpose: Purpose) -> None:
    """Record `run_id` as running. A run still recorded so was interrupted, because we hold the lock."""
    connection.execute(update(RUNS).where(RUNS.c.state == "running").values(state="interrupted", ended_at=now))
    row = {
        "id": run_id,
        "kind": purpose.kind,
        "undoes": purpose.undoes,
        "state": "running",
        "window_start": window and window.start,
        "window_end": window and window.end,
        "started_at": now,
        "host": socket.gethostname(),
        "version": __version__,
    }
    connection.execute(RUNS.insert().values(row))
    if purpose.dagster_run:
        connection.execute(DAGSTER_RUNS.insert().values(run_id=run_id, dagster_run_id=purpose.dagster_run))
    if purpose.shop:
        _upsert(connection, SHOPS, "name", [{"name": purpose.shop, "last_run": run_id, "at": now}])


def require_running(connection: Connection, run_id: str) -> None:
    """Raise DatabaseAwayError if another run has begun since; none can begin until our transaction ends.

    Another run can have begun only if the connection that held our lock was lost.
    """
    state = select(RUNS.c.state).where(RUNS.c.id == run_id).with_for_update(read=True)
    if connection.execute(state).scalar() not in (None, "running"):
        raise DatabaseAwayError(
            "the connection that held the lock was lost, and another run has started; the rows that were written "
            "before stay. Run again later"
        )


def end(connection: Connection, run_id: str, state: str, summary: Mapping[str, int], now: datetime) -> None:
    """Record the result of `run_id` and the last audit entry; raises as `require_running`."""
    require_running(connection, run_id)
    seq, row_hash = audit.read_end(connection)
    values = {
        "state": state,
        "ended_at": now,
        "summary": dict(summary),
        "audit_seq": seq,
        "audit_hash": row_hash,
    }
    connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(values))


def ended_since(connection: Connection, since: datetime) -> list[tuple[datetime, Window]]:
    """Start and window of each run that began at or after `since` and came to its end."""
    is_wanted = (RUNS.c.state == "succeeded") & RUNS.c.kind.in_(LOOKS) & (RUNS.c.started_at >= since)
    query = select(RUNS.c.started_at, RUNS.c.window_start, RUNS.c.window_end).where(is_wanted)
    return [(started, Window(start, end)) for started, start, end in connection.execute(query) if start and end]


def read_dagster_runs(connection: Connection, run_ids: Collection[str]) -> dict[str, str]:
    """By our run's id: its id in Dagster. Runs that Dagster did not start are left out."""
    found: dict[str, str] = {}
    for chunk in chunks(run_ids):
        query = select(DAGSTER_RUNS.c.run_id, DAGSTER_RUNS.c.dagster_run_id).where(DAGSTER_RUNS.c.run_id.in_(chunk))
        found |= {row.run_id: row.dagster_run_id for row in connection.execute(query)}
    return found


def last_success(connection: Connection) -> datetime | None:
    """When the last run that came to its end did so."""
    is_wanted = (RUNS.c.state == "succeeded") & RUNS.c.kind.in_(LOOKS)
    return connection.execute(select(func.max(RUNS.c.ended_at)).where(is_wanted)).scalar()


def last_shop(connection: Connection) -> str | None:
    """Of several shops, the one whose run began last; None where no run was that of a shop with a name."""
    return connection.execute(select(SHOPS.c.name).order_by(SHOPS.c.at.desc()).limit(1)).scalar()


def running(connection: Connection) -> str | None:
    """The id of the active run."""
    query = select(RUNS.c.id).where(RUNS.c.state == "running").order_by(RUNS.c.started_at.desc())
    return connection.execute(query).scalars().first()


def has_any(connection: Connection) -> bool:
    """Whether any run was recorded."""
    return connection.execute(select(RUNS.c.id).limit(1)).first() is not None


def known_missing(connection: Connection, since: datetime) -> frozenset[str]:
    """Printful ids that got a 404 at or after `since`."""
    query = select(MISSING.c.printful_order_id).where(MISSING.c.asked_at >= since)
    return frozenset(connection.execute(query).scalars())


def asked_parcels(connection: Connection) -> dict[str, datetime]:
    """By Printful id: when its parcels were on their way, and Printful was asked last."""
    rows = connection.execute(select(PARCELS.c.printful_order_id, PARCELS.c.asked_at))
    return {row.printful_order_id: row.asked_at for row in rows}


def remember(connection: Connection, printful_ids: Collection[str], now: datetime, table: Table = MISSING) -> None:
    """Record for each of these ids when Printful was asked."""
    for chunk in chunks(printful_ids):
        rows = [{"printful_order_id": each, "asked_at": now} for each in chunk]
        _upsert(connection, table, "printful_order_id", rows)


def _upsert(connection: Connection, table: Table, key: str, rows: Sequence[Mapping[str, object]]) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(rows)
    fresh = {name: statement.excluded[name] for name in rows[0] if name != key}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=fresh))
