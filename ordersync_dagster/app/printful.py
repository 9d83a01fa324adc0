"""Settings → the access to Printful that both of its readers share."""

from ordersync_dagster.adapters.http.client import GuardedSession, RateLimit, RetryPolicy, Traffic
from ordersync_dagster.adapters.printful.access import PrintfulAccess
from ordersync_dagster.app.rate_limits import local_rate_limits
from ordersync_dagster.app.settings import Settings


def open_access(
    settings: Settings, retry_policy: RetryPolicy, traffic: Traffic, rate_limit: RateLimit | None = None
) -> PrintfulAccess:
    """Printful counts by token, so all requests share `rate_limit`; without it half the rate, as nobody shares it."""
    return PrintfulAccess(
        settings.printful_key,
        settings.printful_api_base,
        GuardedSession(rate_limit or local_rate_limits(settings).printful, traffic, settings.ordersync_ca_bundle),
        retry_policy,
        traffic,
        settings.printful_store_id,
    )
