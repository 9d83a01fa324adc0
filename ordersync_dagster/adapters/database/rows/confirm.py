"""Compares a written row with the values that were set: a trigger, a rule or row security may drop or change them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, Table, select, text
from sqlalchemy.types import TypeEngine

from ordersync_dagster.adapters.database.rows.decode import document_of
from ordersync_dagster.adapters.database.rows.encode import Sent, sent
from ordersync_dagster.adapters.database.rows.read import chunks, is_one_of
from ordersync_dagster.adapters.database.schema.column_types import MinorUnits, Money, UtcTime
from ordersync_dagster.core.errors import DatabaseRefusedError
from ordersync_dagster.core.history import RowSnapshot

# Shops' triggers tidy these; other case and other blanks are the same value.
_TIDIED = frozenset({"customer_email", "customer_name", "currency", "name"})


def run_deferred_triggers(connection: Connection) -> None:
    """Triggers that wait for COMMIT run now, so that the rows can be read as they will stay."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def require_as_set(table: Table, values: Mapping[str, Any], now: RowSnapshot | None) -> None:
    """Raise DatabaseRefusedError where the row `now` does not hold `values`; those are by our names.

    Times may differ, and so may columns without a value: shops' triggers often set them.
    """
    if now is None:
        raise DatabaseRefusedError(f"a trigger or a rule of the table {table.name} removed the row")
    names = [column for column in table.columns if column.key in values]
    lost = [column.name for column in names if not _holds(column, now.get(column.name), values)]
    if lost:
        raise _not_kept(table, lost)


def require_gone(connection: Connection, table: Table, ids: Sequence[str]) -> None:
    """Raise DatabaseRefusedError where a deleted row is still there."""
    for chunk in chunks(ids):
        if connection.execute(select(table.c.id).where(is_one_of(table.c.id, chunk, connection)).limit(1)).first():
            raise DatabaseRefusedError(f"a trigger or a rule of the table {table.name} kept a row that was deleted")


def require_restored(table: Table, values: RowSnapshot, now: RowSnapshot) -> None:
    """Raise DatabaseRefusedError where the row `now` does not have its old `values` again; times may differ."""
    kinds = {column.name: column.type for column in table.columns}
    lost = sorted(name for name in values if not _is_restored(kinds.get(name), now.get(name), values[name]))
    if lost:
        raise _not_kept(table, lost)


def _is_restored(kind: TypeEngine[Any] | None, held: object, value: object) -> bool:
    if isinstance(kind, JSON) and held is not None and value is not None:
        return document_of(str(held)) == document_of(str(value))  # jsonb has a spelling of its own
    return isinstance(kind, UtcTime) or held == value


def _not_kept(table: Table, columns: Sequence[str]) -> DatabaseRefusedError:
    names = ", ".join(columns)
    return DatabaseRefusedError(f"a trigger or a rule of the table {table.name} did not keep what was set in {names}")


def _holds(column: Column[Any], held: Any, values: Mapping[str, Any]) -> bool:
    if isinstance(column.type, UtcTime) or values[column.key] is None:
        return True
    (expected,) = sent(column, [values], is_postgres=True)
    if held is None or expected is None:
        return held is expected
    if isinstance(column.type, JSON):
        return _holds_document(held, expected)
    if isinstance(column.type, Integer | Money | MinorUnits):
        return _is_same_number(held, expected)
    return _is_same_text(column.key, str(held), str(expected)) or _is_same_whole_number(held, expected)


def _holds_document(held: object, expected: object) -> bool:
    """A document may have more keys than we set."""
    ours, theirs = (document_of(str(each)).value or {} for each in (expected, held))
    return all(key in theirs and theirs[key] == value for key, value in ours.items())


def _is_same_number(held: object, expected: Sent) -> bool:
    try:
        return Decimal(str(held)) == Decimal(str(expected))
    except InvalidOperation:
        return False


def _is_same_whole_number(held: object, expected: Sent) -> bool:
    """A column of whole numbers gives 71 for the text 071."""
    return isinstance(held, int) and _is_same_number(held, expected)


def _is_same_text(name: str, held: str, expected: str) -> bool:
    if name in _TIDIED:
        return held.casefold().split() == expected.casefold().split()
    return held.rstrip(" ") == expected.rstrip(" ")  # char(n) pads
