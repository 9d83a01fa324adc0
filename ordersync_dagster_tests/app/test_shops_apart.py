"""Two shops that could take each other's orders are refused: one database and schema, or one Stripe account."""

import re
from pathlib import Path

import pytest

from ordersync_dagster_tests.support.shop_files import ShopFile, entry, secrets_of


@pytest.fixture
def shop_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShopFile:
    return ShopFile(tmp_path, monkeypatch)


SAME = "postgresql://other:secret@db.example.com:5432/prints"
OTHER_TABLE = '[shop.tables]\norders = "posters.orders"'
NOT_APART = {
    "nothing": ("", SAME, "have the same database and schema"),
    "the sessions": ('session_match = "metadata.shop=posters"', SAME, "have the same database and schema"),
    "the tables": (OTHER_TABLE, SAME, "have the same database and schema"),
    "our schema": ('schema = "posters"', SAME, r"have the same table of orders \(db.example.com:5432/prints: orders\)"),
    "our schema and the name of the usual one": (
        'schema = "posters"\n[shop.tables]\norders = "public.orders"', SAME, "have the same table of orders",
    ),
    "a schema in the URL, and the name of the usual one": (
        '[shop.tables]\norders = "public.orders"', f"{SAME}?schema=posters", "have the same table of orders",
    ),
    "the search path": ("", f"{SAME}?search_path=public,posters", "have the same database and schema"),
    "the capitals of the host": ("", SAME.replace("db.", "DB."), "have the same database and schema"),
}  # fmt: skip


@pytest.mark.parametrize(("more", "url", "sentence"), NOT_APART.values(), ids=NOT_APART)
def test_two_shops_with_one_database_are_refused_if_only_this_is_their_own(
    more: str, url: str, sentence: str, shop_file: ShopFile
) -> None:
    """A run of one would end the problems that the other found, and look after the other's orders."""
    shop_file.set(secrets_of("prints") | secrets_of("posters", database_url=url) | secrets_of("mugs"))
    shops = shop_file.read(entry("prints") + entry("posters", more) + entry("mugs"))
    assert [fault.split(":")[0] for fault in shops.faults] == ["prints", "posters"]
    assert all(re.search(f"prints and posters {sentence}", fault) for fault in shops.faults)
    assert "secret" not in " ".join(shops.faults)


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ('schema = "posters"\n' + OTHER_TABLE, SAME),
        ("", f"{SAME}?schema=posters"),
        ("", f"{SAME}?options=-csearch_path%3Dp"),
    ],
)
def test_two_schemas_of_one_database_are_two_shops(more: str, url: str, shop_file: ShopFile) -> None:
    shop_file.set(secrets_of("prints") | secrets_of("posters", database_url=url))
    assert not shop_file.read(entry("prints") + entry("posters", more)).faults


MATCH = 'session_match = "metadata.shop={}"'.format


@pytest.mark.parametrize(
    ("prints", "posters", "refused"),
    [
        ("", "", ["prints", "posters"]),
        ("", MATCH("posters"), ["prints"]),
        (MATCH("a"), MATCH("a"), ["prints", "posters"]),
        (MATCH("prints"), MATCH("posters"), []),
        ('checkout_modes = "payment"', 'checkout_modes = "subscription"', []),
    ],
)
@pytest.mark.parametrize("by", ["key", "name"])
def test_shops_of_one_stripe_account_need_a_rule_for_their_sessions(
    by: str, prints: str, posters: str, refused: list[str], shop_file: ShopFile
) -> None:
    """Else each would add the other's payments as orders of its own, and both would send the goods."""
    one_key = {"stripe_key": "rk_test_" + "one"} if by == "key" else {}
    one_name = 'stripe_account = "main"\n' if by == "name" else ""
    shop_file.set(secrets_of("prints", **one_key) | secrets_of("posters", **one_key) | secrets_of("mugs"))
    shops = shop_file.read(entry("prints", one_name + prints) + entry("posters", one_name + posters) + entry("mugs"))
    assert [fault.split(":")[0] for fault in shops.faults] == refused
    assert all(f"{name} has the Stripe account of" in fault for name, fault in zip(refused, shops.faults, strict=True))
