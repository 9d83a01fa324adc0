"""How long a vendor asks us to wait before the next attempt: Retry-After, Printful's X-Ratelimit-Reset and text."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

THROTTLED = frozenset({419, 429})  # Printful warns of its rate limit with 419
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
LONGEST_WINDOW = 3600.0  # seconds; more is no duration
_AFTER_SECONDS = re.compile(r"after (\d{1,6}) second")


def asked_wait(response: requests.Response) -> float | None:
    """Seconds that the vendor asks for: Retry-After (number or date), else after a 429 what Printful says.

    That is its text "after N seconds", or the X-Ratelimit-Reset of API v2, in which other APIs send a point in time.
    """
    asked = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(asked):
        return float(asked[:9])
    if asked:
        try:
            return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None
    if response.status_code not in THROTTLED:
        return None
    if found := _AFTER_SECONDS.search(response.text[:2000]):
        return float(found[1])
    reset = response.headers.get("X-Ratelimit-Reset", "").strip()
    seconds = float(reset[:9]) if _SECONDS.fullmatch(reset) else LONGEST_WINDOW
    return seconds if seconds < LONGEST_WINDOW else None
