"""Names of settings with a typing mistake: what they were meant to change would stay as it is, in silence."""

from pathlib import Path

import pytest

from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster_tests.support.cli import Cli

SHADDOW = "ORDERSYNC_SHADDOW is no setting: is it ORDERSYNC_SHADOW?"


def test_a_misspelt_name_in_the_environment_stops_a_run_before_it_writes(ordersync: Cli) -> None:
    ran = ordersync("sync", ORDERSYNC_SHADDOW="true")
    assert (ran.code, ran.out) == (2, "")
    assert f"{SHADDOW} Correct the name" in ran.err
    assert ordersync.sandbox.requests == []
    assert f"✗ Settings: {SHADDOW}" in ordersync("doctor").out


def test_a_misspelt_name_is_found_in_the_env_file_and_in_the_folder_of_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "ORDERSYNC_ALERT_URL").write_text("mailto://a")
    (tmp_path / ".env").write_text(f"ORDERSYNC_GRACE_MINUTE=5\nORDERSYNC_SECRETS_DIR={folder}\n")
    with pytest.raises(SettingsError, match=r"(?s)2 settings.*ORDERSYNC_ALERT_URLS\?.*ORDERSYNC_GRACE_MINUTES\?"):
        read_settings(tmp_path / ".env").require()


@pytest.mark.parametrize("name", ["ORDERSYNC_SEEDS", "ORDERSYNC_IMAGE", "ORDERSYNC_TEST_PROFILE", "SHOP_SHADDOW"])
def test_names_of_other_programs_are_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    read_settings().require()


@pytest.mark.parametrize("value", ["", "  "])
def test_a_misspelt_name_without_a_value_changes_nothing(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERSYNC_SHADDOW", value)
    read_settings().require()


def test_a_misspelt_name_of_the_environment_stops_each_of_several_shops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [
        f'[[shop]]\nname = "{name}"\ndatabase_url_variable = "ORDERSYNC_SHOPS_{name.upper()}"\n' for name in "ab"
    ]
    (tmp_path / "ordersync.toml").write_text("\n".join(entries))
    monkeypatch.setenv("ORDERSYNC_CONFIG", str(tmp_path / "ordersync.toml"))
    for name in "AB":
        monkeypatch.setenv(f"ORDERSYNC_SHOPS_{name}", f"sqlite:///{tmp_path}/{name}.db")
    assert read_shops().faults == []
    monkeypatch.setenv("ORDERSYNC_SHADDOW", "true")
    assert [each.startswith(f"{name}: {SHADDOW}") for name, each in zip("ab", read_shops().faults, strict=True)] == [
        True
    ] * 2


def test_a_variable_that_ordersync_toml_names_may_be_like_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ordersync.toml").write_text('[[shop]]\nname = "a"\nalert_urls_variable = "ORDERSYNC_ALERT_URLS_A"\n')
    monkeypatch.setenv("ORDERSYNC_CONFIG", str(tmp_path / "ordersync.toml"))
    monkeypatch.setenv("ORDERSYNC_ALERT_URLS_A", "mailto://a:b@example.com")
    assert read_shops().faults == []


def test_no_setting_is_taken_for_a_misspelling_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "1")
    assert not [name for name in read_settings().faults if name.lower() not in Settings.model_fields]
