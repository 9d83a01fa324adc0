"""Settings with keys of test mode and live mode."""

from ordersync_dagster.app.settings import Settings

LIVE, TEST = "sk_live_" + "madeUpKey", "rk_test_" + "madeUpKey"


def with_keys(stripe: str = TEST, printful: str = "token") -> Settings:
    return Settings(stripe_secret_key=stripe, printful_api_key=printful)
