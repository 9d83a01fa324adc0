"""The way to the database, with faults: each statement and commit of ours comes through here."""

import sqlite3
from collections.abc import Callable
from typing import Any

BROKEN = "disk I/O error"  # SQLite's own words
FULL = "database or disk is full"


class Killed(BaseException):  # not an error of anybody's: the process is gone
    """The process ends here; what comes after may only let go of what it held, as the system would."""


class Wire:
    """What one process of ours has to do with its database.

    `strikes` says which fault comes at a call; `after_commit` whether rows of ours were in it.
    """

    def __init__(self, strikes: Callable[[str], str | None], after_commit: Callable[[], bool]) -> None:
        self._strikes, self.after_commit = strikes, after_commit
        self.is_dead = False
        self.is_settled_by_looking = False  # the answer to a COMMIT with rows of ours was lost

    def kill(self) -> Killed:
        self.is_dead = True
        return Killed()

    def check(self) -> None:
        if self.is_dead:
            raise Killed

    def before_statement(self, connection: sqlite3.Connection, sql: str) -> None:
        self.check()
        fault = self._strikes("statement")
        is_writing = sql.lstrip().upper().startswith(("INSERT", "UPDATE"))
        if fault == "killed_at_statement":
            raise self.kill()
        if fault == "statement_breaks":
            raise sqlite3.OperationalError(BROKEN)
        if fault == "statement_refused":
            raise sqlite3.IntegrityError("CHECK constraint failed")
        if fault == "orders_refused" and sql.startswith("INSERT INTO orders "):
            raise sqlite3.IntegrityError("CHECK constraint failed")
        if fault == "disk_full" and is_writing:
            connection.rollback()  # SQLite itself takes back the whole transaction
            raise sqlite3.OperationalError(FULL)

    def commit(self, really: Callable[[], None], rollback: Callable[[], None]) -> None:
        self.check()
        fault = self._strikes("commit")
        if fault == "killed_before_commit":
            raise self.kill()
        if fault == "commit_breaks":
            rollback()
            raise sqlite3.OperationalError(BROKEN)
        really()
        has_rows = self.after_commit()
        if fault == "killed_after_commit":
            raise self.kill()
        if fault == "answer_lost":
            self.is_settled_by_looking = has_rows
            raise sqlite3.OperationalError(BROKEN)


class _Cursor(sqlite3.Cursor):
    connection: "WiredConnection"

    def execute(self, sql: str, *values: Any) -> "_Cursor":
        self.connection.wire.before_statement(self.connection, sql)
        super().execute(sql, *values)
        return self

    def executemany(self, sql: str, rows: Any) -> "_Cursor":
        self.connection.wire.before_statement(self.connection, sql)
        super().executemany(sql, rows)
        return self


class WiredConnection(sqlite3.Connection):
    """The driver's connection, so that everything above it is the real thing.

    Connections are kept from run to run here, so the wire is that of the process that is at work now.
    """

    current: Callable[[], Wire]

    @property
    def wire(self) -> Wire:
        return self.current()

    def cursor(self, *_: Any) -> _Cursor:  # type: ignore[override]
        return super().cursor(_Cursor)

    def commit(self) -> None:
        self.wire.commit(super().commit, super().rollback)


def connect(current: Callable[[], Wire], *args: Any, **options: Any) -> WiredConnection:
    """As sqlite3.connect; raises Killed where the process is gone."""
    current().check()
    connection = sqlite3.connect(*args, **options, factory=WiredConnection)
    connection.current = current
    return connection
