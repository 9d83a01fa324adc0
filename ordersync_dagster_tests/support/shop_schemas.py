"""Schemas of shops that were there before us, in plain SQL, and what maps the odd one."""

NARROW = """
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
