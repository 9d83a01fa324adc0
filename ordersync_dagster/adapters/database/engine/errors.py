"""A database error as one sentence without personal data."""

from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError

from ordersync_dagster.core.errors import DatabaseAwayError, DatabaseRefusedError

_TRANSIENT = frozenset({"40001", "40P01", "57014"})  # serialization failure, deadlock, statement timeout
_RIGHTS = (
    ": this role lacks a right. `ordersync db grants` prints the grants for a run and for an undo; purge and forget "
    "need the owner of ordersync_*"
)


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def is_transient(error: DBAPIError) -> bool:
    """Whether the next attempt may succeed."""
    return error.connection_invalidated or _sqlstate(error) in _TRANSIENT or isinstance(error, DisconnectionError)


def translated(error: DBAPIError) -> DatabaseAwayError | DatabaseRefusedError:
    """Without the statement, its values and PostgreSQL's DETAIL, because those may hold personal data."""
    state = _sqlstate(error)
    is_away = error.connection_invalidated or state.startswith(("08", "57P", "53")) or not state
    if isinstance(error, OperationalError) and is_away and not _is_full(error):
        return DatabaseAwayError(f"the database does not answer ({type(error.orig).__name__} {state}".rstrip() + ")")
    diagnosis = getattr(error.orig, "diag", None)
    parts = [
        type(error.orig).__name__,
        state,
        getattr(diagnosis, "constraint_name", None) or "",
        getattr(diagnosis, "column_name", None) or "",
    ]
    hint = _RIGHTS if state == "42501" else ""
    return DatabaseRefusedError(f"the database refused it ({' '.join(part for part in parts if part)}){hint}")


def _is_full(error: DBAPIError) -> bool:
    return "disk is full" in str(error.orig) or "readonly" in str(error.orig)
