"""Erases customers' data from our own tables: payloads of audit entries are blanked, their hashes stay."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from ordersync_dagster.adapters.database.journal import audit
from ordersync_dagster.adapters.database.journal.audit import AUDIT, PAYLOAD, Entry
from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.runs import MISSING, RUNS
from ordersync_dagster.adapters.database.rate_limit import RATE
from ordersync_dagster.adapters.database.rows.build import Stamp
from ordersync_dagster.core.history import ErasureCounts


def count_old(connection: Connection, before: datetime) -> ErasureCounts:
    """Count the data older than `before`."""
    return ErasureCounts(
        _count(connection, _old_payloads(before)),
        _count(connection, MISSING.c.asked_at < before),
        _count(connection, RATE.c.name.in_(_idle_rates(before))),
        _count(connection, _old_hosts(before)),
    )


def erase_old(connection: Connection, before: datetime, stamp: Stamp, keyed: KeyedHash) -> ErasureCounts:
    """Erase the data older than `before`, and record that in the audit."""
    counts = count_old(connection, before)
    connection.execute(update(AUDIT).where(_old_payloads(before)).values(dict.fromkeys(PAYLOAD)))
    connection.execute(update(RUNS).where(_old_hosts(before)).values(host=None))
    connection.execute(delete(MISSING).where(MISSING.c.asked_at < before))
    connection.execute(delete(RATE).where(RATE.c.name.in_(_idle_rates(before))))
    after = {**counts.by_name, "older_than": before.isoformat()}
    _append(connection, stamp, keyed, "audit_purge", after, f"purge of data older than {before:%Y-%m-%d %H:%M} UTC")
    return counts


def count_customer(connection: Connection, email: str, keyed: KeyedHash) -> ErasureCounts:
    """Count the audit payloads about the customer with this address."""
    return ErasureCounts(_count(connection, _of_customer(email, keyed)))


def erase_customer(connection: Connection, email: str, stamp: Stamp, keyed: KeyedHash) -> ErasureCounts:
    """Blank the audit payloads about this customer, and record that in the audit, without the customer."""
    counts = count_customer(connection, email, keyed)
    connection.execute(update(AUDIT).where(_of_customer(email, keyed)).values(dict.fromkeys(PAYLOAD)))
    after = {"payloads_blanked": counts.payloads}
    _append(connection, stamp, keyed, "audit_forget", after, "a customer asked to be forgotten")
    return counts


def _append(
    connection: Connection, stamp: Stamp, keyed: KeyedHash, action: str, after: Mapping[str, object], reason: str
) -> None:
    entry = Entry(action, "ordersync_audit", "", None, None, after, reason)
    audit.append(connection, stamp, [entry], keyed)


def _old_payloads(before: datetime) -> ColumnElement[bool]:
    return (AUDIT.c.at < before) & AUDIT.c.salt.is_not(None)


def _old_hosts(before: datetime) -> ColumnElement[bool]:
    return (RUNS.c.started_at < before) & RUNS.c.host.is_not(None)


def _of_customer(email: str, keyed: KeyedHash) -> ColumnElement[bool]:
    return AUDIT.c.email_hash.in_(keyed.every_of_email(email))


def _idle_rates(before: datetime) -> Select[tuple[str]]:
    """Rate limits not used since `before`, each with all of its slots: a lost slot would be given out twice."""
    return select(RATE.c.name).group_by(RATE.c.name).having(func.max(RATE.c.at) < before.timestamp())


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(condition)).scalar_one()
