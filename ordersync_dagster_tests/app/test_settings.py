"""Settings are checked before anything is asked, and secrets stay secret."""

from pathlib import Path

import pytest

from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.core.errors import SettingsError

LIVE, TEST = "sk_live_" + "madeUpKey", "rk_test_" + "madeUpKey"


KINDS = (TEST, LIVE)  # it may read; it may do anything


def with_keys(stripe: str = TEST, printful: str = "token") -> Settings:
    return Settings(stripe_secret_key=stripe, printful_api_key=printful)


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


@pytest.mark.parametrize("key", ["whsec_x1", "sk_x1", "sk_live_a b", "sk_live_a\nsk_live_b", "a-printful-token"])
def test_what_is_no_secret_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError, match="not a Stripe secret key") as raised:
        with_keys(key).require()
    assert key not in str(raised.value)


@pytest.mark.parametrize("key", [LIVE, TEST, "pk_test_" + "x1"])
def test_swapped_keys_are_noticed(key: str) -> None:
    with pytest.raises(SettingsError, match="swapped"):
        with_keys(printful=key).require()


@pytest.mark.parametrize("key", ["to ken", "tok\u00a0en", "tok\ten", "tokén"])
def test_a_token_with_blanks_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError, match="blanks or odd characters") as raised:
        with_keys(printful=key).require()
    assert key not in str(raised.value)


@pytest.mark.parametrize("key", [TEST + "é", TEST + "\u00a01", TEST + "１"])
def test_a_key_of_stripe_with_odd_characters_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError, match="not a Stripe secret key") as raised:
        with_keys(key).require()
    assert key not in str(raised.value)


STORE = "PRINTFUL_STORE_ID"


@pytest.mark.parametrize("text", ["4811", "4811\n", " 4811\r\n", "\t4811 "])
def test_blanks_around_the_number_of_a_store_are_left_out(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE, text)
    settings = read_settings()
    settings.require()
    assert settings.printful_store_id == "4811"


@pytest.mark.parametrize("text", ["48 11", "4811é", "４８１１", "store 4811", "4811\ufeff"])
def test_a_number_of_a_store_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE, text)
    with pytest.raises(SettingsError, match="PRINTFUL_STORE_ID has blanks or odd characters"):
        read_settings().require()


OF_ONE_LINE = {
    STORE: "4811",
    "STRIPE_API_BASE": "https://api.stripe.com",
    "PRINTFUL_API_BASE": "https://api.printful.com",
    "DATABASE_URL": "postgresql://shop:hunter2@db.example.com/shop",
    "ORDERSYNC_SESSION_MATCH": "metadata.shop=ours",
    "ORDERSYNC_ALLOWED_HOSTS": "gateway.example.com",
    "ORDERSYNC_STATE_DIR": "/tmp/state",
    "ORDERSYNC_CA_BUNDLE": "/tmp/ca.pem",
    "ORDERSYNC_HASH_KEY": "hunter2",
}


@pytest.mark.parametrize("odd", ["\n", "\r\n", "\t", "\x00", "\x7f", "\u2028"])
@pytest.mark.parametrize("name", OF_ONE_LINE)
def test_a_control_character_inside_any_setting_is_named_and_the_value_is_not(name: str, odd: str) -> None:
    value = OF_ONE_LINE[name]
    with pytest.raises(SettingsError) as raised:
        Settings(**{name.lower(): value[:3] + odd + value[3:]}).require()  # type: ignore[arg-type]  # texts, as outside
    assert str(raised.value) == f"{name} has a line break or another control character in it: copy it again"


@pytest.mark.parametrize("name", ["STRIPE_API_BASE", "PRINTFUL_API_BASE"])
@pytest.mark.parametrize("base", ["https://api.stripe.com/ v1", "https://api.stripe.com/é", "https://api.stripé.com"])
def test_a_base_with_odd_characters_is_refused(name: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, base)
    with pytest.raises(SettingsError, match=f"{name} has blanks or odd characters"):
        read_settings().require()


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings(printful_api_key="  ").require("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL")
    for name in ("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL"):
        assert name in str(raised.value)


def test_wrong_and_missing_settings_are_named_in_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "STRIPE_SECRET_KEY": "pk_live_" + "madeUp",
        "PRINTFUL_API_KEY": LIVE,
        "ORDERSYNC_CHECKOUT_MODES": "setup",
        "ORDERSYNC_SESSION_MATCH": "shop",
        "ORDERSYNC_SCHEMA": "Own",
        "ORDERSYNC_CONFIG": f"{tmp_path}/none.toml",
        "STRIPE_API_BASE": "http://example.com",
        "STRIPE_REQUESTS_PER_SECOND": "0",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        read_settings().require("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL")
    first, *others = str(raised.value).splitlines()
    assert first == "9 settings are wrong or missing:"
    assert len(others) == 9
    for name in (*wrong, "DATABASE_URL is not set"):
        assert sum(name in line for line in others) == 1
    assert "madeUp" not in str(raised.value)


def test_a_wrong_database_url_is_named_without_its_password() -> None:
    with pytest.raises(SettingsError, match="only postgresql:// and sqlite:// are supported") as raised:
        Settings(database_url="mysql://shop:hunter2@db.example.com/shop").require("DATABASE_URL")
    assert "hunter2" not in str(raised.value)


def test_the_mapping_file_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "ordersync.toml"
    file.write_text("[link]\nexternal_id = 'order_id'")
    settings = read_settings(tmp_path / ".env")
    file.unlink()
    assert settings.layout.mapping.link.external_id == "order_id"


def test_what_is_set_is_not_asked_for() -> None:
    with_keys().require("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY")


@pytest.mark.parametrize("word", ["debug", "DEBUG"])
def test_a_log_with_customers_data_is_refused(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_LOG", word)
    with pytest.raises(SettingsError, match="STRIPE_LOG=debug"):
        read_settings().require()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_REQUESTS_PER_SECOND", "0"),
        ("STRIPE_REQUESTS_PER_SECOND", "101"),
        ("PRINTFUL_REQUESTS_PER_MINUTE", "-1"),
        ("PRINTFUL_REQUESTS_PER_MINUTE", "many"),
        ("ORDERSYNC_GRACE_MINUTES", "1441"),
        ("ORDERSYNC_GRACE_MINUTES", "1.5"),
        ("ORDERSYNC_INCLUDE_FREE_ORDERS", "perhaps"),
        ("ORDERSYNC_STUCK_HOURS", "0"),
        ("ORDERSYNC_STUCK_HOURS", "8761"),
        ("ORDERSYNC_MIXED_GOODS", "some"),
        ("ORDERSYNC_SET_REFUNDED", "never"),
        ("ORDERSYNC_START_DATE", "31.12.2025"),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name}: "):
        read_settings().require()


def test_all_values_out_of_range_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_REQUESTS_PER_SECOND", "0")
    monkeypatch.setenv("ORDERSYNC_GRACE_MINUTES", "-1")
    with pytest.raises(SettingsError, match=r"(?s)2 settings.*STRIPE_REQUESTS_PER_SECOND.*ORDERSYNC_GRACE_MINUTES"):
        read_settings().require()


def test_secrets_do_not_print() -> None:
    settings = Settings(
        stripe_secret_key=LIVE,
        printful_api_key="printful-token",
        database_url="postgresql://shop:hunter2@db.example.com/shop",
    )
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        for secret in (LIVE, "printful-token", "hunter2"):
            assert secret not in text


def test_empty_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", "")
    monkeypatch.setenv("STRIPE_REQUESTS_PER_SECOND", "")
    assert read_settings().stripe_api_base == "https://api.stripe.com"
    assert read_settings().stripe_requests_per_second == 20


def test_the_environment_is_stronger_than_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("ORDERSYNC_GRACE_MINUTES=5\nPRINTFUL_STORE_ID=file\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("PRINTFUL_STORE_ID", "environment")
    settings = read_settings(file)
    assert (settings.ordersync_grace_minutes, settings.printful_store_id) == (5, "environment")


def test_a_folder_of_secrets_says_what_neither_environment_nor_file_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PRINTFUL_STORE_ID=file\n")
    for name, value in (("STRIPE_SECRET_KEY", f"{TEST}\n"), ("PRINTFUL_STORE_ID", "1"), ("DATABASE_URL", "unused")):
        (tmp_path / name).write_text(value)
    monkeypatch.setenv("ORDERSYNC_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "sqlite:///environment.db")
    settings = read_settings(tmp_path / ".env")
    assert (settings.stripe_key, settings.printful_store_id, settings.database) == (
        TEST,
        "file",
        "sqlite:///environment.db",
    )


def test_files_in_the_working_directory_are_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "STRIPE_SECRET_KEY").write_text(TEST)
    monkeypatch.chdir(tmp_path)
    assert read_settings().stripe_key == ""


def test_a_folder_of_secrets_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERSYNC_SECRETS_DIR", f"{tmp_path}/gone")
    with pytest.raises(SettingsError, match=r"ORDERSYNC_SECRETS_DIR is not a folder: .*gone"):
        read_settings().require()


def test_a_key_that_could_write_is_refused_where_the_shop_says_so() -> None:
    read, write = (Settings(stripe_secret_key=key, ordersync_require_restricted_key=True) for key in KINDS)
    assert read.stripe_key == KINDS[0]
    with pytest.raises(SettingsError, match="REQUIRE_RESTRICTED_KEY refuses that: make a restricted key"):
        write.require()


@pytest.mark.parametrize(("key", "is_warned"), [(LIVE, True), ("rk_live_" + "x1", False), ("sk_test_" + "x1", False)])
def test_a_key_that_could_move_live_money_is_warned_of(key: str, is_warned: bool) -> None:
    assert bool(with_keys(key).key_advice) is is_warned
    assert key not in str(with_keys(key).key_advice)


def test_a_bundle_of_certificates_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ORDERSYNC_CA_BUNDLE names no file: .*gone"):
        Settings(ordersync_ca_bundle=f"{tmp_path}/gone").require()


def test_the_modes_are_those_of_the_shops_webhook_unless_said() -> None:
    assert Settings().ordersync_checkout_modes == {"payment", "subscription"}
    assert Settings(ordersync_checkout_modes=" payment ,").ordersync_checkout_modes == {"payment"}


@pytest.mark.parametrize("modes", ["setup", "payment,setup", ",", "Payment"])
def test_a_mode_that_makes_no_order_is_refused(modes: str) -> None:
    with pytest.raises(SettingsError, match="ORDERSYNC_CHECKOUT_MODES"):
        Settings(ordersync_checkout_modes=modes).require()


@pytest.mark.parametrize(
    ("text", "session", "is_ours"),
    [
        ("metadata.shop", {"metadata": {"shop": "x"}}, True),
        ("metadata.shop", {"metadata": {}}, False),
        ("metadata.shop=north", {"metadata": {"shop": "north"}}, True),
        ("metadata.shop=north", {"metadata": {"shop": "south"}}, False),
        ("metadata.shop=a=b", {"metadata": {"shop": "a=b"}}, True),
        ("payment_link=plink_1", {"payment_link": "plink_1"}, True),
        ("payment_link=plink_1", {"payment_link": None}, False),
    ],
)
def test_a_match_tells_this_shops_sessions(text: str, session: dict[str, object], is_ours: bool) -> None:
    match = Settings(ordersync_session_match=text).ordersync_session_match
    assert match is not None
    assert match.accepts(session) is is_ours


def test_without_a_match_all_sessions_are_ours() -> None:
    assert Settings().ordersync_session_match is None
    assert Settings(ordersync_session_match="  ").ordersync_session_match is None


@pytest.mark.parametrize("text", ["shop=north", "metadata.", "metadata", "payment_link=", "payment_link"])
def test_a_match_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="ORDERSYNC_SESSION_MATCH is"):
        Settings(ordersync_session_match=text).require()
