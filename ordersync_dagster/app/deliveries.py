"""How a run learns of deliveries, from the settings: by the parcels of Printful's API v2, or not at all."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from ordersync_dagster.adapters.database.journal import runs
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.http.client import RateLimit, RetryPolicy, Traffic
from ordersync_dagster.adapters.printful.parcels import PrintfulParcelsApi
from ordersync_dagster.app.printful import open_access
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.sync.deliveries import Deliveries


class ParcelRecord:
    """`ordersync_parcels` of one shop."""

    def __init__(self, store: DatabaseStore, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    def asked(self) -> Mapping[str, datetime]:
        """When, by Printful id; empty before the first run that makes the table."""
        has_table = "ordersync_parcels" in self._store.tables.own
        return self._store.read(runs.asked_parcels) if has_table else {}

    def remember(self, printful_ids: Collection[str]) -> None:
        """These parcels are on their way now."""
        with self._store.transaction() as connection:
            runs.remember(connection, printful_ids, self._clock(), runs.PARCELS)


def open_deliveries(
    settings: Settings,
    store: DatabaseStore,
    clock: Callable[[], datetime],
    retry_policy: RetryPolicy,
    traffic: Traffic,
    rate_limit: RateLimit,
) -> Deliveries | None:
    """None where `fulfilled` is taken for delivered."""
    if not settings.waits_for_parcels:
        return None
    printful = open_parcels(settings, retry_policy, traffic, rate_limit)
    return Deliveries(printful, ParcelRecord(store, clock), clock)


def open_parcels(
    settings: Settings, retry_policy: RetryPolicy, traffic: Traffic, rate_limit: RateLimit | None = None
) -> PrintfulParcelsApi:
    """Printful's API v2; without `rate_limit` at half the rate, as nobody shares it."""
    return PrintfulParcelsApi(open_access(settings, retry_policy, traffic, rate_limit))
