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
    seconds = round(abs(ahead).total_seconds())
    shown = f"{seconds} seconds" if seconds < 600 else f"{round(seconds / 60)} minutes"
    way = "behind" if ahead > timedelta(0) else "ahead of"
    return (
        f"This machine's clock is {shown} {way} {vendor}'s. The grace period and the end of the period go by the "
        "vendor's clock. Let NTP set this machine's clock."
    )
