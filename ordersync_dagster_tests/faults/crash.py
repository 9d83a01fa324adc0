"""Death at a chosen write: the n-th statement or COMMIT that writes to the shop's database never happens."""

import gc
import os
import signal
from collections import Counter
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, event

from ordersync_dagster.adapters.database.journal.verify import verify
from ordersync_dagster_tests.support.databases import Database, Rows

WRITES = ("INSERT", "UPDATE", "DELETE")
CREATES = (*WRITES, "CREATE")
NEVER = 10**9


class KilledError(BaseException):
    """What a process that is dead would not notice."""


class KillPoint:
    """Ends the process before its `turn`-th write boundary; with `is_real` by SIGKILL.

    Once dead it stays dead: no statement of the package gets through, as nothing of a dead process does.
    `boundaries` counts statements that begin with one of `writes` and COMMITs of transactions that wrote;
    rate tokens are left out.
    """

    def __init__(self, turn: int = NEVER, *, is_real: bool = False, writes: tuple[str, ...] = WRITES) -> None:
        self.boundaries = 0
        self._turn, self._is_real, self._writes = turn, is_real, writes
        self._writing: set[int] = set()

    def __enter__(self) -> "KillPoint":
        gc.collect()  # a run that an earlier test left half-way would end now, and be counted
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", self._commit)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        event.remove(Engine, "before_cursor_execute", self._statement)
        event.remove(Engine, "commit", self._commit)

    def _statement(self, connection: Connection, cursor: Any, statement: str, *_: object) -> None:
        if not connection.engine.hide_parameters or "ordersync_rate" in statement:
            return  # the test's own, or a token
        if statement.lstrip().startswith(self._writes):
            self._writing.add(id(connection))
            self.boundaries += 1
        self._die_if_due()

    def _commit(self, connection: Connection) -> None:
        if id(connection) in self._writing:
            self._writing.discard(id(connection))
            self.boundaries += 1
            self._die_if_due()

    def _die_if_due(self) -> None:
        if self.boundaries >= self._turn:
            if self._is_real:
                os.kill(os.getpid(), signal.SIGKILL)
            raise KilledError


def written(database: Database) -> dict[str, object]:
    """What a run left of lasting meaning: the shop's rows, and which row was written how often by whom."""
    return {
        "orders": _comparable(database.rows("SELECT * FROM orders")),
        "items": _comparable(database.rows("SELECT * FROM order_items")),
        "timeline": Counter(_pairs(database.rows("SELECT order_id, event_type FROM order_events"))),
        "shop's audit": Counter(_pairs(database.rows("SELECT action, resource, resource_id FROM audit_logs"))),
        "audit": Counter(_pairs(database.rows("SELECT action, resource, resource_id FROM ordersync_audit"))),
    }


def is_audit_whole(database: Database) -> bool:
    """Whether every entry is there and none was changed."""
    with database.engine.connect() as connection:
        return verify(connection).broken is None


def _comparable(rows: Rows) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)


def _pairs(rows: Rows) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows]
