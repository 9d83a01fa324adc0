"""Stripe's events beside the shop's orders: for the sensor, and for the health of the webhook."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.journal import runs
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.adapters.stripe.api import StripeApi
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, database_url, open_stripe, session_rules
from ordersync_dagster.core.orders import Order, Status
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.window import Window


@dataclass(frozen=True, slots=True)
class Watch:
    """Stripe's events and the shop's orders, read only, for the sensor."""

    stripe: StripeApi
    store: DatabaseStore
    rules: SessionRules

    def events(self, since: int, until: int) -> Iterator[object]:
        """Events of paid checkouts in [since, until), Unix seconds."""
        return self.stripe.events(since, until)

    def erased(self, orders: Collection[Order]) -> frozenset[str]:
        """The sessions of those of `orders` whose customer was erased: they get no order any more."""
        return self.store.erased([each.session_id for each in orders], orders)

    def ended_runs(self, since: datetime) -> list[tuple[datetime, Window]]:
        """Start and window of each run that began at or after `since` and came to its end."""
        has_runs = self.store.tables.has_own_tables
        return self.store.read(partial(runs.ended_since, since=since)) if has_runs else []

    @property
    def ahead(self) -> timedelta:
        """How far Stripe's clock is ahead of ours, once there was an answer."""
        return self.stripe.ahead

    def without_order(self, session_ids: Collection[str]) -> set[str]:
        """Those of `session_ids` that have no order, or one that does not know that it is paid; no erased ones."""
        found = self.store.orders_of_sessions(session_ids)
        paid = {order.session_id for order in found if order.status != Status.PENDING}
        pending = {order.session_id for order in found} - paid
        return set(session_ids) - paid - (self.store.erased(session_ids) - pending)


def open_watch(settings: Settings, tools: Tools = Tools()) -> Watch:
    """Open a Watch; raises UsageError where the settings do not allow it."""
    url = database_url(settings, "STRIPE_SECRET_KEY")
    stripe = open_stripe(settings, tools.retry_policy, Traffic())
    store = open_shop.open_for_reading(url, tools.clock, settings.layout).store
    store.hash_key = settings.hash_key
    return Watch(stripe, store, session_rules(settings, tools.clock()))
