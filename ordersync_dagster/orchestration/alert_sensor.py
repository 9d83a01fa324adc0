"""The sensor `alerts` of a shop: sends news, whether Dagster, the command or a CronJob found it."""

import dagster as dg

from ordersync_dagster.app.alerts import Alerts
from ordersync_dagster.core.errors import OrderSyncError
from ordersync_dagster.orchestration.names import ShopNames
from ordersync_dagster.orchestration.resources import NamedShop, ShopResource
from ordersync_dagster.orchestration.run_events import unexpected


def alert_people(names: ShopNames) -> dg.SensorDefinition:
    """The sensor of a shop."""

    @dg.sensor(
        name=names.of("alerts"),
        minimum_interval_seconds=120,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends alerts to the sinks of ORDERSYNC_ALERT_URLS: new problems, a failed run, no successful run "
        "for ORDERSYNC_SILENCE_HOURS, and that each is over. Without that setting it does nothing, so it is on from "
        "the start.",
    )
    def of_shop(shop: ShopResource) -> dg.SkipReason:
        return _send(shop.shop(names.shop))

    return of_shop


def _send(shop: NamedShop) -> dg.SkipReason:
    """Send news once."""
    try:
        source = Alerts(shop.settings(), shop.tools)
        if not source.is_wanted:
            return dg.SkipReason(shop.in_words("ORDERSYNC_ALERT_URLS is not set, so nobody is told anything."))
        deliveries = source.tell()
    except OrderSyncError as error:
        return dg.SkipReason(shop.in_words(f"No alert was sent: {error}"))
    except Exception as error:  # noqa: BLE001  # Dagster must not keep its text (secrets)
        return dg.SkipReason(f"No alert was sent: {unexpected(error)}")
    told = [f"{each.sink} was told: {each.message.title}" for each in deliveries if each.message and each.is_sent]
    warnings = [shop.in_words(each.warning) for each in deliveries if each.warning]
    return dg.SkipReason(" ".join([*told, *warnings]) or "Nothing new.")
