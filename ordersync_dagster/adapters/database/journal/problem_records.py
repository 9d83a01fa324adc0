"""`ordersync_problems`: the problems that runs found, how long they last, and who has seen them."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.core.known_problems import Acknowledgement, FoundBy, KnownProblem, Sighting, Sightings
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.problem_classes import CLASSES

PROBLEMS = own_tables().tables["ordersync_problems"]
IS_OPEN = PROBLEMS.c.ended_at.is_(None)
_ACKNOWLEDGED = ("acknowledged_at", "acknowledged_by", "acknowledged_until", "note")
_SEEN_AGAIN = (
    "severity",
    "sentence",
    "ids",
    "order_id",
    "amount",
    "currency",
    "found_by",
    "day",
    "last_seen",
    "last_run",
)
_NEW = ("id", "class", "stripe_session_id", "first_seen", "runs", *_SEEN_AGAIN)


def read_problems(connection: Connection, condition: ColumnElement[bool] | None = None) -> list[KnownProblem]:
    """The problems that fulfil `condition`, the oldest first. A class that this version does not know is left out."""
    query = select(PROBLEMS).order_by(PROBLEMS.c.first_seen, PROBLEMS.c.id)
    rows = connection.execute(query if condition is None else query.where(condition))
    names = list(rows.keys())
    found = (dict(zip(names, row, strict=True)) for row in rows)
    return [_known(values) for values in found if values["class"] in CLASSES]


def record_sightings(connection: Connection, sightings: Sightings, run_id: str, now: datetime) -> None:
    """Record the problems that a run found, and end the open ones that it looked for and did not find.

    A problem that had ended and is found again begins anew.
    """
    again: dict[str, list[str]] = {}
    others: list[str] = []
    for problem_id, sighting in sightings.found.items():
        is_same = _is_same(sightings.open.get(problem_id), sighting)
        (again.setdefault(str(sighting.problem.severity), []) if is_same else others).append(problem_id)
    for severity, ids in again.items():
        _count_again(connection, ids, severity=severity, last_seen=now, last_run=run_id)
    for chunk in chunks(others):
        _record(connection, [_row(each, sightings.found[each], run_id) for each in chunk], now)
    by_reason: dict[str, list[str]] = {}
    for problem_id, why in sightings.ended(run_id).items():
        by_reason.setdefault(why, []).append(problem_id)
    for why, ids in by_reason.items():
        for chunk in chunks(ids):
            ended = update(PROBLEMS).where(PROBLEMS.c.id.in_(chunk), IS_OPEN)
            connection.execute(ended.values(ended_at=now, ended_why=why))


def acknowledge(connection: Connection, problem_id: str, seen: Acknowledgement) -> None:
    """Record that a person has seen the problem, over an earlier acknowledgement."""
    values = {
        "acknowledged_at": seen.at,
        "acknowledged_by": seen.by,
        "acknowledged_until": seen.until,
        "note": seen.note,
    }
    connection.execute(update(PROBLEMS).where(PROBLEMS.c.id == problem_id).values(values))


def forget_notes(connection: Connection, keys: Collection[str]) -> None:
    """Erase the notes that people wrote to the problems of these orders and sessions."""
    for chunk in chunks(keys):
        is_theirs = PROBLEMS.c.order_id.in_(chunk) | PROBLEMS.c.stripe_session_id.in_(chunk)
        connection.execute(update(PROBLEMS).where(is_theirs, PROBLEMS.c.note.is_not(None)).values(note=""))


def _is_same(known: KnownProblem | None, sighting: Sighting) -> bool:
    """Whether the row of an open problem says all that the run found."""
    found = sighting.problem
    return (
        known is not None
        and known.sentence == found.sentence
        and known.ids == found.ids
        and (known.amount, known.day, known.found_by) == (found.amount, found.day, sighting.found_by)
    )


def _count_again(connection: Connection, ids: Sequence[str], **values: Any) -> None:
    """Most problems stay as they are from run to run: their rows are not sent again."""
    for chunk in chunks(ids):
        seen = update(PROBLEMS).where(is_one_of(PROBLEMS.c.id, chunk, connection))
        connection.execute(seen.values(runs=PROBLEMS.c.runs + 1, **values))


def _record(connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    is_postgres = connection.dialect.name == "postgresql"
    at = now.astimezone(UTC).isoformat() if is_postgres else now
    sent = [{**row, "first_seen": at, "last_seen": at} for row in rows]
    if is_postgres:
        connection.execute(_seen(_unpacked(), postgresql.insert), {"rows": json.dumps(sent)})
    else:
        connection.execute(_seen(None, sqlite.insert), sent)


def _unpacked() -> Select[Any]:
    """The rows of one JSON text: with a statement for each, this table took a third of the time of a first run."""
    columns = [column(name, PROBLEMS.c[name].type) for name in _NEW]
    sent = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    return select(sent.table_valued(*columns).render_derived("sent", with_types=True))


def _seen(rows: Select[Any] | None, insert: Callable[..., Any]) -> Any:
    statement = insert(PROBLEMS) if rows is None else insert(PROBLEMS).from_select(_NEW, rows)
    anew, now = PROBLEMS.c.ended_at.is_not(None), statement.excluded
    values: dict[str, Any] = {name: now[name] for name in _SEEN_AGAIN}
    values |= {name: case((anew, None), else_=PROBLEMS.c[name]) for name in _ACKNOWLEDGED}
    values |= {
        "first_seen": case((anew, now.first_seen), else_=PROBLEMS.c.first_seen),
        "runs": case((anew, 1), else_=PROBLEMS.c.runs + 1),
        "ended_at": None,
        "ended_why": None,
    }
    return statement.on_conflict_do_update(index_elements=["id"], set_=values)


def _row(problem_id: str, sighting: Sighting, run_id: str) -> dict[str, Any]:
    problem = sighting.problem
    return {
        "id": problem_id,
        "class": str(problem.problem_class),
        "severity": str(problem.severity),
        "sentence": problem.sentence,
        "ids": dict(problem.ids),
        "order_id": problem.ids.get("order_id"),
        "stripe_session_id": problem.ids.get("stripe_session_id"),
        "amount": str(problem.amount.amount) if problem.amount else None,
        "currency": problem.amount.currency if problem.amount else None,
        "found_by": str(sighting.found_by),
        "day": problem.day.isoformat() if problem.day else None,
        "last_run": run_id,
        "runs": 1,
    }


def _known(values: Mapping[str, Any]) -> KnownProblem:
    day, amount = values["day"], values["amount"]
    return KnownProblem(
        id=values["id"],
        problem_class=CLASSES[values["class"]],
        sentence=values["sentence"],
        ids=values["ids"],
        amount=Price(Decimal(amount), values["currency"]) if amount else None,
        found_by=FoundBy(values["found_by"]),
        day=date.fromisoformat(day) if day else None,
        first_seen=values["first_seen"],
        last_seen=values["last_seen"],
        last_run=values["last_run"],
        runs=values["runs"],
        acknowledgement=next(_acknowledgements(values), None),
        ended_at=values["ended_at"],
        ended_why=values["ended_why"],
    )


def _acknowledgements(values: Mapping[str, Any]) -> Iterator[Acknowledgement]:
    if values["acknowledged_at"]:
        at, by, until, note = (values[name] for name in _ACKNOWLEDGED)
        yield Acknowledgement(by or "", at, note or "", until)
