"""Settings that point at the sandbox."""

from pydantic import SecretStr

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.sandbox import Sandbox

UNHURRIED = {"STRIPE_REQUESTS_PER_SECOND": "100", "PRINTFUL_REQUESTS_PER_MINUTE": "600"}  # limits nobody notices


def settings_for(sandbox: Sandbox, url: str | None = None, **changes: str) -> Settings:
    """Settings that point at the sandbox and a database; `changes` by the names of the environment."""
    known = sandbox.environment() | UNHURRIED | ({"DATABASE_URL": url} if url else {}) | changes
    secret = {"STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL"}
    values = {name.lower(): SecretStr(value) if name in secret else value for name, value in known.items()}
    return Settings.model_validate(values)
