"""Descriptions of the assets' columns, for the assets' pages. A mapped table has other names than these."""

from collections.abc import Mapping

import dagster as dg

_STRIPE_SESSIONS = (
    ("id", "text", "Stripe's id of the Checkout Session, cs_…"),
    ("created", "timestamp", "When the checkout began, in UTC; it decides the day."),
    ("payment_status", "text", "Only a session that is paid becomes an order."),
    ("amount_total", "integer", "What the customer pays, in the smallest unit of the currency (cents)."),
    ("currency", "text", "Three letters, lower case."),
    ("payment_intent", "text", "Stripe's id of the payment; one payment is one order."),
    ("metadata", "json", "What the shop keeps with the session."),
)
_ORDERS = (
    ("id", "text", "The shop's id of the order; of a recovered one it is made from the session's id."),
    ("stripe_session_id", "text", "The Checkout Session that paid the order; unique."),
    ("stripe_payment_intent_id", "text", "The payment at Stripe; completed where it is empty."),
    ("printful_order_id", "text", "The order at Printful; empty if the shop did not send it, or if that is not known."),
    ("status", "text", "pending, processing, shipped, delivered, completed, failed, refunded, returned or cancelled."),
    ("customer_email", "text", "The customer's address. Dagster never keeps its value."),
    ("customer_name", "text", "Completed where it is empty. Dagster never keeps its value."),
    ("total_amount", "numeric", "What the customer paid, in the currency's own unit; never changed after the insert."),
    ("currency", "text", "Three letters, lower case as Stripe sends it."),
    ("tracking_number", "text", "Of one parcel, from Printful; metadata has all of them."),
    ("tracking_url", "text", "Where the carrier shows that parcel."),
    ("shipping_address", "json", "Completed where it is empty. Dagster never keeps its value."),
    ("metadata", "json", "The session's, and all parcels as printful_shipments."),
    ("created_at", "timestamp", "When the checkout began, in UTC."),
    ("updated_at", "timestamp", "When the row was last written, in UTC."),
)
_PRINTFUL_ORDERS = (
    ("id", "text", "Printful's number of the order."),
    ("external_id", "text", "The number that the shop gave the order at Printful."),
    ("status", "text", "Printful's word, such as inprocess or fulfilled; it decides the shop's status."),
    ("shipments", "json", "The parcels with their tracking numbers."),
    ("items", "json", "What Printful makes for the order."),
)
_ORDER_ITEMS = (
    ("id", "text", "The shop's id of the item; of an added one it is made from the order and Printful's item."),
    ("order_id", "text", "The order that the item belongs to."),
    ("printful_product_id", "text", "The product in Printful's catalog."),
    ("printful_variant_id", "text", "The variant (size, color) in Printful's catalog."),
    ("name", "text", "As Printful names the item."),
    ("quantity", "integer", "How many pieces."),
    ("price", "numeric", "For one piece; metadata has price_source where the price is not the customer's."),
    ("image_url", "text", "A picture of the item."),
    ("metadata", "json", "Printful's ids of the item, and where its price comes from."),
    ("created_at", "timestamp", "When the row was written, in UTC."),
)
COLUMNS: Mapping[str, tuple[dg.TableColumn, ...]] = {
    name: tuple(dg.TableColumn(column, kind, description) for column, kind, description in columns)
    for name, columns in (
        ("stripe_sessions", _STRIPE_SESSIONS),
        ("orders", _ORDERS),
        ("printful_orders", _PRINTFUL_ORDERS),
        ("order_items", _ORDER_ITEMS),
    )
}
