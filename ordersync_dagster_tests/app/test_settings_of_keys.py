"""The keys of both vendors in the settings: mode, form, and what is never repeated."""

import pytest

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster_tests.app.keys import LIVE, TEST, with_keys

KINDS = (TEST, LIVE)  # it may read; it may do anything


@pytest.mark.parametrize(
    ("key", "is_live"),
    [(LIVE, True), (TEST, False), ("rk_live_" + "x1", True), ("sk_test_" + "x1", False), (f"  {LIVE}\n", True)],
)
def test_a_key_says_its_mode(key: str, is_live: bool) -> None:
    assert with_keys(key).is_live is is_live
    assert with_keys(key).stripe_key == key.strip()


@pytest.mark.parametrize("key", ["pk_live_" + "x1", "pk_test_" + "x1"])
def test_a_publishable_key_is_named_as_such(key: str) -> None:
    with pytest.raises(SettingsError, match="publishable key"):
        with_keys(key).require()


@pytest.mark.parametrize("key", ["sk_x1", "a-printful-token"])
def test_what_is_no_secret_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError, match="not a Stripe secret key") as raised:
        with_keys(key).require()
    assert key not in str(raised.value)


def test_the_secret_of_a_webhook_endpoint_is_named_as_such() -> None:
    with pytest.raises(
        SettingsError, match=r"the secret of a webhook endpoint \(whsec_…\): use rk_… or sk_…"
    ) as raised:
        with_keys("whsec_" + "x1").require()
    assert "x1" not in str(raised.value)


@pytest.mark.parametrize("key", [LIVE, TEST, "pk_test_" + "x1"])
def test_swapped_keys_are_noticed(key: str) -> None:
    with pytest.raises(SettingsError, match="swapped"):
        with_keys(printful=key).require()


@pytest.mark.parametrize("key", ["'token'", '"token"', "to ken", "tok\u00a0en", "tok\ten", "tokén"])
def test_a_token_with_blanks_or_quotes_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError, match="blanks, quotes or odd characters") as raised:
        with_keys(printful=key).require()
    assert key not in str(raised.value)


@pytest.mark.parametrize(
    "key",
    [f"'{TEST}'", f"Bearer {TEST}", f"{TEST} x", f"{TEST}\n{TEST}", TEST + "é", TEST + "\u00a01", TEST + "１"],
)
def test_a_key_of_stripe_with_odd_characters_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError, match="blanks, quotes or odd characters in it: copy the key alone") as raised:
        with_keys(key).require()
    assert key not in str(raised.value)


def test_secrets_do_not_print() -> None:
    settings = Settings(
        stripe_secret_key=LIVE,
        printful_api_key="printful-token",
        database_url="postgresql://shop:hunter2@db.example.com/shop",
    )
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        for secret in (LIVE, "printful-token", "hunter2"):
            assert secret not in text


def test_a_key_that_could_write_is_refused_where_the_shop_says_so() -> None:
    read, write = (Settings(stripe_secret_key=key, ordersync_require_restricted_key=True) for key in KINDS)
    assert read.stripe_key == KINDS[0]
    with pytest.raises(SettingsError, match="REQUIRE_RESTRICTED_KEY refuses that: make a restricted key"):
        write.require()


@pytest.mark.parametrize(("key", "is_warned"), [(LIVE, True), ("rk_live_" + "x1", False), ("sk_test_" + "x1", False)])
def test_a_key_that_could_move_live_money_is_warned_of(key: str, is_warned: bool) -> None:
    assert bool(with_keys(key).key_advice) is is_warned
    assert key not in str(with_keys(key).key_advice)
