"""Moments and times as a person reads them."""

from datetime import datetime

from ordersync_dagster.core.text import counted

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment_text(moment: datetime) -> str:
    """27 Nov 2026 14:05 UTC, whatever the language of this machine."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment:%Y %H:%M} UTC"


def lasting(since: datetime, now: datetime) -> str:
    """The time since then: less than a minute, 5 minutes, 31 hours, 14 days."""
    minutes = int((now - since).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    count, unit = next(
        (minutes // size, unit)
        for size, least, unit in ((1440, 2880, "day"), (60, 60, "hour"), (1, 1, "minute"))
        if minutes >= least
    )
    return counted(count, unit)
