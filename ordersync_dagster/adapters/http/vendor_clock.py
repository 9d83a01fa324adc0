"""How far a vendor's clock is ahead of this machine's, by the `Date` header of its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

TOLERATED = timedelta(minutes=1)  # an answer takes some seconds, and a header has no fractions
PLAUSIBLE = timedelta(days=366)  # encryption fails where this machine's clock is further off, so the header is wrong


class VendorClock:
    """`ahead` is zero until the first answer, where the clocks agree within a minute, and where there is no date."""

    def __init__(self) -> None:
        self.ahead, self._is_known = timedelta(0), False

    def note(self, date: str | None) -> bool:
        """Take over the `Date` header of an answer that has just come; True where it shows that the clocks differ."""
        if self._is_known or not date:
            return False
        try:
            ahead = parsedate_to_datetime(date).astimezone(UTC) - datetime.now(UTC)
        except (ValueError, TypeError, OverflowError):
            return False
        if abs(ahead) > PLAUSIBLE:
            return False
        self._is_known = True
        if abs(ahead) <= TOLERATED:
            return False
        self.ahead = timedelta(seconds=round(ahead.total_seconds()))
        return True


def clock_warning(vendor: str, ahead: timedelta) -> str:
    """The warning that the vendor's clock is `ahead` of ours."""
    return (
        f"{_apart(vendor, ahead)}. The grace period and the end of the period go by the vendor's clock, the first day "
        "of the period by this machine's. Let NTP set this machine's clock."
    )


def nothing_yet(vendor: str, ahead: timedelta) -> str:
    """The error of a period that has not begun by the vendor's clock."""
    return (
        f"{_apart(vendor, ahead)}, where the period has not begun yet, so there is nothing to read. Let NTP set this "
        "machine's clock, or name the days with --from and --to"
    )


def _apart(vendor: str, ahead: timedelta) -> str:
    seconds = round(abs(ahead).total_seconds())
    sizes = ((600, 1, "seconds"), (7200, 60, "minutes"), (259_200, 3600, "hours"))
    size, unit = next(((size, unit) for below, size, unit in sizes if seconds < below), (86_400, "days"))
    way = "behind" if ahead > timedelta(0) else "ahead of"
    return f"This machine's clock is {round(seconds / size)} {unit} {way} {vendor}'s"
