"""Many new rows in one statement; the keys of the rows that it inserted."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Table, select, text

from ordersync_dagster.adapters.database.rows.encode import Sent, Values, literals, quoted, sent
from ordersync_dagster.adapters.database.rows.read import chunks
from ordersync_dagster.adapters.database.schema.reflection import own_schema
from ordersync_dagster.core.errors import DatabaseRefusedError

ROWS_PER_STATEMENT = 1000  # a few MB


def insert_new(connection: Connection, table: Table, rows: Sequence[Values], key: str) -> set[str]:
    """Insert the rows whose `key` is not in the table yet, and return the keys of these.

    Raises DatabaseRefusedError where another unique key or a trigger keeps a row out.
    """
    ours: set[str] = set()
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        ours |= NewRows(connection, table, rows[start : start + ROWS_PER_STATEMENT]).insert(key)
    return ours


class NewRows:
    """Rows of one statement, encoded once: the table's columns alone, amounts as the table holds them."""

    def __init__(self, connection: Connection, table: Table, rows: Sequence[Values]) -> None:
        self._connection, self.table, self.rows = connection, table, rows
        is_postgres = connection.dialect.name == "postgresql"
        self.sent = {column.key: sent(column, rows, is_postgres=is_postgres) for column in table.columns}

    def insert(self, key: str) -> set[str]:
        """As `insert_new`."""
        return (self._postgres if self._connection.dialect.name == "postgresql" else self._sqlite)(key)

    def _postgres(self, key: str) -> set[str]:
        """Two JSON texts, unpacked by the server into the table's own row type, whatever types the shop chose.

        The first is a whole row; the second has of every row the columns in which they differ. As fast as COPY into a
        temporary table, without the right to make one. https://www.postgresql.org/docs/current/functions-json.html
        """
        columns, target, given = (
            name.replace(":", r"\:") for name in (self._columns(), self._target(), self._quote(self.table.c[key].name))
        )
        statement = text(
            f"WITH new AS (INSERT INTO {target} ({columns}) SELECT {columns} FROM json_populate_recordset("  # noqa: S608  # quoted
            f"json_populate_record(NULL::{target}, CAST(:first AS json)), CAST(:rows AS json)) "
            f"ON CONFLICT DO NOTHING RETURNING CAST({given} AS text) AS given) SELECT array_agg(given) FROM new"
        )
        varying = [name for name, values in self.sent.items() if values.count(values[0]) < len(values)]
        first, rest = self._objects(self.sent, 1), self._objects({key, *varying}, len(self.rows))
        documents = {"first": first[0], "rows": f"[{','.join(rest)}]"}
        ours = set(self._connection.execute(statement, documents).scalar() or ())
        left = {row[key] for row in self.rows} - ours
        if left - self._known(key, left):
            raise self._kept_out()
        return ours

    def _objects(self, keys: Collection[str], count: int) -> list[str]:
        """The first `count` rows as JSON, by the shop's names."""
        columns = [column for column in self.table.columns if column.key in keys]
        template = ",".join(f"{quoted(column.name).replace('%', '%%')}:%s" for column in columns)
        texts = zip(*(literals(column, self.sent[column.key][:count]) for column in columns), strict=True)
        return list(map(f"{{{template}}}".__mod__, texts))

    def _sqlite(self, key: str) -> set[str]:
        """Looks up the keys first; they stay true until the insert, because we hold the only write lock."""
        known = self._known(key, [row[key] for row in self.rows])
        places = {row[key]: place for place, row in enumerate(self.rows) if row[key] not in known}
        lines = list(zip(*self.sent.values(), strict=True))
        fresh: list[tuple[Sent, ...]] = [lines[place] for place in places.values()]
        if fresh:
            marks = ", ".join("?" * len(self.sent))
            statement = f"INSERT INTO {self._target()} ({self._columns()}) VALUES ({marks})"  # noqa: S608  # quoted
            if self._connection.exec_driver_sql(statement, fresh).rowcount != len(fresh):
                raise self._kept_out()
        return set(places)

    def _known(self, key: str, values: Collection[str]) -> set[str]:
        """The `values` that are in the column `key`."""
        column = self.table.c[key]
        known: set[str] = set()
        for chunk in chunks(list(values)):
            known.update(self._connection.execute(select(column).where(column.in_(chunk))).scalars())
        return known

    def _columns(self) -> str:
        return ", ".join(self._quote(column.name) for column in self.table.columns)

    def _target(self) -> str:
        """The table's name, quoted; without a schema of its own it is in the engine's default one."""
        schema = self.table.schema or own_schema(self._connection)
        return ".".join(self._quote(part) for part in (schema, self.table.name) if part)

    def _quote(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote(name)

    def _kept_out(self) -> DatabaseRefusedError:
        name = self.table.name
        return DatabaseRefusedError(f"another unique key of the table {name}, or a trigger, keeps the new row out")
