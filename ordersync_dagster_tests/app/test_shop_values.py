"""A wrong value in an entry of ordersync.toml is told with the shop, the setting, the value and what it takes."""

import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("table", ["[[shops]]", "[[Shop]]", "[shops]"])
def test_a_misspelt_table_of_shops_is_told_its_name(table: str, shop_file: ShopFile) -> None:
    with pytest.raises(SettingsError, match=r"there is no such name \(is it \[\[shop\]\]\?\)"):
        shop_file.read(f'{table}\nname = "prints"\n').chosen("all")
