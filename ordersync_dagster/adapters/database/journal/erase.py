"""What we keep of customers, and letting go of it: payloads of the audit are blanked, their hashes stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from ordersync_dagster.adapters.database.journal import audit
from ordersync_dagster.adapters.database.journal.audit import AUDIT, PAYLOAD, Entry
from ordersync_dagster.adapters.database.journal.keyed_hash import KeyedHash
from ordersync_dagster.adapters.database.journal.runs import MISSING, RUNS
from ordersync_dagster.adapters.database.rate_limit import RATE
from ordersync_dagster.adapters.database.rows.build import Stamp

PURGE, FORGET = "audit_purge", "audit_forget"


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is to let go of: payloads of audit entries, remembered 404s, rate tokens, names of hosts."""

    payloads: int
    missing: int = 0
    rates: int = 0
    hosts: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """By name, for the record of the run."""
        return {
            "payloads_blanked": self.payloads,
            "missing_dropped": self.missing,
            "rates_dropped": self.rates,
            "hosts_blanked": self.hosts,
        }


def old(connection: Connection, before: datetime) -> Kept:
    """What is older than `before`."""
    return Kept(
        _count(connection, _old_payloads(before)),
        _count(connection, MISSING.c.asked_at < before),
        _count(connection, RATE.c.name.in_(_idle_rates(before))),
        _count(connection, _old_hosts(before)),
    )


def purge(connection: Connection, before: datetime, stamp: Stamp, keyed: KeyedHash) -> Kept:
    """Let go of what is older than `before`, and write down that we did."""
    kept = old(connection, before)
    connection.execute(update(AUDIT).where(_old_payloads(before)).values(dict.fromkeys(PAYLOAD)))
    connection.execute(update(RUNS).where(_old_hosts(before)).values(host=None))
    connection.execute(delete(MISSING).where(MISSING.c.asked_at < before))
    connection.execute(delete(RATE).where(RATE.c.name.in_(_idle_rates(before))))
    after = {**kept.counts, "older_than": before.isoformat()}
    _write_down(connection, stamp, keyed, PURGE, after, f"purge of what was older than {before:%Y-%m-%d %H:%M} UTC")
    return kept


def of_customer(connection: Connection, email: str, keyed: KeyedHash) -> Kept:
    """What we keep of the customer with this address."""
    return Kept(_count(connection, _of_customer(email, keyed)))


def forget(connection: Connection, email: str, stamp: Stamp, keyed: KeyedHash) -> Kept:
    """Blank what we keep of this customer, and write down that we did, but not whom."""
    kept = of_customer(connection, email, keyed)
    connection.execute(update(AUDIT).where(_of_customer(email, keyed)).values(dict.fromkeys(PAYLOAD)))
    after = {"payloads_blanked": kept.payloads}
    _write_down(connection, stamp, keyed, FORGET, after, "a customer asked to be forgotten")
    return kept


def cutoff(now: datetime, days: int) -> datetime:
    """The moment `days` ago."""
    return now - timedelta(days=days)


def _write_down(
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
    """Budgets that nobody took from since: a ring goes whole, or its slots would be given out twice."""
    return select(RATE.c.name).group_by(RATE.c.name).having(func.max(RATE.c.at) < before.timestamp())


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(condition)).scalar_one()
