"""One partition a UTC day, from the shop's first day to yesterday.

Dagster forgets a partition that is before the first one, and a backfill that is under way over it fails. So the first
day may not move from day to day, and every process has to find the same one without asking another.
"""

import os
from datetime import UTC, date, datetime

import dagster as dg

from ordersync_dagster.core.errors import SettingsError

START_DATE = "ORDERSYNC_START_DATE"


def first_day() -> date:
    """The first partition: ORDERSYNC_START_DATE, else 1 January of last year, which moves once a year."""
    text = os.environ.get(START_DATE, "").strip()
    if not text:
        return date(datetime.now(UTC).year - 1, 1, 1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{START_DATE} must be a day such as 2025-01-31, not {text!r}") from None


daily = dg.DailyPartitionsDefinition(start_date=first_day().isoformat(), timezone="UTC")
