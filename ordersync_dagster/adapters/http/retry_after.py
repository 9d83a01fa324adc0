"""How long a vendor asks us to wait before the next attempt: Retry-After and Printful's own text."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

THROTTLED = frozenset({419, 429})  # Printful warns of its rate limit with 419
_AFTER_SECONDS = re.compile(r"after (\d{1,6}) second")


def asked_wait(response: requests.Response) -> float | None:
    """Seconds that the vendor asks for: Retry-After (number or date), else Printful's "after N seconds"."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    if asked:
        try:
            return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            return None
    found = _AFTER_SECONDS.search(response.text[:2000]) if response.status_code in THROTTLED else None
    return float(found[1]) if found else None
