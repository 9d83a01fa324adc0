"""Picks the rate limits of a run: shared by all processes, or of this process alone."""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.rate_limit import SharedRateLimit, open_rate_database, open_rate_file
from ordersync_dagster.adapters.http.client import RateLimit
from ordersync_dagster.adapters.http.rate_limit import LocalRateLimit
from ordersync_dagster.app.accounts import RATES, account_of
from ordersync_dagster.app.settings import Settings

PERIODS = {"stripe": 1, "printful": 60}  # seconds


@dataclass(frozen=True, slots=True)
class RateLimits:
    """One rate limit for each vendor."""

    stripe: RateLimit
    printful: RateLimit
    warnings: tuple[str, ...] = ()


def local_rate_limits(settings: Settings) -> RateLimits:
    """Half of each rate, because other processes cannot see these requests.

    For this process alone, or for all shops of an account whose commands run side by side.
    """
    return RateLimits(_half(settings, "stripe"), _half(settings, "printful"))


def _half(settings: Settings, vendor: str) -> RateLimit:
    rate = max(1, getattr(settings, RATES[vendor]) // 2)
    if settings.side_by_side and vendor in settings.shared_accounts:
        return _shared(_file_in(settings.side_by_side, settings, vendor), settings, vendor, rate)
    return LocalRateLimit(rate, PERIODS[vendor], per_endpoint=vendor == "stripe")


def shared_rate_limits(settings: Settings, shop: Engine) -> RateLimits:
    """Rate limits that all processes share, of all shops with the same account."""
    try:
        return RateLimits(_kept(settings, "stripe", shop), _kept(settings, "printful", shop))
    except (OSError, DBAPIError):
        name = "ORDERSYNC_RATES_URL" if settings.ordersync_rates_url else "ORDERSYNC_STATE_DIR"
        warning = f"The shared rate limit cannot be written, so this run asks at half rate (see {name})."
        return replace(local_rate_limits(settings), warnings=(warning,))


def _kept(settings: Settings, vendor: str, shop: Engine) -> SharedRateLimit:
    limit = _shared(_rates_of(settings, vendor, shop), settings, vendor, getattr(settings, RATES[vendor]))
    limit.check()
    return limit


def _shared(engine: Engine, settings: Settings, vendor: str, rate: int) -> SharedRateLimit:
    is_stripe = vendor == "stripe"
    name = _ring(settings, vendor)
    return SharedRateLimit(engine, name, rate, PERIODS[vendor], per_endpoint=is_stripe, is_even=is_stripe)


def _rates_of(settings: Settings, vendor: str, shop: Engine) -> Engine:
    """ORDERSYNC_RATES_URL, else the shop's PostgreSQL where no other shop has the account, else a file."""
    if settings.ordersync_rates_url:
        return open_rate_database(connection.parse_url(settings.ordersync_rates_url.get_secret_value()))
    is_file = vendor in settings.shared_accounts or shop.dialect.name == "sqlite"
    return _file_in(state_dir(settings), settings, vendor) if is_file else shop


def place_of_rates(settings: Settings, vendor: str) -> Path | str:
    """Where a vendor's limit is kept, for people: a folder of this machine, or the name of a database."""
    if settings.ordersync_rates_url:
        return connection.shown(connection.parse_url(settings.ordersync_rates_url.get_secret_value()))
    is_file = not settings.database or connection.sqlite_path(connection.parse_url(settings.database)) is not None
    is_file |= vendor in settings.shared_accounts
    return state_dir(settings) if is_file else "the shop's database"


def _file_in(folder: Path, settings: Settings, vendor: str) -> Engine:
    """One file for each account where there are several shops."""
    return open_rate_file(folder, _ring(settings, vendor) if settings.ordersync_shop else "")


def state_dir(settings: Settings) -> Path:
    """The folder of this machine's rate limits; PostgreSQL shops keep them in `ordersync_rate` instead."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return settings.ordersync_state_dir or Path(base) / "ordersync"


def _ring(settings: Settings, vendor: str) -> str:
    """A name for each account, because each has its own limit; no key can be read from it."""
    return f"{vendor} {hashlib.sha256(account_of(settings, vendor).encode()).hexdigest()[:8]}"
