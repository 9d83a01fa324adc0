"""A store on a database, plans to apply to it, and a shop that was there before us."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.schema.fitted import read_fitted_tables
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.changes import (
    AddItems,
    Change,
    FillFields,
    InsertOrder,
    NewItem,
    OrderUpdate,
    SetStatus,
    SetTracking,
)
from ordersync_dagster.core.orders import Order, Status, StoredOrder, item_id
from ordersync_dagster.core.plan import Plan
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database

ADDRESS = {
    "name": "Ada Example", "line1": "1 Pier Road", "line2": None, "city": "Harbour", "state": None,
    "postal_code": "10115", "country": "DE",
}  # fmt: skip


@contextmanager
def opened(url: str, now: datetime = NOW) -> Iterator[tuple[DatabaseStore, Engine]]:
    """A store on `url` whose clock stands still, and its engine."""
    place = connection.parse_url(url)
    engine = connection.open_read_write(place)
    with engine.connect() as reading:
        tables = read_fitted_tables(reading)
    yield DatabaseStore(engine, tables, connection.sqlite_path(place), lambda: now), engine
    engine.dispose()


def lose_next_answer(engine: Engine, monkeypatch: pytest.MonkeyPatch, *, is_committed: bool) -> None:
    """The next COMMIT raises as if the connection had broken, after or before it took place."""
    commit = engine.dialect.do_commit
    is_lost: list[bool] = []

    def broken(connection: Any) -> None:
        if is_lost:
            return commit(connection)
        is_lost.append(True)
        (commit if is_committed else engine.dialect.do_rollback)(connection)
        if not isinstance(connection.dbapi_connection, sqlite3.Connection):
            connection.dbapi_connection.close()
        raise engine.dialect.loaded_dbapi.OperationalError("the connection is closed")

    monkeypatch.setattr(engine.dialect, "do_commit", broken)


def order(number: int = 1, **changes: Any) -> Order:
    """A paid order of a day ago."""
    made = Order(
        session_id=f"cs_test_{number}",
        payment_intent_id=f"pi_{number}",
        printful_order_id=None,
        status=Status.PROCESSING,
        customer_email="ada.example@example.com",
        customer_name="Ada Example",
        total=Decimal("19.99"),
        currency="usd",
        shipping_address=ADDRESS,
        metadata={"kind": "print", "note": "leave at 1 Pier Road"},
        created=NOW - timedelta(days=1),
    )
    return replace(made, **changes)


def inserting(*orders: Order) -> Plan:
    """The plan that adds these."""
    return Plan(inserts=tuple(InsertOrder(each) for each in orders))


def changing(seen: StoredOrder, *changes: Change) -> Plan:
    """The plan that changes one order."""
    return Plan(updates=(OrderUpdate(seen, changes),))


def stored(store: DatabaseStore, number: int = 1) -> StoredOrder:
    """An order as the store reads it now."""
    (found,) = store.orders_of_sessions([f"cs_test_{number}"])
    return found


def new_item(of: StoredOrder, number: int = 1, **changes: Any) -> NewItem:
    """An item that Printful makes."""
    made = NewItem(
        id=item_id(of.id, str(number)),
        product_id="71",
        variant_id="4011",
        name="Field Notes tee - S",
        quantity=2,
        price=Decimal("26.00"),
        image_url="https://files.example.com/tee.jpg",
        metadata={"printful_item_id": str(number), "sync_variant_id": None, "price_source": "retail_price"},
    )
    return replace(made, **changes)


SHIPPED = SetStatus("processing", "shipped", "partial")


def adding(*items: NewItem) -> AddItems:
    """The change that adds these items."""
    return AddItems(items)


PARCELS = ({"id": "1", "tracking_number": "1Z"},)


def write_some(database: Database) -> None:
    """Two inserts, an update with items, and a completion."""
    with opened(database.url) as (store, _):
        store.apply(inserting(order(1), order(2, customer_name=None, shipping_address=None)), "run1")
        seen = stored(store)
        changes = SHIPPED, SetTracking("1Z", None, PARCELS), adding(new_item(seen, 1), new_item(seen, 2))
        store.apply(changing(seen, *changes), "run2")
        fill = FillFields({"customer_name": "Ada Example", "shipping_address": ADDRESS})
        store.apply(Plan(completions=changing(stored(store, 2), fill).updates), "run2")
