"""What PostgreSQL lets a table have, and what our statements cannot go with: rules, deferrable keys, hidden rows."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, Row, text

from ordersync_dagster.adapters.database.schema.reflection import FoundTable

# In a log of the shop's we only insert, without ON CONFLICT: a rule may keep its rows as they are.
LOGS = ("order_events", "audit_logs")
# A policy that depends on no column of its table shows all rows or none.
_QUERY = """
SELECT ARRAY(SELECT rulename FROM pg_rewrite
        WHERE ev_class = held.oid AND ev_type IN ('2', '3') AND held.relkind NOT IN ('v', 'm')) AS rules,
    ARRAY(SELECT rulename FROM pg_rewrite
        WHERE ev_class = held.oid AND ev_type = '3' AND held.relkind NOT IN ('v', 'm')) AS insert_rules,
    ARRAY(SELECT named.relname FROM pg_index AS key JOIN pg_class AS named ON named.oid = key.indexrelid
        WHERE key.indrelid = held.oid AND NOT key.indimmediate) AS deferrable,
    row_security_active(held.oid) AND (
        EXISTS (SELECT FROM reading WHERE table_id = held.oid AND NOT polpermissive)
        OR NOT EXISTS (SELECT FROM reading WHERE table_id = held.oid AND polpermissive AND NOT names_columns)
    ) AS hides_rows
FROM pg_class AS held JOIN pg_namespace AS home ON home.oid = held.relnamespace
WHERE held.relname = :name AND home.nspname = coalesce(:schema, current_schema())"""
_READING = """
WITH reading AS (
    SELECT polrelid AS table_id, polpermissive, EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_policy'::regclass
        AND objid = policy.oid AND refobjid = polrelid AND refobjsubid > 0) AS names_columns
    FROM pg_policy AS policy WHERE polcmd IN ('r', '*') AND EXISTS (
        SELECT FROM unnest(polroles) AS role WHERE role = 0 OR pg_has_role(role, 'USAGE')))"""


def obstacles(connection: Connection, found: Mapping[str, FoundTable]) -> Iterator[str]:
    """Why PostgreSQL refuses our INSERT for every row of a table, and the fix."""
    for name, table in found.items():
        held = _held(connection, table)
        if held is None:
            continue
        is_log = name in LOGS
        if rules := held.insert_rules if is_log else held.rules:
            refused = "INSERT of ours" if is_log else "INSERT … ON CONFLICT"
            yield (
                f"{table.name} has the rule {', '.join(rules)} (CREATE RULE), with which PostgreSQL takes no "
                f"{refused}: make it a trigger"
            )
        if held.deferrable and not is_log:
            yield (
                f"{table.name} has the deferrable key {', '.join(held.deferrable)}, with which PostgreSQL takes no "
                "INSERT … ON CONFLICT: make it NOT DEFERRABLE"
            )


def hidden_rows(connection: Connection, found: Mapping[str, FoundTable]) -> tuple[str, ...]:
    """A sentence for each table of which row level security may hide rows from our role."""
    return tuple(
        f"Row level security may hide rows of {table.name} from this role: an order that is hidden looks lost. "
        "Give the database role BYPASSRLS, or make sure that a policy shows it all orders of this shop."
        for name in ("orders", "order_items")
        if (table := found[name]) and (held := _held(connection, table)) and held.hides_rows
    )


def _held(connection: Connection, table: FoundTable) -> Row[tuple[list[str], list[str], list[str], bool]] | None:
    if connection.dialect.name != "postgresql":
        return None
    return connection.execute(text(_READING + _QUERY), {"name": table.name, "schema": table.schema}).first()
