"""Two shops with one account stay within its rate together; two accounts do not slow each other."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from ordersync_dagster.app.accounts import sharing_budgets
from ordersync_dagster.app.rate_limits import RateLimits, local_rate_limits, place_of_rates, shared_rate_limits
from ordersync_dagster.app.settings import Settings
from ordersync_dagster_tests.adapters.noted_waits import NotedWaits
from ordersync_dagster_tests.support.databases import Database

RATE, PATH = 2, "/v1/checkout/sessions"  # slow, so that a busy machine is no slower
ONE_KEY = ("rk_test_same", "rk_test_same")
TWO_KEYS = ("rk_test_first", "rk_test_second")


def two_shops(folder: Path, keys: Sequence[str], **more: str) -> list[Settings]:
    """Shops with a database each."""
    return sharing_budgets(
        [
            Settings.model_validate(
                {
                    "ordersync_shop": f"shop{place}",
                    "stripe_secret_key": key,
                    "printful_api_key": "one-token",
                    "stripe_requests_per_second": str(RATE),
                    "printful_requests_per_minute": "60",
                    "database_url": f"sqlite:///{folder}/shop{place}.db",
                    "ordersync_state_dir": str(folder / "state"),
                    **more,
                }
            )
            for place, key in enumerate(keys)
        ]
    )


def limits_of(settings: Settings, noted: NotedWaits) -> RateLimits:
    """The shop's limits; nobody waits."""
    limits = shared_rate_limits(settings, create_engine(settings.database))
    return without_waiting(limits, noted)


def without_waiting(limits: RateLimits, noted: NotedWaits) -> RateLimits:
    assert not limits.warnings
    for limit in (limits.stripe, limits.printful):
        limit._sleep = noted.sleep  # type: ignore[attr-defined]
    return limits


def second_waits(first: RateLimits, second: RateLimits, noted: NotedWaits) -> bool:
    """Whether the second shop has to wait after the first has asked Stripe for ten seconds' worth."""
    for _ in range(10 * RATE):
        first.stripe.take(PATH)
    second.stripe.take(PATH)
    return noted.waits[-1] > 0


@pytest.mark.parametrize(
    ("keys", "more", "is_shared"),
    [
        (ONE_KEY, {}, True),
        (TWO_KEYS, {}, False),
        (TWO_KEYS, {"stripe_account": "acct_main"}, True),
    ],
)
def test_shops_share_the_budget_of_their_account_and_no_other(
    keys: Sequence[str], more: dict[str, str], is_shared: bool, tmp_path: Path
) -> None:
    noted = NotedWaits()
    first, second = (limits_of(each, noted) for each in two_shops(tmp_path, keys, **more))
    assert second_waits(first, second, noted) is is_shared


def test_printful_counts_the_requests_of_all_shops_with_one_token(tmp_path: Path) -> None:
    noted = NotedWaits()
    first, second = (limits_of(each, noted) for each in two_shops(tmp_path, TWO_KEYS))
    for _ in range(30):
        first.printful.take("/orders")
        second.printful.take("/orders")
    assert max(noted.waits) == 0
    second.printful.take("/orders")
    assert noted.waits[-1] > 0


@pytest.mark.databases
def test_one_database_may_hold_the_budgets_of_all_machines(postgres_url: str, tmp_path: Path) -> None:
    noted = NotedWaits()
    shops = two_shops(tmp_path, ONE_KEY, ordersync_rates_url=postgres_url)
    limits = [limits_of(each, noted) for each in shops]
    assert second_waits(limits[0], limits[1], noted)
    for vendor in (vendor for each in limits for vendor in (each.stripe, each.printful)):
        vendor._engine.dispose()  # type: ignore[attr-defined]
    assert Database(postgres_url).count("ordersync_rate") == RATE
    assert not (tmp_path / "state").exists()


def test_budgets_that_cannot_be_kept_are_halved_and_said(tmp_path: Path) -> None:
    away = "postgresql://nobody@127.0.0.1:1/limits"
    (shop, _) = two_shops(tmp_path, ONE_KEY, ordersync_rates_url=away)
    limits = shared_rate_limits(shop, create_engine(shop.database))
    assert limits.warnings == (
        "The shared rate limit cannot be written, so this run asks at half rate (see ORDERSYNC_RATES_URL).",
    )


@pytest.mark.databases
def test_an_account_of_one_postgresql_shop_keeps_its_budget_there(postgres_database: Database, tmp_path: Path) -> None:
    shops = two_shops(tmp_path, TWO_KEYS)
    own = shops[0].with_values({"database_url": postgres_database.url})
    without_waiting(shared_rate_limits(own, postgres_database.engine), NotedWaits()).stripe.take(PATH)
    assert postgres_database.count("ordersync_rate") == RATE


def test_dry_runs_side_by_side_share_half_of_an_accounts_rate(tmp_path: Path) -> None:
    noted, shops = NotedWaits(), two_shops(tmp_path, ONE_KEY)
    for each in shops:
        each.beside_others(tmp_path / "beside")
    limits = [without_waiting(local_rate_limits(each), noted) for each in shops]
    assert second_waits(limits[0], limits[1], noted)


def test_the_doctor_says_where_the_limits_are_and_who_shares_them(tmp_path: Path) -> None:
    (shop, _) = two_shops(tmp_path, ONE_KEY)
    assert place_of_rates(shop, "stripe") == tmp_path / "state"
    elsewhere = shop.with_values({"ordersync_rates_url": "postgresql://u:secret@db.example.com/limits"})
    assert place_of_rates(elsewhere, "stripe") == "db.example.com/limits"
    own = shop.with_values({"database_url": "postgresql://u:secret@db.example.com/shop"})
    assert place_of_rates(own, "stripe") == "the shop's database"


@pytest.mark.parametrize(("keys", "files"), [(ONE_KEY, 2), (TWO_KEYS, 3)])
def test_each_account_has_a_file_of_its_own(keys: Sequence[str], files: int, tmp_path: Path) -> None:
    noted = NotedWaits()
    for each in two_shops(tmp_path, keys):
        limits_of(each, noted).stripe.take(PATH)
    assert len(list((tmp_path / "state").glob("rates-*.db"))) == files
