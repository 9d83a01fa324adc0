"""What a connection to PostgreSQL says of itself, and how long it waits for a server that is gone."""

from typing import Any

from sqlalchemy import URL

from ordersync_dagster.adapters.database.engine.connection import (
    KEEPALIVES,
    open_read_only,
    open_read_write,
    parse_url,
    with_run_id,
)
from ordersync_dagster_tests.support.shops import Shop

NAMES = "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE 'ordersync%'"


def parameters(url: URL, *, is_reading: bool = False) -> dict[str, Any]:
    """What libpq was told for a new connection."""
    engine = (open_read_only if is_reading else open_read_write)(url)
    try:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            return dict(driver.info.get_parameters())
    finally:
        engine.dispose()


def test_a_server_that_is_gone_without_a_word_is_noticed_after_a_minute(postgres_url: str) -> None:
    url = parse_url(postgres_url)
    for is_reading in (False, True):
        told = parameters(url, is_reading=is_reading)
        assert {name: told[name] for name in KEEPALIVES} == {name: str(value) for name, value in KEEPALIVES.items()}
    assert KEEPALIVES["keepalives_idle"] + KEEPALIVES["keepalives_interval"] * KEEPALIVES["keepalives_count"] == 60


def test_what_the_url_says_goes_before_what_is_usual(postgres_url: str) -> None:
    told = parameters(parse_url(postgres_url).update_query_dict({"tcp_user_timeout": "5000", "connect_timeout": "3"}))
    assert (told["tcp_user_timeout"], told["connect_timeout"], told["keepalives_idle"]) == ("5000", "3", "30")


def test_connections_say_ordersync_and_the_run(postgres_url: str) -> None:
    url = parse_url(postgres_url)
    assert parameters(url)["application_name"] == "ordersync"
    assert parameters(with_run_id(url, "a-run"))["application_name"] == "ordersync/a-run"


def test_whoever_looks_while_a_run_writes_sees_which_one(postgres_shop: Shop) -> None:
    shop = postgres_shop
    seen: list[str] = []
    run = shop.run(meanwhile=lambda: seen.extend(shop.database.column(NAMES)))
    assert seen == [f"ordersync/{run.outcome.run_id}"]
    assert run.outcome.summary.errors == 0
