"""One partition a UTC day, from the first day of the deployment's shops to yesterday.

Dagster forgets a partition that is before the first one, and a backfill that is under way over it fails. So the first
day may not move from day to day, and every process has to find the same one without asking another. All shops have the
same days, so that one backfill can be of all shops.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache

import dagster as dg

from ordersync_dagster.app.shops import Shop, read_shops
from ordersync_dagster.core.errors import SettingsError

START_DATE = "ORDERSYNC_START_DATE"


@cache
def deployed_shops() -> tuple[Shop, ...]:
    """The shops of this code location, as they were when it was loaded: all, or the one of ORDERSYNC_SHOP."""
    with shown_to_people():
        shops = read_shops()
        return shops.chosen(None) if shops.asked else shops.each


@contextmanager
def shown_to_people() -> Iterator[None]:
    """Stop the loading with the sentence of a wrong setting: Dagster hides the words of errors that are not its own."""
    try:
        yield
    except SettingsError as error:
        raise dg.DagsterInvalidDefinitionError(f"{error}\n\nCorrect it, then reload the code location.") from None


def first_day(shops: Iterable[Shop] = ()) -> date:
    """The first partition: the earliest day of a shop; not set, 1 January of last year, which moves once a year."""
    text = os.environ.get(START_DATE, "").strip()
    try:
        for_all = date.fromisoformat(text) if text else date(datetime.now(UTC).year - 1, 1, 1)
    except ValueError:
        raise SettingsError(f"{START_DATE} must be a day such as 2025-01-31, not {text!r}") from None
    return min((shop.settings.ordersync_start_date or for_all for shop in shops if shop.name), default=for_all)


with shown_to_people():
    daily = dg.DailyPartitionsDefinition(start_date=first_day(deployed_shops()).isoformat(), timezone="UTC")
