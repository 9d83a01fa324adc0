"""Settings are checked before anything is asked, and secrets stay secret."""

import re
from pathlib import Path

import pytest

from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster_tests.app.keys import LIVE, TEST, with_keys

STORE = "PRINTFUL_STORE_ID"


@pytest.mark.parametrize("text", ["4811", "4811\n", " 4811\r\n", "\t4811 "])
def test_blanks_around_the_number_of_a_store_are_left_out(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE, text)
    settings = read_settings()
    settings.require()
    assert settings.printful_store_id == "4811"


@pytest.mark.parametrize(
    "text", ["48 11", "4811é", "４８１１", "store 4811", "4811\ufeff", "-3", "12.5", "tokenOfPrintful"]
)
def test_a_number_of_a_store_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE, text)
    with pytest.raises(SettingsError, match=r"PRINTFUL_STORE_ID.* is a number such as 1234567"):
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


def test_a_mapping_file_that_is_not_there_is_named_with_the_setting_to_correct(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read \(No such file.*\): correct ORDERSYNC_"):
        Settings(ordersync_config=tmp_path / "none.toml").require()


def test_what_is_set_is_not_asked_for() -> None:
    with_keys().require("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY")


@pytest.mark.parametrize("word", ["debug", "DEBUG"])
def test_a_log_with_customers_data_is_refused(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_LOG", word)
    with pytest.raises(SettingsError, match="STRIPE_LOG=debug"):
        read_settings().require()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("STRIPE_REQUESTS_PER_SECOND", "0", "a whole number from 1 to 100"),
        ("STRIPE_REQUESTS_PER_SECOND", "101", "a whole number from 1 to 100"),
        ("PRINTFUL_REQUESTS_PER_MINUTE", "-1", "a whole number from 1 to 10,000"),
        ("PRINTFUL_REQUESTS_PER_MINUTE", "many", "a whole number from 1 to 10,000"),
        ("ORDERSYNC_GRACE_MINUTES", "1441", "a whole number from 0 to 1,440"),
        ("ORDERSYNC_GRACE_MINUTES", "1.5", "a whole number from 0 to 1,440"),
        ("ORDERSYNC_INCLUDE_FREE_ORDERS", "perhaps", "`true` or `false`"),
        ("ORDERSYNC_STUCK_HOURS", "0", "a whole number from 1 to 8,760"),
        ("ORDERSYNC_STUCK_HOURS", "8761", "a whole number from 1 to 8,760"),
        ("ORDERSYNC_MIXED_GOODS", "some", "`true` or `false`"),
        ("ORDERSYNC_OTHER_CHANNELS", "some", "`true` or `false`"),
        ("ORDERSYNC_SET_REFUNDED", "never", "`true` or `false`"),
        ("ORDERSYNC_START_DATE", "31.12.2025", "a day such as 2026-01-31"),
    ],
)
def test_a_wrong_value_is_named_with_what_the_setting_takes(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name} \({re.escape(value)}\) takes {words}$"):
        read_settings().require()


def test_all_values_out_of_range_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_REQUESTS_PER_SECOND", "0")
    monkeypatch.setenv("ORDERSYNC_GRACE_MINUTES", "-1")
    with pytest.raises(SettingsError, match=r"(?s)2 settings.*STRIPE_REQUESTS_PER_SECOND.*ORDERSYNC_GRACE_MINUTES"):
        read_settings().require()


def test_empty_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", "")
    monkeypatch.setenv("STRIPE_REQUESTS_PER_SECOND", "")
    assert read_settings().stripe_api_base == "https://api.stripe.com"
    assert read_settings().stripe_requests_per_second == 20


def test_the_environment_is_stronger_than_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("ORDERSYNC_GRACE_MINUTES=5\nPRINTFUL_STORE_ID=7\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("PRINTFUL_STORE_ID", "8")
    settings = read_settings(file)
    assert (settings.ordersync_grace_minutes, settings.printful_store_id) == (5, "8")


def test_a_variable_of_another_program_may_have_several_lines(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('PRIVATE_KEY="-----BEGIN\nabc\n-----END"\nORDERSYNC_GRACE_MINUTES=5\n')
    settings = read_settings(file)
    settings.require()
    assert settings.ordersync_grace_minutes == 5


def test_a_folder_of_secrets_says_what_neither_environment_nor_file_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PRINTFUL_STORE_ID=7\n")
    for name, value in (("STRIPE_SECRET_KEY", f"{TEST}\n"), ("PRINTFUL_STORE_ID", "1"), ("DATABASE_URL", "unused")):
        (tmp_path / name).write_text(value)
    monkeypatch.setenv("ORDERSYNC_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "sqlite:///environment.db")
    settings = read_settings(tmp_path / ".env")
    assert (settings.stripe_key, settings.printful_store_id, settings.database) == (
        TEST,
        "7",
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


def test_a_bundle_of_certificates_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ORDERSYNC_CA_BUNDLE names no file: .*gone"):
        Settings(ordersync_ca_bundle=f"{tmp_path}/gone").require()


def test_a_secret_that_is_no_text_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIPE_SECRET_KEY", raising=False)
    monkeypatch.setenv("ORDERSYNC_SECRETS_DIR", str(tmp_path))
    (tmp_path / "STRIPE_SECRET_KEY").write_bytes(b"rk_test_\xff")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        read_settings()


def test_a_folder_in_the_place_of_the_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ordersync.toml").mkdir()  # as a container's mount of a file that is not there makes it
    with pytest.raises(SettingsError, match=r"ordersync\.toml cannot be read \(Is a directory\)"):
        read_settings(tmp_path / ".env").require()
