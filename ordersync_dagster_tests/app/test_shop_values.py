"""A wrong value in an entry of ordersync.toml is told with the shop, the setting, the value and what it takes."""

import re
from pathlib import Path

import pytest

from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster_tests.support.shop_files import ShopFile

ALL_NEEDED = ("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL")


@pytest.fixture
def shop_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShopFile:
    return ShopFile(tmp_path, monkeypatch)


NO_TIMES = {
    "61 3 * * *": r"prints: schedule \(61 3 \* \* \*\) is no time: its minute is 61, and may be 0 to 59\. Write it as",
    "0 3 30 2 *": r"\(0 3 30 2 \*\) is no time: there is no day 30 in the months that it names",
    "@daily": r"schedule is no time: cron has five fields\. Write it as cron does, such as \"20 3 \* \* \*\"",
    "rk_live_" + "madeUp": "schedule is no time: cron has five fields",
}


@pytest.mark.parametrize(("line", "sentence"), NO_TIMES.items(), ids=NO_TIMES)
def test_a_schedule_that_is_no_time_is_told_with_its_shop_and_value(
    line: str, sentence: str, shop_file: ShopFile
) -> None:
    shops = shop_file.of("prints", "posters", prints=f'schedule = "{line}"')
    (fault,) = shops.faults
    assert re.search(sentence, fault)
    assert "madeUp" not in fault
    shops.named("posters").settings.require(*ALL_NEEDED)


def test_an_empty_schedule_is_none(shop_file: ShopFile) -> None:
    shops = shop_file.of("prints", prints='schedule = ""')
    assert (shops.faults, shops.named("prints").schedule) == ([], None)


@pytest.mark.parametrize("name", ["checkout_modes", "alert_classes", "allowed_hosts"])
def test_an_empty_list_is_a_fault_and_not_the_default(name: str, shop_file: ShopFile) -> None:
    assert shop_file.of("prints", prints=f"{name} = []").faults == [
        f"prints: {name} is an empty list, which says nothing: name something, or take it away"
    ]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('grace_minutes = "15 min"', "grace_minutes (15 min) takes a whole number from 0 to 1,440"),
        ('mixed_goods = "some"', "mixed_goods (some) takes `true` or `false`"),
        ('session_match = "shop=prints"', "session_match (shop=prints) is metadata.KEY"),
        ('checkout_modes = ["setup"]', "checkout_modes (setup) is a list"),
        ('schema = "My Shop"', "schema (My Shop) is a name"),
        ('late_days = "sk_live_' + 'abc"', "late_days takes a whole number"),
        ('late_days = "' + "x" * 25 + '"', "late_days takes a whole number"),
        ('late_days = "postgresql://u:p@h"', "late_days takes a whole number"),
    ],
)
def test_a_wrong_value_is_shown_unless_it_could_be_a_secret(line: str, shown: str, shop_file: ShopFile) -> None:
    (fault,) = shop_file.of("prints", prints=line).faults
    assert fault.startswith(f"prints: {shown}")


def test_a_file_of_windows_is_read(shop_file: ShopFile) -> None:
    shops = shop_file.of("prints")
    file = shop_file.folder / "ordersync.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_shops(shop_file.folder / ".env").names == shops.names


@pytest.mark.parametrize("name", ["ordersync.toml", ".env"])
def test_a_file_that_is_not_utf_8_is_told_without_its_bytes(name: str, shop_file: ShopFile) -> None:
    (shop_file.folder / name).write_text('[[shop]]\nname = "prints"\n', encoding="utf-16")
    with pytest.raises(SettingsError, match=r"is not UTF-8 text.*ave it again as UTF-8") as raised:
        read_shops(shop_file.folder / ".env").chosen(None)[0].settings.require()
    assert name in str(raised.value)
    assert "0xff" not in str(raised.value)


def test_a_secret_that_cannot_be_read_stops_its_shop_alone(
    shop_file: ShopFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "POSTERS_HASH").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("ORDERSYNC_SECRETS_DIR", f"{tmp_path}/secrets")
    shops = shop_file.of("prints", "posters", posters='hash_key_variable = "POSTERS_HASH"')
    (fault,) = shops.faults
    assert fault.startswith("posters: POSTERS_HASH cannot be read from ")
    shops.named("prints").settings.require(*ALL_NEEDED)


def test_a_message_names_some_of_many_shops(shop_file: ShopFile) -> None:
    shops = shop_file.read("".join(f'[[shop]]\nname = "s{number}"\n' for number in range(1_000)))
    with pytest.raises(SettingsError, match=r"\(is it s100\?\); there are s0, .*, s19 and 980 more \(docs"):
        shops.chosen("s1000")
    with pytest.raises(SettingsError, match=r"s19 and 980 more$"):
        shops.chosen(None)


@pytest.mark.parametrize("table", ["[[shops]]", "[[Shop]]", "[shops]"])
def test_a_misspelt_table_of_shops_is_told_its_name(table: str, shop_file: ShopFile) -> None:
    with pytest.raises(SettingsError, match=r"there is no such name \(is it \[\[shop\]\]\?\)"):
        shop_file.read(f'{table}\nname = "prints"\n').chosen("all")
