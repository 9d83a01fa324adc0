"""Many new rows in one statement; the ids of the rows that it inserted."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, select, text

from ordersync_dagster.adapters.database.rows.encode import Sent, Values, literals, quoted, sent
from ordersync_dagster.adapters.database.rows.read import chunks
from ordersync_dagster.adapters.database.schema.keys import is_given
from ordersync_dagster.adapters.database.schema.reflection import own_schema
from ordersync_dagster.adapters.database.schema.shop_values import default_if_empty
from ordersync_dagster.core.errors import DatabaseRefusedError

ROWS_PER_STATEMENT = 1000  # a few MB
LEAVE_OUT = "ON CONFLICT DO NOTHING"


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Values], key: str, on_conflict: str = LEAVE_OUT
) -> list[str | None]:
    """Insert the rows whose `key` is not in the table yet; as `NewRows.insert`.

    Raises DatabaseRefusedError where another unique key or a trigger keeps a row out.
    """
    ids: list[str | None] = []
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        ids += NewRows(connection, table, rows[start : start + ROWS_PER_STATEMENT], on_conflict).insert(key)
    return ids


def insert_in_log(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Add the rows to a log of the shop's, all of them new.

    Without ON CONFLICT, which PostgreSQL refuses where a rule keeps the rows of a log from being changed.
    Raises sqlalchemy.exc.IntegrityError or DatabaseRefusedError where a row cannot be added.
    """
    if None in insert_new(connection, table, rows, "id", on_conflict=""):
        raise DatabaseRefusedError(f"the table {table.name} has an entry with the same id already")


class NewRows:
    """Rows of one statement, encoded once: the table's columns alone, amounts as the table holds them.

    Where the database gives the ids, these are left out.
    """

    def __init__(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Values],
        on_conflict: str = LEAVE_OUT,
    ) -> None:
        self._connection, self.table, self.rows, self._on_conflict = connection, table, rows, on_conflict
        is_postgres = connection.dialect.name == "postgresql"
        self._written = [column for column in table.columns if not is_given(column)]
        self.sent = {column.key: sent(column, rows, is_postgres=is_postgres) for column in self._written}

    def insert(self, key: str) -> list[str | None]:
        """The id of each row, None where its `key` was in the table already.

        With the key "id" in a table where the database gives the ids, every row is new, and their ids may come in
        another order.
        """
        return (self._postgres if self._connection.dialect.name == "postgresql" else self._sqlite)(key)

    def _postgres(self, key: str) -> list[str | None]:
        """Two JSON texts, unpacked by the server into the table's own row type, whatever types the shop chose.

        The first is a whole row; the second has of every row the columns in which they differ. As fast as COPY into a
        temporary table, without the right to make one. https://www.postgresql.org/docs/current/functions-json.html
        """
        columns, values, target, given, row_id = (
            name.replace(":", r"\:")
            for name in (
                self._columns(),
                ", ".join(map(self._or_default, self._written)),
                self._target(),
                *(self._quote(self.table.c[each].name) for each in (key, "id")),
            )
        )
        statement = text(
            f"WITH new AS (INSERT INTO {target} ({columns}) SELECT {values} FROM json_populate_recordset("  # noqa: S608  # quoted
            f"json_populate_record(NULL::{target}, CAST(:first AS json)), CAST(:rows AS json)) {self._on_conflict} "
            f"RETURNING CAST({given} AS text) AS given, CAST({row_id} AS text) AS row_id) "
            "SELECT array_agg(given), array_agg(row_id) FROM new"
        )
        varying = [name for name, values in self.sent.items() if values.count(values[0]) < len(values)]
        first, rest = self._objects(self.sent, 1), self._objects({key, *varying}, len(self.rows))
        documents = {"first": first[0], "rows": f"[{','.join(rest)}]"}
        keys, ids = (found or () for found in self._connection.execute(statement, documents).one())
        if is_given(self.table.c[key]):
            return self._all(ids)
        ours: dict[str, str] = dict(zip(keys, ids, strict=True))
        left = {row[key] for row in self.rows} - ours.keys()
        if left - self._known(key, left):
            raise self._kept_out()
        return [ours.get(row[key]) for row in self.rows]

    def _all(self, ids: Sequence[str]) -> list[str | None]:
        if len(ids) != len(self.rows):
            raise self._kept_out()
        return list(ids)

    def _objects(self, keys: Collection[str], count: int) -> list[str]:
        """The first `count` rows as JSON, by the shop's names."""
        columns = [column for column in self._written if column.key in keys]
        if not columns:  # equal rows that the database numbers
            return ["{}"] * count
        template = ",".join(f"{quoted(column.name).replace('%', '%%')}:%s" for column in columns)
        texts = zip(*(literals(column, self.sent[column.key][:count]) for column in columns), strict=True)
        return list(map(f"{{{template}}}".__mod__, texts))

    def _sqlite(self, key: str) -> list[str | None]:
        """Looks up the keys first; they stay true until the insert, because we hold the only write lock."""
        lines: list[tuple[Sent, ...]] = list(zip(*self.sent.values(), strict=True))
        if is_given(self.table.c[key]):
            return self._all(self._numbered(lines))
        known = self._known(key, [row[key] for row in self.rows])
        places = {row[key]: place for place, row in enumerate(self.rows) if row[key] not in known}
        fresh = [lines[place] for place in places.values()]
        ids: list[str | None] = [None] * len(self.rows)
        if fresh:
            given = self._numbered(fresh) if is_given(self.table.c["id"]) else self._named(fresh, places.values())
            for place, row_id in zip(places.values(), given, strict=True):
                ids[place] = row_id
        return ids

    def _named(self, lines: list[tuple[Sent, ...]], places: Iterable[int]) -> list[str]:
        if self._connection.exec_driver_sql(self._insert_one(), lines).rowcount != len(lines):
            raise self._kept_out()
        return [str(self.rows[place]["id"]) for place in places]

    def _numbered(self, lines: Iterable[tuple[Sent, ...]]) -> list[str]:
        """One statement a row, because only so SQLite says its number."""
        statement, ids = self._insert_one(), []
        for line in lines:
            result = self._connection.exec_driver_sql(statement, line)
            if result.rowcount != 1:
                raise self._kept_out()
            ids.append(str(result.lastrowid))
        return ids

    def _insert_one(self) -> str:
        marks = ", ".join(self._or_default(column, "?") for column in self._written)
        return f"INSERT INTO {self._target()} ({self._columns()}) VALUES ({marks})"  # noqa: S608  # quoted

    def _known(self, key: str, values: Collection[str]) -> set[str]:
        """The `values` that are in the column `key`."""
        column = self.table.c[key]
        known: set[str] = set()
        for chunk in chunks(list(values)):
            known.update(self._connection.execute(select(column).where(column.in_(chunk))).scalars())
        return known

    def _columns(self) -> str:
        return ", ".join(self._quote(column.name) for column in self._written)

    def _or_default(self, column: Column[Any], value: str = "") -> str:
        value, default = value or self._quote(column.name), default_if_empty(column)
        return value if default is None else f"COALESCE({value}, {default})"

    def _target(self) -> str:
        """The table's name, quoted; without a schema of its own it is in the engine's default one."""
        schema = self.table.schema or own_schema(self._connection)
        return ".".join(self._quote(part) for part in (schema, self.table.name) if part)

    def _quote(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote(name)

    def _kept_out(self) -> DatabaseRefusedError:
        name = self.table.name
        return DatabaseRefusedError(f"another unique key of the table {name}, or a trigger, keeps the new row out")
