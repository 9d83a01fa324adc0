"""A database error as one sentence without personal data."""

import re
import sqlite3

from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError

from ordersync_dagster.adapters.database.engine.refused_connections import (
    cause_of_silence,
    reason_of_delay,
    reason_of_refusal,
)
from ordersync_dagster.core.errors import (
    BusyError,
    DatabaseAccessError,
    DatabaseAwayError,
    DatabaseRefusedError,
    RowLockedError,
)

_LOCK_TIMEOUT = "55P03"  # lock_not_available
# serialization failure, deadlock, statement timeout, lock timeout
_TRANSIENT = frozenset({"40001", "40P01", "57014", _LOCK_TIMEOUT})
LOCKED = (
    "another program keeps a lock in the database for too long: end its transaction (the view pg_stat_activity shows "
    "it), and run again"
)
_READ_ONLY = "25006"  # read_only_sql_transaction: a standby, or default_transaction_read_only
_NO_WRITES, _DRY_RUN = "the database takes no writes", "A dry run (`ordersync sync --dry-run`) works all the same"
STANDBY = f"{_NO_WRITES}: its server is a standby. Name the primary in DATABASE_URL. {_DRY_RUN}"
READ_ONLY = (
    f"{_NO_WRITES}: default_transaction_read_only is on for the role, the database or the server. Let an administrator "
    f"switch it off (ALTER ROLE or ALTER DATABASE … RESET default_transaction_read_only). {_DRY_RUN}"
)
TAKES_NO_WRITES = (
    f"{_NO_WRITES}: it is a standby or read-only. Name the primary in DATABASE_URL, or make the database writable for "
    f"this role. {_DRY_RUN}"
)
FILE_TAKES_NO_WRITES = f"the database file cannot be written: let this user write the file and its folder. {_DRY_RUN}"
FULL = "the database refused it: its disk is full. Make room, and run again"
_UNDEFINED_TABLE = "42P01"  # undefined_table
_LOST_TABLE = re.compile(r'no such table: (\S+)|relation "([^"]+)" does not exist')  # SQLite's words, PostgreSQL's
_TRIGGER_FUNCTION = re.compile(r'PL/pgSQL function "?([\w.$]+)"?\(\)')
_SQLITE_CONSTRAINT = re.compile(r"(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed.*")  # with names, not values
_POLICY = ": a policy of row level security keeps this role from it. Give the role BYPASSRLS or a policy of its own"
_RIGHTS = (
    ": this role lacks a right. `ordersync db grants` prints the grants for a run and for an undo; purge and forget "
    "need the owner of ordersync_*"
)


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def is_transient(error: DBAPIError) -> bool:
    """Whether the next attempt may succeed."""
    return error.connection_invalidated or _sqlstate(error) in _TRANSIENT or isinstance(error, DisconnectionError)


def is_read_only(error: DBAPIError) -> bool:
    """Whether PostgreSQL takes no writes of this role, or at all."""
    return _sqlstate(error) == _READ_ONLY


def translated(error: DBAPIError) -> DatabaseAccessError | BusyError | DatabaseRefusedError:
    """Without the statement, its values and PostgreSQL's DETAIL, because those may hold personal data."""
    state = _sqlstate(error)
    if state == _LOCK_TIMEOUT:
        return RowLockedError(LOCKED)
    if is_read_only(error):
        return DatabaseAccessError(TAKES_NO_WRITES)
    if "attempt to write a readonly database" in str(error.orig):  # SQLite's words
        return DatabaseAccessError(FILE_TAKES_NO_WRITES)
    if reason := _reason_of_refusal(error, state) or _lost_table(error, state):
        return DatabaseAccessError(reason)
    is_away = isinstance(error, OperationalError) and (state.startswith(("08", "57P", "53")) or not state)
    if (error.connection_invalidated or is_away) and not _is_full(error):
        return DatabaseAwayError(f"the database does not {_not_now(error, state)}")
    if _is_full(error):
        return DatabaseRefusedError(FULL)
    parts = [type(error.orig).__name__, state, *_places(error)]
    hint = "" if state != "42501" else _POLICY if "row-level security" in str(error.orig) else _RIGHTS
    return DatabaseRefusedError(f"the database refused it ({' '.join(part for part in parts if part)}){hint}")


def _not_now(error: DBAPIError, state: str) -> str:
    """The rest of the sentence "the database does not …", with the fix."""
    if not state and (later := reason_of_delay(str(error.orig))):
        return f"let us in now: {later}. Wait, or look at the server"
    if cause := cause_of_silence(str(error.orig)):
        return f"answer: {cause}"
    name = f"{type(error.orig).__name__} {state}".rstrip()
    return f"answer ({name}). Start the server, or look at the network, and run again"


def _places(error: DBAPIError) -> list[str]:
    """The key, the column, the table or the trigger that refused a row; a trigger's own words may hold its values."""
    diagnosis = getattr(error.orig, "diag", None)
    names = [getattr(diagnosis, name, None) or "" for name in ("constraint_name", "column_name", "table_name")]
    if function := _TRIGGER_FUNCTION.search(getattr(diagnosis, "context", None) or ""):
        return [*names, f"in the function {function[1]} of a trigger"]
    if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER":
        return ["by a trigger"]
    found = _SQLITE_CONSTRAINT.fullmatch(str(error.orig)) if isinstance(error.orig, sqlite3.Error) else None
    return [found[0]] if found else names


def _reason_of_refusal(error: DBAPIError, state: str) -> str | None:
    message = str(error.orig)
    if isinstance(error.orig, sqlite3.Error):
        is_no_file = message == "unable to open database file" and not error.statement  # else it is the log beside it
        if is_no_file:
            return f"the database cannot be opened: {message}. Correct DATABASE_URL, or the permissions of the file"
        if "is not a database" in message:
            return f"the file that DATABASE_URL names is no SQLite database ({message}): correct DATABASE_URL"
        if "malformed" in message:
            return f"the database file is damaged ({message}): restore it from a backup, or correct DATABASE_URL"
        return None
    reason = None if state else reason_of_refusal(message)
    fix = "Correct DATABASE_URL, or let an administrator allow it"
    return reason and f"the database refuses the connection: {reason}. {fix}"


def _lost_table(error: DBAPIError, state: str) -> str | None:
    found = _LOST_TABLE.search(str(error.orig))
    if found is None or state not in ("", _UNDEFINED_TABLE):
        return None
    name = found[1] or found[2]
    return f"the database has no table {name} any more, which ordersync or a trigger needs: restore it from a backup"


def _is_full(error: DBAPIError) -> bool:
    return "disk is full" in str(error.orig)
