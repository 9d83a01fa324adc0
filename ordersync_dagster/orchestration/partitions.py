"""One partition a UTC day, from the shop's first day to yesterday."""

import os
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from ordersync_dagster.core.errors import SettingsError

START_DATE = "ORDERSYNC_START_DATE"


def first_day() -> date:
    """The first partition: ORDERSYNC_START_DATE, else one year back."""
    text = os.environ.get(START_DATE, "").strip()
    if not text:
        return datetime.now(UTC).date() - timedelta(days=365)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{START_DATE} must be a day such as 2025-01-31, not {text!r}") from None


daily = dg.DailyPartitionsDefinition(start_date=first_day().isoformat(), timezone="UTC")
