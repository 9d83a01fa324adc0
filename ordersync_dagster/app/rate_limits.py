"""Picks the rate limits of a run: shared by all processes, or of this process alone."""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database.rate_limit import SharedRateLimit, open_rate_file
from ordersync_dagster.adapters.http.client import RateLimit
from ordersync_dagster.adapters.http.rate_limit import LocalRateLimit
from ordersync_dagster.app.settings import Settings


@dataclass(frozen=True, slots=True)
class RateLimits:
    """One rate limit for each vendor."""

    stripe: RateLimit
    printful: RateLimit
    warnings: tuple[str, ...] = ()


def local_rate_limits(settings: Settings) -> RateLimits:
    """Half of each rate for this process alone, because other processes cannot see its requests."""
    stripe, printful = settings.stripe_requests_per_second, settings.printful_requests_per_minute
    return RateLimits(
        LocalRateLimit(max(1, stripe // 2), 1, per_endpoint=True),
        LocalRateLimit(max(1, printful // 2), 60),
    )


def shared_rate_limits(settings: Settings, shop: Engine) -> RateLimits:
    """Rate limits that all processes share: in the shop's PostgreSQL, or in a file of this machine."""
    stripe, printful = settings.stripe_requests_per_second, settings.printful_requests_per_minute
    try:
        is_file = shop.dialect.name == "sqlite"
        engine = open_rate_file(state_dir(settings)) if is_file else shop
        account = _account("stripe", settings.stripe_key)
        ours = SharedRateLimit(engine, account, stripe, 1, per_endpoint=True, is_even=True)
        ours.check()
        return RateLimits(ours, SharedRateLimit(engine, _account("printful", settings.printful_key), printful, 60))
    except (OSError, DBAPIError):
        warning = "The shared rate limit cannot be written, so this run asks at half rate (see ORDERSYNC_STATE_DIR)."
        return replace(local_rate_limits(settings), warnings=(warning,))


def state_dir(settings: Settings) -> Path:
    """The folder of this machine's rate limits; PostgreSQL shops keep them in `ordersync_rate` instead."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return settings.ordersync_state_dir or Path(base) / "ordersync"


def _account(vendor: str, key: str) -> str:
    """A name for each key, because each key has its own limit; the key cannot be read from it."""
    return f"{vendor} {hashlib.sha256(key.encode()).hexdigest()[:8]}"
