"""Death at a chosen write: the n-th statement or COMMIT that writes to the shop's database never happens."""

import os
import signal
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, event

from ordersync_dagster_tests.support.databases import Database

WRITES = ("INSERT", "UPDATE", "DELETE")
CREATES = (*WRITES, "CREATE")
NEVER = 10**9


class KilledError(BaseException):
    """What a process that is dead would not notice."""


class KillPoint:
    """Ends the process before its `turn`-th write boundary of `database`, or of any; with `is_real` by SIGKILL.

    Once dead it stays dead: no statement of the package gets through, as nothing of a dead process does.
    `boundaries` counts statements that begin with one of `writes` and COMMITs of transactions that wrote;
    rate tokens are left out.
    """

    def __init__(
        self, database: Database | None, turn: int = NEVER, *, is_real: bool = False, writes: tuple[str, ...] = WRITES
    ) -> None:
        self.boundaries = 0
        self._database, self._turn, self._is_real, self._writes = database, turn, is_real, writes
        self._writing: set[int] = set()

    def __enter__(self) -> "KillPoint":
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", self._commit)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        event.remove(Engine, "before_cursor_execute", self._statement)
        event.remove(Engine, "commit", self._commit)

    def _statement(self, connection: Connection, cursor: Any, statement: str, *_: object) -> None:
        if not connection.engine.hide_parameters or "ordersync_rate" in statement:
            return  # the test's own, or a token
        if self._database and not self._database.is_reached_by(connection):
            return  # of a run that an earlier test left half-way
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
