"""Personal data that may be shown or compared: masked, or as a hash."""

import hashlib
import re

from ordersync_dagster.core.errors import UsageError

_ADDRESS = re.compile(r"[^@\s](.*[^@\s])?@[^@\s]+")


def masked_email(email: str) -> str:
    """`jane@example.com` → `j***@e***.com`: enough to recognise, too little to write to."""
    name, _, domain = email.rpartition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{name[:1]}***@{host[:1]}***{dot}{ending}" if name and dot else "***"


def require_address(text: str) -> str:
    """`text` without the spaces around it; raises UsageError where it is no e-mail address."""
    if not _ADDRESS.fullmatch(text.strip()):
        raise UsageError("this is not an e-mail address, such as name@example.com: nothing was done")
    return text.strip()


def normalised_email(email: str) -> str:
    """An address as it is compared: in lower case and without spaces around it."""
    return email.strip().lower()


def hashed_email(email: str) -> str:
    """Case-insensitive hash of an address, for comparing in memory; never shown, never stored."""
    return _hashed(normalised_email(email))


def hashed_words(text: str) -> str:
    """The same of a name: however it is spaced, and in capitals or not."""
    return _hashed(" ".join(text.casefold().split()))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
