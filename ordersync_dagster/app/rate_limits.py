"""The rates that the vendors are asked at, and who shares them."""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database.rate_limit import SharedBudget, open_rate_file
from ordersync_dagster.adapters.http.client import Budget
from ordersync_dagster.adapters.http.rate_limit import LocalBudget
from ordersync_dagster.app.settings import Settings


@dataclass(frozen=True, slots=True)
class Budgets:
    """The rates that both vendors are asked at."""

    stripe: Budget
    printful: Budget
    warnings: tuple[str, ...] = ()


def local_budgets(settings: Settings) -> Budgets:
    """Half of each rate for this process alone, because others cannot see what it takes."""
    stripe, printful = settings.stripe_requests_per_second, settings.printful_requests_per_minute
    return Budgets(
        LocalBudget(max(1, stripe // 2), 1, per_endpoint=True),
        LocalBudget(max(1, printful // 2), 60),
    )


def shared_budgets(settings: Settings, shop: Engine) -> Budgets:
    """The rates that all processes share: in the shop's PostgreSQL, or in a file of this machine."""
    stripe, printful = settings.stripe_requests_per_second, settings.printful_requests_per_minute
    try:
        is_file = shop.dialect.name == "sqlite"
        engine = open_rate_file(state_dir(settings)) if is_file else shop
        ours = SharedBudget(engine, _account("stripe", settings.stripe_key), stripe, 1, per_endpoint=True)
        ours.check()
        return Budgets(ours, SharedBudget(engine, _account("printful", settings.printful_account), printful, 60))
    except (OSError, DBAPIError):
        warning = "The shared rate budget cannot be written, so this run asks at half rate (see ORDERSYNC_STATE_DIR)."
        return replace(local_budgets(settings), warnings=(warning,))


def state_dir(settings: Settings) -> Path:
    """Where this machine keeps its rate budget, unless the shop's PostgreSQL does."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return settings.ordersync_state_dir or Path(base) / "ordersync"


def _account(vendor: str, key: str) -> str:
    """Each key has its own limit; the name tells them apart and gives nothing away."""
    return f"{vendor} {hashlib.sha256(key.encode()).hexdigest()[:8]}"
