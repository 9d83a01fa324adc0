"""The two vendors' readers, pointed at whatever server a test has."""

from typing import Any

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.adapters.stripe.api import StripeApi
from ordersync_dagster.app.wiring import open_printful, open_stripe
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import Sandbox
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.settings import settings_for

SESSIONS = "/v1/checkout/sessions"
MONTH = Window.last_days(30, NOW)
YESTERDAY = int(NOW.timestamp()) - 86_400


def stripe_at(base: str, sandbox: Sandbox, time: FakeTime, attempts: int = 2, **changes: str) -> StripeApi:
    settings = settings_for(sandbox, STRIPE_API_BASE=base, **changes)
    assert not settings.faults, "a refused base would be Stripe's own"
    return open_stripe(settings, time.retry_policy(attempts), Traffic())


def printful_at(base: str, sandbox: Sandbox, time: FakeTime) -> PrintfulApi:
    return open_printful(settings_for(sandbox, PRINTFUL_API_BASE=base), time.retry_policy(2), Traffic())


def listed(stripe: StripeApi) -> list[Any]:
    listed = stripe.sessions(MONTH, lambda row: row, with_line_items=False)
    return [row for days in listed for _, rows in days for row in rows]
