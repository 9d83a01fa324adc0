"""Fills a shop's tables as its own web application would, for the sandbox and for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from ordersync_dagster.adapters.database.schema.fitted import read_fitted_tables

ROWS_PER_INSERT = 400


def insert_rows(engine: Engine, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Insert `rows` by table name; naive times are UTC."""
    with engine.begin() as connection:
        tables = read_fitted_tables(connection)
        for name, records in rows.items():
            table = tables.table(name)
            fitted = [{column: _aware(value) for column, value in record.items()} for record in records]
            for start in range(0, len(fitted), ROWS_PER_INSERT):
                connection.execute(table.insert(), fitted[start : start + ROWS_PER_INSERT])
    engine.dispose()


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
