"""The grants that a PostgreSQL role needs, and no more: printed for an administrator, and checked before a run."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster.adapters.database.schema.own_tables import VERSION_TABLE, own_tables
from ordersync_dagster.adapters.database.schema.reflection import own_schema
from ordersync_dagster.core.order_fields import CHANGED

UPDATED = (*(field.column for field in CHANGED), "updated_at")  # the columns of orders that our changes set
_OWN_WRITING = {  # all others: SELECT, INSERT, UPDATE
    "ordersync_rate": ("SELECT", "INSERT", "UPDATE", "DELETE"),  # the only table whose rows a run deletes
    "ordersync_audit": ("SELECT", "INSERT"),
    "ordersync_secrets": ("SELECT", "INSERT"),
    "ordersync_erased": ("SELECT",),  # only `forget` writes it, which needs the owner
    VERSION_TABLE: ("SELECT",),
}
_NOT_FOR_READERS = frozenset({"ordersync_rate", "ordersync_secrets"})
_READ_WHOLE = ("orders", "order_items")
_UNDONE = ("orders", "order_items", "order_events")


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege on one object, or only on its `columns`."""

    privilege: str
    kind: str  # TABLE, SCHEMA, SEQUENCE
    schema: str
    name: str
    columns: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """As a message names it."""
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.privilege}{columns} on {self.name or f'schema {self.schema}'}"


def needed_in_shadow(connection: Connection, tables: FittedTables) -> list[Grant]:
    """The grants for a run in shadow mode: our own tables are written, the shop's are read."""
    reading = needed(connection, tables, is_writing=False)
    ours = own_schema(connection) or inspect(connection).default_schema_name or "public"
    own = {*own_tables().tables, VERSION_TABLE}
    return [*(each for each in reading if each.name not in own), *_on_own_tables(ours, is_writing=True)]


def needed(connection: Connection, tables: FittedTables, *, is_writing: bool, is_undoing: bool = False) -> list[Grant]:
    """The grants for a run (`is_writing`), also for an undo (`is_undoing`), or for a dry run alone."""
    default = inspect(connection).default_schema_name or "public"
    ours = own_schema(connection) or default
    places = {name: (table.schema or default, table.name) for name, table in tables.by_name.items()}
    schemas = dict.fromkeys([*(schema for schema, _ in places.values()), ours])
    grants = [Grant("USAGE", "SCHEMA", schema, "") for schema in schemas]
    for name, place in places.items():
        is_read_whole = name in _READ_WHOLE or (is_undoing and name in _UNDONE)
        grants += _on_shop_table(name, place, tables, is_read_whole=is_read_whole, is_writing=is_writing)
        if is_undoing and name in _UNDONE:
            grants.append(Grant("DELETE", "TABLE", *place))
    if is_writing:
        grants += [Grant("USAGE", "SEQUENCE", *found) for found in _sequences(connection, list(places.values()))]
    return [*grants, *_on_own_tables(ours, is_writing=is_writing)]


def _on_shop_table(
    name: str, place: tuple[str, str], tables: FittedTables, *, is_read_whole: bool, is_writing: bool
) -> Iterator[Grant]:
    table = tables.table(name)
    if is_read_whole:
        yield Grant("SELECT", "TABLE", *place)
    elif is_writing:
        yield Grant("SELECT", "TABLE", *place, (table.c["id"].name,))
    if is_writing:
        yield Grant("INSERT", "TABLE", *place)
        if name == "orders":
            yield Grant(
                "UPDATE", "TABLE", *place, tuple(table.c[column].name for column in UPDATED if column in table.c)
            )


def _on_own_tables(schema: str, *, is_writing: bool) -> Iterator[Grant]:
    for name in (*own_tables().tables, VERSION_TABLE):
        if is_writing:
            for privilege in _OWN_WRITING.get(name, ("SELECT", "INSERT", "UPDATE")):
                yield Grant(privilege, "TABLE", schema, name)
        elif name not in _NOT_FOR_READERS:
            yield Grant("SELECT", "TABLE", schema, name)


def _sequences(connection: Connection, places: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The sequences that defaults of these tables' columns use."""
    query = text("""
        SELECT DISTINCT place.nspname, counter.relname
        FROM json_to_recordset(CAST(:places AS json)) AS shop (schema text, name text)
        JOIN pg_namespace AS home ON home.nspname = shop.schema
        JOIN pg_class AS held ON held.relnamespace = home.oid AND held.relname = shop.name
        JOIN pg_attrdef AS preset ON preset.adrelid = held.oid
        JOIN pg_depend AS link ON link.classid = 'pg_attrdef'::regclass AND link.objid = preset.oid
            AND link.refclassid = 'pg_class'::regclass
        JOIN pg_class AS counter ON counter.oid = link.refobjid AND counter.relkind = 'S'
        JOIN pg_namespace AS place ON place.oid = counter.relnamespace
        ORDER BY 1, 2""")
    document = json.dumps([{"schema": schema, "name": name} for schema, name in places])
    return [(str(schema), str(name)) for schema, name in connection.execute(query, {"places": document})]


def missing(connection: Connection, grants: Sequence[Grant]) -> list[Grant]:
    """Those of `grants` that the connected role does not have; an object that does not exist yet needs none."""
    query = text("""
        SELECT g.place
        FROM json_to_recordset(CAST(:grants AS json))
            AS g (place int, privilege text, kind text, schema text, name text, wanted text)
        JOIN pg_namespace AS home ON home.nspname = g.schema
        LEFT JOIN pg_class AS held ON held.relnamespace = home.oid AND held.relname = g.name
        WHERE CASE
            WHEN g.kind = 'SCHEMA' THEN NOT has_schema_privilege(home.oid, g.privilege)
            WHEN held.oid IS NULL THEN false
            WHEN g.kind = 'SEQUENCE' THEN NOT has_sequence_privilege(held.oid, g.privilege)
            WHEN g.wanted IS NULL THEN NOT has_table_privilege(held.oid, g.privilege)
            ELSE NOT has_column_privilege(held.oid, g.wanted, g.privilege)
        END""")
    asked = [
        {"place": place, "privilege": g.privilege, "kind": g.kind, "schema": g.schema, "name": g.name, "wanted": column}
        for place, g in enumerate(grants)
        for column in (g.columns or (None,))
    ]
    lacking = set(connection.execute(query, {"grants": json.dumps(asked)}).scalars())
    return [grant for place, grant in enumerate(grants) if place in lacking]


def statements(connection: Connection, grants: Iterable[Grant], role: str) -> list[str]:
    """The GRANT statements, one for each object."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    by_thing: dict[str, list[str]] = {}
    for grant in grants:
        name = ".".join(quote(part) for part in (grant.schema, grant.name) if part)
        thing = name if grant.kind == "TABLE" else f"{grant.kind} {name}"
        columns = f" ({', '.join(map(quote, grant.columns))})" if grant.columns else ""
        by_thing.setdefault(thing, []).append(f"{grant.privilege}{columns}")
    return [f"GRANT {', '.join(privileges)} ON {thing} TO {quote(role)};" for thing, privileges in by_thing.items()]
