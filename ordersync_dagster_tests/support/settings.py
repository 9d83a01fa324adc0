"""Settings that point at the sandbox, and the variables that name settings."""

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.sandbox import Sandbox

VARIABLES = {name.upper() for name in ("STRIPE_LOG", *Settings.model_fields)}
UNHURRIED = {"STRIPE_REQUESTS_PER_SECOND": "100", "PRINTFUL_REQUESTS_PER_MINUTE": "600"}  # limits nobody notices


def settings_for(sandbox: Sandbox, url: str | None = None, **changes: str) -> Settings:
    """Settings that point at the sandbox and a database; `changes` by the names of the environment."""
    known = sandbox.environment() | UNHURRIED | ({"DATABASE_URL": url} if url else {}) | changes
    return Settings.model_validate({name.lower(): value for name, value in known.items()})
