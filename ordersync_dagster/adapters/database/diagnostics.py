"""Facts about an open database and about our role there, for the doctor."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.open_shop import OpenDatabase, no_writes, reading_from
from ordersync_dagster.adapters.database.schema import create, grants
from ordersync_dagster.adapters.database.schema.column_types import UtcTime
from ordersync_dagster.adapters.database.schema.fitted import FittedTables


@dataclass(frozen=True, slots=True)
class Role:
    """Our role on PostgreSQL."""

    name: str
    rights: tuple[str, ...]  # the needed grants that it has, by table
    lacking: tuple[str, ...]  # grants that a writing run needs and that it has not
    may_do_everything: bool  # a superuser, or the owner of the orders


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """`role` is None on SQLite; `is_wal` and `disk` are None on PostgreSQL."""

    server: str
    has_own_tables: bool
    role: Role | None = None
    no_writes: str = ""  # why it takes none
    time_zone: str = "UTC"
    naive_times: tuple[str, ...] = ()
    is_wal: bool | None = None
    disk: tuple[int, int] | None = None  # bytes free beside the SQLite file, and the file's size

    @property
    def may_store_local_time(self) -> bool:
        """Whether the shop may write local time into columns where we write UTC."""
        return bool(self.naive_times) and self.time_zone.upper() not in ("UTC", "ETC/UTC", "GMT", "ETC/GMT", "ZULU")


def diagnose(database: OpenDatabase, path: Path | None) -> Diagnostics:
    """Reads the facts; `path` is the file of an SQLite database."""
    with reading_from(database.engine) as reading:
        has_own_tables = create.is_current(reading)
        if path is not None:
            version = reading.execute(text("SELECT sqlite_version()")).scalar()
            disk = shutil.disk_usage(path.parent).free, path.stat().st_size
            return Diagnostics(
                f"SQLite {version}",
                has_own_tables,
                no_writes=no_writes(reading, path),
                is_wal=connection.is_wal(path),
                disk=disk,
            )
        return _postgres_diagnostics(reading, database.store.tables, has_own_tables=has_own_tables)


def _postgres_diagnostics(reading: Connection, tables: FittedTables, *, has_own_tables: bool) -> Diagnostics:
    query = text("SELECT current_setting('server_version'), current_setting('TimeZone')")
    version, time_zone = reading.execute(query).one()
    times = [column for column in tables.table("orders").columns if isinstance(column.type, UtcTime)]
    return Diagnostics(
        f"PostgreSQL {str(version).split()[0]}",
        has_own_tables,
        _role(reading, tables),
        no_writes(reading, None),
        str(time_zone),
        tuple(column.name for column in times if isinstance(column.type, UtcTime) and not column.type.has_zone),
    )


def _role(reading: Connection, tables: FittedTables) -> Role:
    wanted = grants.needed(reading, tables, is_writing=True)
    lacking = grants.missing(reading, wanted)
    rights: dict[str, list[str]] = {}
    for grant in wanted:
        if grant.kind == "TABLE" and grant not in lacking and not grant.name.startswith("ordersync_"):
            rights.setdefault(grant.name, []).append(grant.privilege)
    orders = tables.table("orders")
    query = text(
        "SELECT current_user, role.rolsuper OR coalesce((SELECT bool_or(pg_has_role(held.relowner, 'USAGE'))"
        " FROM pg_class AS held JOIN pg_namespace AS home ON home.oid = held.relnamespace"
        " WHERE held.relname = :name AND home.nspname = coalesce(:schema, current_schema())), false)"
        " FROM pg_roles AS role WHERE role.rolname = current_user"
    )
    name, may_do_everything = reading.execute(query, {"name": orders.name, "schema": orders.schema}).one()
    return Role(
        str(name),
        tuple(f"{table} {', '.join(privileges)}" for table, privileges in rights.items()),
        tuple(grant.shown for grant in lacking),
        bool(may_do_everything),
    )
