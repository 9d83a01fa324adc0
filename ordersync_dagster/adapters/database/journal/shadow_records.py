"""`ordersync_shadow`: the changes that runs in shadow mode would have made, and their outcomes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select, update

from ordersync_dagster.adapters.database.journal.audit import AUDIT
from ordersync_dagster.adapters.database.rows.read import chunks
from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.shadow import Intent, ShadowOutcome, ShadowRecord, dropped_by, superseded_by

SHADOW = own_tables().tables["ordersync_shadow"]
IS_UNDECIDED = SHADOW.c.outcome == ShadowOutcome.OPEN
Verdicts = Mapping[str, tuple[ShadowOutcome, str]]  # by the id of the intent


def read_shadow(connection: Connection, condition: ColumnElement[bool] | None = None) -> list[ShadowRecord]:
    """The records that fulfil `condition`, oldest first."""
    query = select(SHADOW).order_by(SHADOW.c.first_seen, SHADOW.c.id)
    return [_record(row) for row in connection.execute(query if condition is None else query.where(condition))]


def record_intents(connection: Connection, plan: Plan, intents: Sequence[Intent], run_id: str, now: datetime) -> None:
    """Keep the changes of a plan, and end the kept ones that it looked for and no longer contains.

    A change that had an outcome and is planned again begins anew.
    """
    by_id = {each.id: each for each in intents}
    known = {
        each.intent.id: each for chunk in chunks(by_id) for each in read_shadow(connection, SHADOW.c.id.in_(chunk))
    }
    again = {key: each for key, each in known.items() if each.outcome is ShadowOutcome.OPEN}
    wrong = {key: why for key, each in again.items() if (why := superseded_by(each.intent, by_id[key]))}
    settle_shadow(connection, {key: (ShadowOutcome.WRONG, why) for key, why in wrong.items()}, now)
    for key, each in by_id.items():
        if key not in known:
            connection.execute(SHADOW.insert().values(_row(each, run_id, now)))
        elif key in again:
            seen = {"last_run": run_id, "last_seen": now, "runs": SHADOW.c.runs + 1}
            connection.execute(update(SHADOW).where(SHADOW.c.id == key).values(seen))
        elif known[key].outcome is not ShadowOutcome.WRONG:
            connection.execute(update(SHADOW).where(SHADOW.c.id == key).values(_row(each, run_id, now)))
    is_looked_for = or_(SHADOW.c.day == _day(plan.day), *_orders(plan)) if plan.day else or_(False, *_orders(plan))
    gone = dropped_by(plan, by_id, read_shadow(connection, IS_UNDECIDED & is_looked_for))
    settle_shadow(connection, dict.fromkeys(gone, (ShadowOutcome.DROPPED, f"run {run_id} no longer planned it")), now)


def settle_shadow(connection: Connection, verdicts: Verdicts, now: datetime) -> None:
    """Record the outcomes of some intents."""
    for key, (outcome, why) in verdicts.items():
        values = {"outcome": str(outcome), "outcome_at": now, "outcome_why": why}
        connection.execute(update(SHADOW).where(SHADOW.c.id == key).values(values))


def repaired_since(connection: Connection, order_ids: Collection[str], since: datetime) -> frozenset[str]:
    """Those of the orders that a run of ours wrote at or after `since`."""
    found: set[str] = set()
    for chunk in chunks(order_ids):
        query = select(AUDIT.c.order_id).where(AUDIT.c.order_id.in_(chunk), AUDIT.c.at >= since)
        found.update(str(each) for each in connection.execute(query).scalars())
    return frozenset(found)


def is_of_keys(order_ids: Collection[str], session_ids: Collection[str]) -> ColumnElement[bool]:
    """The records of these orders and sessions."""
    return SHADOW.c.order_id.in_(list(order_ids)) | SHADOW.c.stripe_session_id.in_(list(session_ids))


def _orders(plan: Plan) -> Iterable[ColumnElement[bool]]:
    return (SHADOW.c.order_id.in_(chunk) for chunk in chunks(plan.printful_orders))


def _row(intent: Intent, run_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": intent.id,
        "change": intent.change,
        "order_id": intent.order_id,
        "stripe_session_id": intent.session_id or None,
        "stripe_payment_intent_id": intent.payment,
        "day": _day(intent.day),
        "before": intent.before,
        "planned": dict(intent.planned),
        "detail": intent.detail,
        "first_run": run_id,
        "first_seen": now,
        "last_run": run_id,
        "last_seen": now,
        "runs": 1,
        "outcome": str(ShadowOutcome.OPEN),
        "outcome_at": None,
        "outcome_why": None,
    }


def _record(row: Any) -> ShadowRecord:
    intent = Intent(
        row.change,
        row.order_id,
        row.stripe_session_id or "",
        row.stripe_payment_intent_id,
        date.fromisoformat(row.day) if row.day else None,
        row.before,
        row.planned,
        row.detail,
    )
    return ShadowRecord(intent, row.first_seen, ShadowOutcome(row.outcome), row.outcome_why or "")


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)
