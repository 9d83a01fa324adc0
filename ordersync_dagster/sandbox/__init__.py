"""A pretend shop over real HTTP, in the formats of Stripe and Printful, for trials and tests."""

from ordersync_dagster.sandbox.server.app import Recorded
from ordersync_dagster.sandbox.server.faults import Fault, Faults
from ordersync_dagster.sandbox.server.server import Sandbox, serve
from ordersync_dagster.sandbox.vendors.keys import PRINTFUL_KEY, RESTRICTED_KEY, STORE_ID, STRIPE_KEY
from ordersync_dagster.sandbox.world.payments import INVOICE, dispute, invoice_payment, refund
from ordersync_dagster.sandbox.world.printful_orders import printful_item, printful_order, shipment
from ordersync_dagster.sandbox.world.scenarios import SCENARIOS, build
from ordersync_dagster.sandbox.world.sessions import ABSENT, checkout_session, customer_details, line_item
from ordersync_dagster.sandbox.world.world import ShopRows, World

__all__ = [
    "ABSENT", "INVOICE", "PRINTFUL_KEY", "RESTRICTED_KEY", "SCENARIOS", "STORE_ID", "STRIPE_KEY", "Fault", "Faults",
    "Recorded", "Sandbox", "ShopRows", "World", "build", "checkout_session", "customer_details", "dispute",
    "invoice_payment", "line_item", "printful_item", "printful_order", "refund", "serve", "shipment",
]  # fmt: skip
