"""A store on a database, plans to apply to it, and a shop that was there before us."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.schema.fitted import read_shape
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.changes import AddItems, Change, InsertOrder, NewItem, OrderUpdate, SetStatus
from ordersync_dagster.core.orders import Order, Status, StoredOrder, item_id
from ordersync_dagster.core.plan import Plan
from ordersync_dagster_tests.support.clock import NOW

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
        shape = read_shape(reading)
    yield DatabaseStore(engine, shape, connection.sqlite_path(place), lambda: now), engine
    engine.dispose()


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


EXISTING_SHOP = """
CREATE TABLE users (id text PRIMARY KEY);
CREATE TABLE orders (
    id text PRIMARY KEY,
    user_id text REFERENCES users (id),
    stripe_session_id varchar(255) NOT NULL UNIQUE,
    stripe_payment_intent_id text,
    printful_order_id text,
    status varchar(20) NOT NULL DEFAULT 'pending',
    customer_email text NOT NULL,
    customer_name text,
    total_amount numeric(10,2) NOT NULL,
    currency varchar(3) NOT NULL DEFAULT 'usd',
    tracking_number text,
    tracking_url text,
    shipping_address jsonb,
    metadata jsonb,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE order_items (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    printful_product_id text NOT NULL,
    printful_variant_id text NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL,
    price numeric(10,2) NOT NULL,
    image_url text,
    metadata text,
    created_at timestamp NOT NULL DEFAULT now()
);
CREATE TABLE order_events (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    event_type text NOT NULL,
    status text NOT NULL,
    message text,
    metadata jsonb,
    created_at timestamp NOT NULL DEFAULT now()
);
CREATE TABLE audit_logs (
    id text PRIMARY KEY,
    user_id text REFERENCES users (id),
    action text NOT NULL,
    resource text NOT NULL,
    resource_id text,
    changes_before jsonb,
    changes_after jsonb,
    metadata jsonb,
    created_at timestamp NOT NULL DEFAULT now()
);
"""
"""A PostgreSQL shop with narrow money, both kinds of time and JSON, and columns that we do not know."""
