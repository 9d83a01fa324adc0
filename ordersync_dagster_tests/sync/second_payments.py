"""Paid sessions of one customer, and runs of one day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ordersync_dagster.app.run import Run, start_run
from ordersync_dagster.app.wiring import open_run
from ordersync_dagster.core.window import Window
from ordersync_dagster.sandbox import World
from ordersync_dagster.sync.order_sync import PrintfulScope
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost_ids


def of_day(shop: Shop, day: datetime, *, dry_run: bool = False) -> Run:
    """A run of one UTC day."""
    ready = open_run(settings_for(shop.sandbox, shop.database.url), PrintfulScope.all, dry_run=dry_run,
                     tools=shop.time.tools(1))  # fmt: skip
    run = start_run(ready, Window.between(day.date(), day.date(), shop.time.now))
    for _ in run.parts:
        continue
    return run


def paid(shop: Shop, outage: World, made: datetime, name: str, **values: Any) -> dict[str, Any]:
    """A paid session like a lost one of the outage, in the customer's name."""
    session = next(each for each in outage.sessions if each["id"] == lost_ids(outage)[0])
    created = {"id": f"cs_test_{name}", "payment_intent": f"pi_{name}", "created": int(made.timestamp())}
    made_session = {**session, **created, "client_reference_id": None, "metadata": {}, **values}
    shop.sandbox.put_session(made_session)
    return made_session


def midnight(shop: Shop, days: int = 5) -> datetime:
    """Some midnight of the last days."""
    day = shop.time.now.date() - timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
