"""New rows and the ids that the database gave them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table

from ordersync_dagster.adapters.database.journal.redaction import parsed
from ordersync_dagster.adapters.database.journal.row_snapshots import read_snapshots
from ordersync_dagster.adapters.database.rows.build import Row
from ordersync_dagster.core.changes import NewItem
from ordersync_dagster.core.errors import DatabaseRefusedError
from ordersync_dagster.core.orders import item_id

ITEM_KEY = "printful_item_id"  # in an item's metadata


def ids_of_items(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], ids: Collection[str]
) -> list[str]:
    """The id of each of `rows`, which got `ids` in some order; raises DatabaseRefusedError if a trigger changed it."""
    order_id, metadata = table.c["order_id"].name, table.c["metadata"].name
    found = {
        (str(snapshot[order_id]), str(parsed(snapshot[metadata]).get(ITEM_KEY))): row_id
        for row_id, snapshot in read_snapshots(connection, table, ids).items()
    }
    wanted = [(str(row["order_id"]), str(row["metadata"][ITEM_KEY])) for row in rows]
    if found.keys() != set(wanted):
        raise DatabaseRefusedError(f"a trigger of the table {table.name} changes what makes a new row known")
    return [found[key] for key in wanted]


def with_ids(rows: Sequence[Row], ids: Sequence[str | None]) -> list[Row]:
    """The rows that were inserted, with the ids that the database has for them; None for the others."""
    return [{**row, "id": row_id} for row, row_id in zip(rows, ids, strict=True) if row_id is not None]


def named_by(order_id: str, items: Iterable[NewItem]) -> Iterator[NewItem]:
    """The items of an order that has got its number, under the ids that a later run would give them."""
    return (replace(item, id=item_id(order_id, str(item.metadata[ITEM_KEY]))) for item in items)
