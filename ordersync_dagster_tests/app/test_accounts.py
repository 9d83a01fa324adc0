"""Rate limits are by account of a vendor's: which shops have one, and where its budget is kept."""

import pytest

from ordersync_dagster.app.accounts import account_of, sharing_budgets
from ordersync_dagster.app.settings import Settings

NEWER = "_test_51" + "AbCdEfGhIjKlMnO"  # 16 characters after the 5 are the account's


def shop(key: str = "", place: str = "a", **more: str) -> Settings:
    given = {"stripe_secret_key": key or f"rk_test_{place}", "printful_api_key": f"token-{place}"}
    url = f"postgresql://writer:secret@db.example.com/{place}"
    return Settings.model_validate({**given, "database_url": url, **more})


def accounts(*shops: Settings, vendor: str = "stripe") -> list[int]:
    """The number of each shop's account, from 0."""
    names = [account_of(each, vendor) for each in sharing_budgets(shops)]
    return [names.index(name) for name in names]


def test_shops_with_one_key_have_one_account() -> None:
    one, same = shop("rk_test_x", printful_api_key="t"), shop("rk_test_x", "b", printful_api_key="t")
    assert accounts(one, same, shop("rk_test_y", "c")) == [0, 0, 2]
    assert accounts(one, same, shop("rk_test_y", "c"), vendor="printful") == [0, 0, 2]


def test_two_newer_keys_of_one_account_have_one_account_in_each_mode() -> None:
    keys = [f"rk{NEWER}00abc", f"sk{NEWER}00xyz", f"rk{NEWER}00abc".replace("test", "live"), f"rk{NEWER[:-1]}P00abc"]
    assert accounts(*(shop(key, str(place)) for place, key in enumerate(keys))) == [0, 0, 2, 3]


def test_a_name_joins_keys_that_look_nothing_alike() -> None:
    named = [shop("rk_test_x", stripe_account="main"), shop("rk_test_y", "b", stripe_account="main")]
    also_by_key = shop("rk_test_y", "c")
    assert accounts(*named, also_by_key, shop("rk_test_z", "d")) == [0, 0, 0, 3]


@pytest.mark.parametrize("vendor", ["stripe", "printful"])
def test_shops_without_a_key_share_nothing(vendor: str) -> None:
    found = sharing_budgets([Settings(), Settings()])
    assert not any(each.shared_accounts for each in found), vendor


def test_the_lowest_rate_of_an_account_counts_for_all_its_shops() -> None:
    found = sharing_budgets(
        [
            shop("rk_test_x", stripe_requests_per_second="9"),
            shop("rk_test_x", "b", stripe_requests_per_second="4"),
            shop("rk_test_y", "c", stripe_requests_per_second="7"),
        ]
    )
    assert [each.stripe_requests_per_second for each in found] == [4, 4, 7]


def test_shops_with_one_account_know_of_it() -> None:
    found = sharing_budgets([shop("rk_test_x"), shop("rk_test_x", "b"), shop("rk_test_y", "c")])
    assert [each.shared_accounts for each in found] == [{"stripe"}, {"stripe"}, set()]


def test_orders_of_another_shop_in_one_printful_store_are_no_orphans() -> None:
    same = {"printful_api_key": "t"}
    found = sharing_budgets(
        [
            shop("rk_test_x", **same),
            shop("rk_test_y", "b", **same, ordersync_other_channels="false"),
            shop("rk_test_z", "c", **same, printful_store_id="7"),
            shop("rk_test_u", "d"),
        ]
    )
    assert [each.ordersync_other_channels for each in found] == [True, False, None, None]


@pytest.mark.parametrize("name", ["sk_live_x", "rk_test_x", "two words", "-x", "x" * 65])
def test_the_name_of_an_account_is_no_key(name: str) -> None:
    with pytest.raises(ValueError, match="STRIPE_ACCOUNT is a name of your choice") as raised:
        Settings(stripe_account=name).require()
    assert name not in str(raised.value)
