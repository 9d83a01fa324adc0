"""`ordersync_alerts`: the messages that each sink got, so that no process sends one again."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from ordersync_dagster.adapters.database.journal.problem_records import IS_OPEN, PROBLEMS, read_problems
from ordersync_dagster.adapters.database.schema.own_tables import own_tables
from ordersync_dagster.core.alerts import CLAIM_LASTS, UNSETTLED_TRIES, Phase, Said, Saying
from ordersync_dagster.core.known_problems import KnownProblem

ALERTS = own_tables().tables["ordersync_alerts"]
SAYINGS_AT_ONCE = 100
_LATER = ALERTS.alias("later")
_IS_CLOSED = (
    select(_LATER.c.sink)
    .where(
        _LATER.c.sink == ALERTS.c.sink,
        _LATER.c.subject == ALERTS.c.subject,
        _LATER.c.episode == ALERTS.c.episode,
        _LATER.c.phase == Phase.OVER,
        _LATER.c.sent_at.is_not(None),
    )
    .exists()
)


def read_said(connection: Connection, sink: str) -> list[Said]:
    """The messages of the sink that are sent or claimed, and are not over."""
    query = select(ALERTS).where(ALERTS.c.sink == sink, ~_IS_CLOSED).order_by(ALERTS.c.subject, ALERTS.c.episode)
    return [
        Said(Saying(row.subject, row.episode, Phase(row.phase)), row.claimed_at, row.tries, row.sent_at)
        for row in connection.execute(query)
    ]


def read_told_problems(connection: Connection) -> list[KnownProblem]:
    """The open problems, and the ended ones of which some sink has not heard that they are over."""
    told = select(ALERTS.c.subject).where(ALERTS.c.phase == Phase.NEW, ~_IS_CLOSED)
    return read_problems(connection, IS_OPEN | PROBLEMS.c.id.in_(told))


def claim(connection: Connection, sink: str, sayings: Sequence[Saying], now: datetime) -> list[Saying]:
    """Set out to tell `sayings`; returns those that no other process told or is about to tell."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    is_left = ALERTS.c.claimed_at.is_(None)
    is_stale = and_(ALERTS.c.claimed_at < now - CLAIM_LASTS, ALERTS.c.tries < UNSETTLED_TRIES)
    claimed: list[Saying] = []
    ordered = sorted(sayings)  # two processes that lock rows in one order do not wait for each other
    for start in range(0, len(ordered), SAYINGS_AT_ONCE):
        rows = [
            {
                "sink": sink,
                "subject": each.subject,
                "episode": each.episode,
                "phase": str(each.phase),
                "noted_at": now,
                "claimed_at": now,
                "tries": 1,
            }
            for each in ordered[start : start + SAYINGS_AT_ONCE]
        ]
        statement = insert(ALERTS).values(rows)
        upsert = statement.on_conflict_do_update(
            index_elements=["sink", "subject", "episode", "phase"],
            set_={"claimed_at": now, "tries": ALERTS.c.tries + 1},
            where=and_(ALERTS.c.sent_at.is_(None), or_(is_left, is_stale)),
        ).returning(ALERTS.c.subject, ALERTS.c.episode, ALERTS.c.phase)
        claimed += [Saying(subject, episode, Phase(phase)) for subject, episode, phase in connection.execute(upsert)]
    return sorted(claimed)


def settle(connection: Connection, sink: str, sayings: Sequence[Saying], now: datetime, *, is_sent: bool) -> None:
    """Record that claimed sayings were sent; or that they were not, so that the next process sends them."""
    values = {"sent_at": now} if is_sent else {"claimed_at": None, "tries": ALERTS.c.tries - 1}
    for start in range(0, len(sayings), SAYINGS_AT_ONCE):
        is_one = _are(sink, sayings[start : start + SAYINGS_AT_ONCE])
        connection.execute(update(ALERTS).where(is_one, ALERTS.c.sent_at.is_(None)).values(values))


def old_alerts(before: datetime) -> ColumnElement[bool]:
    """Old messages that would not be sent again without their rows."""
    is_open = select(PROBLEMS.c.id).where(PROBLEMS.c.id == ALERTS.c.subject, IS_OPEN).exists()
    is_of_problem = ALERTS.c.subject.like("p%")
    return and_(ALERTS.c.noted_at < before, or_(_IS_CLOSED, and_(is_of_problem, ~is_open)))


def _are(sink: str, sayings: Collection[Saying]) -> ColumnElement[bool]:
    key = tuple_(ALERTS.c.subject, ALERTS.c.episode, ALERTS.c.phase)
    return and_(ALERTS.c.sink == sink, key.in_([(each.subject, each.episode, str(each.phase)) for each in sayings]))
