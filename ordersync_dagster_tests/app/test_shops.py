"""Several shops stand in ordersync.toml; each has its own settings, and its faults stop nobody else."""

from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.schema.shop_mapping import ShopMapping
from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.app.shop_entries import KNOWN, OF_THE_DEPLOYMENT, TABLES, VALUES, VARIABLES
from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster_tests.support.shop_files import ShopFile, entry, secrets_of

ALL_NEEDED = ("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL")


@pytest.fixture
def shop_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShopFile:
    return ShopFile(tmp_path, monkeypatch)


def test_without_entries_there_is_one_shop_with_the_settings_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERSYNC_GRACE_MINUTES", "7")
    (tmp_path / "ordersync.toml").write_text('[statuses]\nprocessing = "paid"\n')
    shops = read_shops(tmp_path / ".env")
    (only,) = shops.chosen(None)
    assert (only.name, only.settings, shops.names) == ("", read_settings(tmp_path / ".env"), ())


def test_each_shop_has_the_keys_and_the_database_of_its_variables(shop_file: ShopFile) -> None:
    shops = shop_file.of("prints", "posters")
    for shop in shops:
        shop.settings.require(*ALL_NEEDED)
        assert shop.settings.database.endswith(f"/{shop.name}")
        assert shop.settings.stripe_key.endswith(shop.name)
        assert shop.settings.printful_key == f"token-of-{shop.name}"
        assert shop.settings.ordersync_shop == shop.settings.ordersync_metrics_shop == shop.name


def test_variables_are_found_in_env_files_and_folders_of_secrets(shop_file: ShopFile, tmp_path: Path) -> None:
    secrets = secrets_of("prints")
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "PRINTS_DATABASE_URL").write_text(secrets.pop("PRINTS_DATABASE_URL") + "\n")
    shop_file.set({"PRINTS_STRIPE_KEY": secrets.pop("PRINTS_STRIPE_KEY")})
    lines = [f"{name}={value}" for name, value in secrets.items()]
    (tmp_path / ".env").write_text("\n".join([*lines, f"ORDERSYNC_SECRETS_DIR={folder}"]))
    shop_file.read(entry("prints")).named("prints").settings.require(*ALL_NEEDED)


def test_what_an_entry_leaves_out_comes_from_the_environment_and_the_file(
    shop_file: ShopFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERSYNC_GRACE_MINUTES", "7")
    monkeypatch.setenv("ORDERSYNC_LATE_DAYS", "3")
    for name in ("prints", "posters"):
        shop_file.set(secrets_of(name))
    own = 'grace_minutes = 30\nmixed_goods = true\ncheckout_modes = ["payment"]\nlate_days = ""\n'
    tables = '[shop.columns.orders]\nstatus = "state"\n[shop.match]\nreference = "none"\n'
    shops = shop_file.read(
        '[columns.orders]\ntotal_amount = "amount"\n' + entry("prints", own + tables) + entry("posters")
    )
    prints, posters = (shop.settings for shop in shops)
    assert (prints.ordersync_grace_minutes, posters.ordersync_grace_minutes) == (30, 7)
    assert (prints.ordersync_late_days, posters.ordersync_late_days) == (7, 3), "an empty text is the default"
    assert prints.ordersync_mixed_goods
    assert prints.ordersync_checkout_modes == {"payment"}
    assert prints.ordersync_config.columns == {"orders": {"total_amount": "amount", "status": "state"}}
    assert (prints.ordersync_config.match.reference, posters.ordersync_config.match.reference) == ("none", None)
    assert posters.ordersync_config.columns == {"orders": {"total_amount": "amount"}}


def test_an_entry_may_name_a_file_for_its_tables(shop_file: ShopFile, tmp_path: Path) -> None:
    (tmp_path / "prints.toml").write_text('[tables]\norders = "sales"\n')
    prints = shop_file.of("prints", prints='config = "prints.toml"').named("prints").settings
    assert prints.ordersync_config.tables == {"orders": "sales"}
    both = shop_file.of("prints", prints='config = "prints.toml"\n[shop.tables]\norders = "x"')
    assert both.faults == ["prints: config and tables exclude each other: write the tables into one place"]


def test_every_setting_has_one_name_in_an_entry() -> None:
    settings = {*VALUES.values(), *VARIABLES.values(), *OF_THE_DEPLOYMENT}
    assert settings == set(Settings.model_fields)
    assert len(KNOWN) == len(set(KNOWN))
    assert set(ShopMapping.model_fields) == TABLES | {"shop"}
    assert {"database_url_variable", "stripe_key_variable", "printful_key_variable"} < VARIABLES.keys()
    assert {
        "session_match",
        "grace_minutes",
        "schema",
        "printful_store_id",
        "stripe_requests_per_second",
    } < VALUES.keys()


BAD_FORMS = {
    "two of one name": (entry("prints") * 2, "prints is the name of two shops"),
    "alike": (entry("a-b") + entry("A_B"), "a-b and A_B are one name to Dagster"),
    "no name": ("[[shop]]\ngrace_minutes = 3\n", 'number 1 has no name: write name = "…"'),
    "all": (entry("All"), "not 'all'"),
    "blank": (entry("my shop"), "name has 1 to 40 letters"),
    "mistyped": (entry("prints", "grace_minute = 3"), r"prints: grace_minute: .* \(is it grace_minutes\?"),
    "in capitals": (entry("prints", "ORDERSYNC_LATE_DAYS = 3"), "ORDERSYNC_LATE_DAYS is called late_days here"),
    "a variable in capitals": (entry("prints", 'HASH_KEY_VARIABLE = "X"'), "is called hash_key_variable here"),
    "a secret": (entry("prints", 'stripe_secret_key = "x"'), "give the name of its variable as stripe_key_variable"),
    "a database": (entry("prints", 'database_url = "x"'), "give the name of its variable as database_url_variable"),
    "of the deployment": (entry("prints", 'state_dir = "/x"'), "one for all shops: set ORDERSYNC_STATE_DIR"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_wrong_form_is_named_with_its_shop(text: str, sentence: str, shop_file: ShopFile) -> None:
    with pytest.raises(SettingsError, match=sentence):
        shop_file.read(text)


def test_all_wrong_forms_are_named_at_once(shop_file: ShopFile) -> None:
    with pytest.raises(SettingsError) as raised:
        shop_file.read(entry("prints", "sesion_match = 3\nnonsense = 1") + entry("prints"))
    assert len(str(raised.value).splitlines()) == 4


@pytest.mark.parametrize("text", ["[shop]\nname = 'x'\n", "shop = 3\n", "shop = ['x']\n", "[[shop]]\nname = \n"])
def test_a_file_that_has_no_entries_of_the_right_form_is_a_fault(text: str, shop_file: ShopFile) -> None:
    with pytest.raises(SettingsError, match=r"ordersync\.toml"):
        shop_file.read(text).chosen(None)[0].settings.require()


SECRET = "sk_live_" + "51MadeUpKey"


@pytest.mark.parametrize(
    "given", [SECRET, SECRET.upper(), "postgresql://u:hidden@h/db", "tokenOfMixedLetters12", "A" * 65]
)
def test_a_secret_in_the_place_of_a_variable_is_refused_without_repeating_it(given: str, shop_file: ShopFile) -> None:
    text = f'[[shop]]\nname = "prints"\nstripe_key_variable = "{given}"\n' + entry("posters")
    shop_file.set(secrets_of("posters"))
    shops = shop_file.read(text)
    (sentence,) = shops.faults
    assert sentence.startswith("prints: stripe_key_variable is the name of an environment variable in capitals")
    assert given not in sentence
    shops.named("posters").settings.require(*ALL_NEEDED)


def test_a_shop_without_its_variables_says_which_and_stops_no_other(shop_file: ShopFile) -> None:
    shop_file.set(secrets_of("posters"))
    shops = shop_file.read(
        entry("prints", 'alert_urls_variable = "PRINTS_ALERTS"\ngrace_minutes = -1') + entry("posters")
    )
    shops.named("posters").settings.require(*ALL_NEEDED)
    with pytest.raises(SettingsError) as raised:
        shops.named("prints").settings.require(*ALL_NEEDED)
    for name in ("PRINTS_STRIPE_KEY", "PRINTS_PRINTFUL_KEY", "PRINTS_DATABASE_URL", "PRINTS_ALERTS", "grace_minutes"):
        assert name in str(raised.value)
    assert "STRIPE_SECRET_KEY" not in str(raised.value)


def test_a_variable_that_is_not_set_is_not_replaced_by_the_environment(
    shop_file: ShopFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/other.db")
    assert shop_file.read(entry("prints")).named("prints").settings.database == ""


def test_a_value_of_the_wrong_kind_is_a_fault_of_its_shop(shop_file: ShopFile) -> None:
    shops = shop_file.of("prints", prints='session_match = {a = 1}\nunpaid_days = "soon"\nschedule = "daily"')
    assert {sentence.split(": ")[1].split(" ")[0] for sentence in shops.faults} == {
        "session_match",
        "schedule",
        "unpaid_days",
    }


def test_shops_are_chosen_by_name(shop_file: ShopFile, monkeypatch: pytest.MonkeyPatch) -> None:
    shops = shop_file.of("prints", "posters")
    assert [shop.name for shop in shops.chosen("all")] == ["prints", "posters"]
    assert [shop.name for shop in shops.chosen("posters")] == ["posters"]
    with pytest.raises(SettingsError, match=r"there are several shops: .*prints, posters"):
        shops.chosen(None)
    with pytest.raises(SettingsError, match=r"no shop 'print' \(is it prints\?\)"):
        shops.chosen("print")
    monkeypatch.setenv("ORDERSYNC_SHOP", "posters")
    assert [shop.name for shop in shop_file.of("prints", "posters").chosen(None)] == ["posters"]


def test_a_single_entry_needs_no_choice(shop_file: ShopFile) -> None:
    assert [shop.name for shop in shop_file.of("prints").chosen(None)] == ["prints"]


def test_a_single_shop_has_no_name_to_choose(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no \[\[shop\]\] stands in ordersync.toml"):
        read_shops(tmp_path / ".env").chosen("all")


@pytest.mark.parametrize("text", ["[[shop]\nname = 3", 'x = [\n[[shop]]\nname = "prints"\n', "  [[ shop ]]\n = 3"])
def test_shops_of_a_file_that_is_no_toml_are_not_gone_without_a_word(text: str, shop_file: ShopFile) -> None:
    with pytest.raises(SettingsError, match="is not TOML"):
        shop_file.read(text)


def test_a_file_that_cannot_be_read_is_the_reason_why_there_is_no_shop(
    shop_file: ShopFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERSYNC_CONFIG", "/nowhere/ordersync.toml")
    for wanted in ("all", "prints"):
        with pytest.raises(SettingsError, match=r"/nowhere/ordersync\.toml cannot be read"):
            read_shops().chosen(wanted)


def test_an_entry_that_names_no_variable_for_its_key_is_told_to(shop_file: ShopFile) -> None:
    shops = shop_file.read('[[shop]]\nname = "prints"\n')
    with pytest.raises(SettingsError, match="name its variable in the entry of prints"):
        shops.named("prints").settings.require(*ALL_NEEDED)


def test_each_shop_has_a_metrics_file_of_its_own(
    shop_file: ShopFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ORDERSYNC_METRICS_FILE", str(tmp_path / "ordersync.prom"))
    shops = shop_file.of("prints", "posters")
    files = [shop.settings.ordersync_metrics_file for shop in shops]
    assert files == [tmp_path / "ordersync-prints.prom", tmp_path / "ordersync-posters.prom"]
    line = f'metrics_file = "{tmp_path}/one.prom"'
    assert len(shop_file.of("prints", "posters", prints=line, posters=line).faults) == 2


def test_a_schedule_is_a_line_of_cron(shop_file: ShopFile) -> None:
    assert shop_file.of("prints", prints='schedule = "20  3 * * *"').named("prints").schedule == "20 3 * * *"
