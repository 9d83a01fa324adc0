"""Erases old data from our own tables: payloads of audit entries are blanked, their hashes stay."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from ordersync_dagster.adapters.database.journal import audit
from ordersync_dagster.adapters.database.journal.alert_records import ALERTS, old_alerts
from ordersync_dagster.adapters.database.journal.audit import AUDIT, BLANKED_ENTRIES, PAYLOAD, Entry
from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.problem_records import PROBLEMS
from ordersync_dagster.adapters.database.journal.runs import MISSING, PARCELS, RUNS
from ordersync_dagster.adapters.database.journal.shadow_records import SHADOW
from ordersync_dagster.adapters.database.rate_limit import RATE
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.core.history import ErasureCounts


def count_old(connection: Connection, before: datetime) -> ErasureCounts:
    """Count the data older than `before`."""
    return ErasureCounts(
        count_rows(connection, _old_payloads(before)),
        count_rows(connection, MISSING.c.asked_at < before),
        count_rows(connection, RATE.c.name.in_(_idle_rates(before))),
        count_rows(connection, _old_hosts(before)),
        problems=count_rows(connection, PROBLEMS.c.ended_at < before),
        alerts=count_rows(connection, old_alerts(before)),
        shadows=count_rows(connection, SHADOW.c.last_seen < before),
        parcels=count_rows(connection, PARCELS.c.asked_at < before),
    )


def erase_old(connection: Connection, before: datetime, stamp: Stamp, keyed: KeyedHash) -> ErasureCounts:
    """Erase the data older than `before`, and record that in the audit."""
    counts = count_old(connection, before)
    blanked = blank(connection, [_old_payloads(before)])
    connection.execute(update(RUNS).where(_old_hosts(before)).values(host=None))
    connection.execute(delete(MISSING).where(MISSING.c.asked_at < before))
    connection.execute(delete(PARCELS).where(PARCELS.c.asked_at < before))
    connection.execute(delete(ALERTS).where(old_alerts(before)))
    connection.execute(delete(PROBLEMS).where(PROBLEMS.c.ended_at < before))
    connection.execute(delete(SHADOW).where(SHADOW.c.last_seen < before))
    connection.execute(delete(RATE).where(RATE.c.name.in_(_idle_rates(before))))
    after = {**counts.by_name, "older_than": before.isoformat(), BLANKED_ENTRIES: blanked}
    record_erasure(
        connection, stamp, keyed, "audit_purge", after, f"purge of data older than {before:%Y-%m-%d %H:%M} UTC"
    )
    return counts


def blank(connection: Connection, conditions: Iterable[ColumnElement[bool]]) -> list[list[int]]:
    """Blank the payloads that fulfil one of `conditions`; returns their numbers, as ranges with both ends."""
    numbers: set[int] = set()
    for condition in conditions:
        numbers.update(connection.execute(select(AUDIT.c.seq).where(condition)).scalars())
        connection.execute(update(AUDIT).where(condition).values(dict.fromkeys(PAYLOAD)))
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def record_erasure(
    connection: Connection, stamp: Stamp, keyed: KeyedHash, action: str, after: Mapping[str, object], reason: str
) -> None:
    """Record in the audit which entries were erased, without the name of the customer."""
    entry = Entry(action, AUDIT.name, "", None, None, after, reason)
    audit.append(connection, stamp, [entry], keyed)


def _old_payloads(before: datetime) -> ColumnElement[bool]:
    """Without the records of erasures: they hold nothing of customers, and show which entries were rightly blanked."""
    return (AUDIT.c.at < before) & AUDIT.c.salt.is_not(None) & (AUDIT.c.resource != AUDIT.name)


def _old_hosts(before: datetime) -> ColumnElement[bool]:
    return (RUNS.c.started_at < before) & RUNS.c.host.is_not(None)


def _idle_rates(before: datetime) -> Select[tuple[str]]:
    """Rate limits not used since `before`, each with all of its slots: a lost slot would be given out twice."""
    return select(RATE.c.name).group_by(RATE.c.name).having(func.max(RATE.c.at) < before.timestamp())


def count_rows(connection: Connection, condition: ColumnElement[bool]) -> int:
    """The number of rows that fulfil `condition`."""
    return connection.execute(select(func.count()).where(condition)).scalar_one()
