"""`ordersync.toml`: what it may say, and what is said of a database that does not fit it, before any request."""

import re
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.schema.column_types import amount_of, to_minor
from ordersync_dagster.adapters.database.schema.shop_mapping import SIZE_LIMIT, ShopMapping, close_match, read_mapping
from ordersync_dagster.adapters.database.schema.status_words import AmbiguousWordError, StatusWords
from ordersync_dagster.app.settings import read_settings
from ordersync_dagster.core.errors import DatabaseRefusedError, SchemaError, SettingsError
from ordersync_dagster.core.orders import Status, can_move
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.existing_shops import other_shop, run
from ordersync_dagster_tests.support.shop_schemas import MAPPING, OTHER, USUAL
from ordersync_dagster_tests.support.shops import Shop


def read(tmp_path: Path, text: str) -> ShopMapping:
    path = tmp_path / "ordersync.toml"
    path.write_text(text)
    return read_mapping(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[tables]\norder = 'x'", r"\[tables\] order: there is no such name \(is it orders\?\)"),
        ("[columns.order]\nid = 'x'", r"\[columns\] order: there is no such name \(is it orders\?\)"),
        ("[columns.orders]\nsession_id = 'x'", r"\[columns.orders\] session_id: .*is it stripe_session_id\?"),
        ("[columns.orders]\nstatus = 'currency'", r"\[columns.orders\] currency is used for two of our names"),
        ("[tables]\norders = 'order_items'", r"\[tables\] order_items is used for two of our names"),
        ("[statuses]\ndelivred = 'done'", r"\[statuses\] delivred: .*is it delivered\?"),
        ("[statuses]\nfailed = 'paid'\nprocessing = 'paid'", r"could not tell them apart"),
        ("[amounts]\nminor_units = 'yes'", r"\[amounts.minor_units\] takes true or false"),
        ("[amounts]\nminor_unit = true", r"\[amounts.minor_unit\] there is no such name \(is it minor_units\?\)"),
        ("[link]\nexternal = 'order_id'", r"\[link.external\] there is no such name \(is it external_id\?\)"),
        ("[link]\nby = 'order_id'", r"\[link.by\] there is no such name; there is external_id"),
        ("[link]\nexternal_id = 'session'", r"\[link.external_id\] takes 'payment_intent' or 'order_id'"),
        ("[printfull]\ndelivery = 'shipments'", r"\[printfull\] there is no such name \(is it printful\?\)"),
        ("grace_minutes = 5", r"\[grace_minutes\] .* Settings stand in the environment, in .env or in a \[\[shop\]\]"),
        ("columns.orders = 'x'", r"\[columns.orders\] is a table: write its name alone in brackets"),
        ("[amounts]\ncents = true", r"\[amounts.cents\] there is no such name"),
        ("[link]\nexternal_id = 'sku'", r"\[link.external_id\].*payment_intent"),
        ("[match]\nreference = 'order_id'", r"\[match.reference\] 'order_id' is none of .*metadata.KEY"),
        ("[match]\nreference = 'metadata. '", r"is none of"),
        ("[table]\norders = 'x'", r"\[table\] there is no such name"),
        ("[tables]\norders = ''", r"\[tables.orders\]"),
        ("[tables]\norders = 7", r"\[tables.orders\] takes a text"),
        ("[tables", r"is not TOML"),
        ("[tables]\norders = 'a'\norders = 'b'", r"is not TOML"),
        ("#" * (SIZE_LIMIT + 1), r"larger than 1024 KB"),
        ("[a]\n" + "x = " + "[" * 60_000, r"is not TOML"),
    ],
)
def test_fault_56_what_a_file_cannot_say_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        read(tmp_path, text)


def test_blanks_around_a_reference_are_not_part_of_it(tmp_path: Path) -> None:
    assert read(tmp_path, "[match]\nreference = 'metadata.cart '").match.reference == "metadata.cart"


def test_all_that_is_wrong_in_a_file_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, "[tables]\norder = 'x'\n[statuses]\ndelivred = 'done'")
    assert "order:" in str(raised.value)
    assert "delivred:" in str(raised.value)


def test_the_file_beside_env_is_used_unless_another_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("ORDERSYNC_GRACE_MINUTES=5\n")
    assert read_settings(tmp_path / ".env").layout.mapping == ShopMapping()
    (tmp_path / "ordersync.toml").write_text("[link]\nexternal_id = 'order_id'")
    assert read_settings(tmp_path / ".env").layout.mapping.link.external_id == "order_id"
    (tmp_path / "other.toml").write_text("[link]\nexternal_id = 'payment_intent'")
    monkeypatch.setenv("ORDERSYNC_CONFIG", str(tmp_path / "other.toml"))
    assert read_settings(tmp_path / ".env").layout.mapping.link.external_id == "payment_intent"
    monkeypatch.setenv("ORDERSYNC_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read .*ORDERSYNC_CONFIG"):
        read_settings(tmp_path / ".env").require()


@pytest.mark.parametrize("name", ["Own", "own schema", "pg_own", "own;drop", "1own", 'o"wn'])
def test_our_schema_has_a_plain_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("ORDERSYNC_SCHEMA", name)
    with pytest.raises(SettingsError, match=r"ORDERSYNC_SCHEMA.* is a name"):
        read_settings().require()


def test_a_word_that_was_written_is_read_so_that_no_run_writes_it_again() -> None:
    for first, second in product(Status, Status):
        try:
            words = StatusWords(((first, "same"), (second, "same"))) if first != second else StatusWords()
        except AmbiguousWordError:
            continue
        for word in (first, second):
            read_back = words.from_shop(words.to_shop(word))
            assert read_back == word or not can_move(read_back, word)


def test_a_word_that_nobody_mapped_passes_through() -> None:
    words = StatusWords(((Status.DELIVERED, "completed"),))
    assert words.from_shop("on_the_moon") == "on_the_moon"
    assert words.from_shop("completed") == Status.DELIVERED
    assert words.to_shop("shipped") == "shipped"


def test_a_status_word_of_the_shop_keeps_its_meaning_where_ours_is_mapped_elsewhere() -> None:
    words = StatusWords(((Status.FAILED, "print_error"),))
    assert words.from_shop("print_error") == Status.FAILED
    assert words.from_shop("failed") == "failed (the shop's own word)"
    for word, after in product(Status, Status):
        assert not can_move(StatusWords(((word, "another"),)).from_shop(word), after)


def test_an_order_whose_word_is_the_shops_own_keeps_it(shop: Shop, tmp_path: Path) -> None:
    row = shop.of_printful("fulfilled")
    shop.database.execute("UPDATE orders SET status = 'failed' WHERE id = :id", id=row["id"])
    path = tmp_path / "ordersync.toml"
    path.write_text("[statuses]\nfailed = 'print_error'")
    ran = run(shop.sandbox, shop.database.url, shop.time, {"ORDERSYNC_CONFIG": str(path)})
    assert shop.order(row["stripe_session_id"])["status"] == "failed"
    (problem,) = [each for each in ran.outcome.problems if each.ids.get("order_id") == row["id"]]
    assert problem.problem_class == "regress_blocked"
    assert "is failed (the shop's own word) and stays so" in problem.sentence


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("19.99", "usd", 1999), ("800", "JPY", 800), ("107411.050", "kwd", 107411050), ("0", None, 0)],
)
def test_minor_units_follow_the_currency(amount: str, currency: str | None, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor
    assert amount_of(minor, currency) == (Decimal(amount) if currency else None)


@pytest.mark.parametrize(("amount", "currency"), [("19.995", "usd"), ("8.5", "jpy"), ("1", "xxx"), ("1", None)])
def test_an_amount_without_whole_minor_units_is_refused_and_not_rounded(amount: str, currency: str | None) -> None:
    with pytest.raises(DatabaseRefusedError):
        to_minor(Decimal(amount), currency)


MISFITS = [
    ("ALTER TABLE orders DROP COLUMN currency", "", r"orders\.currency is missing: add it"),
    (
        "ALTER TABLE orders RENAME stripe_session_id TO stripe_session",
        "",
        r"stripe_session_id is missing \(is it stripe_session\?\): .*\[columns\.orders\] in ordersync\.toml",
    ),
    (
        "SELECT 1",
        "[columns.orders]\nstripe_session_id = 'stripe_sesion'",
        r"orders\.stripe_sesion is missing \(is it stripe_session_id\?\), which ordersync\.toml names",
    ),
    ("SELECT 1", "[tables]\norders = 'oders'", r"no table `oders`.*\(is it orders\?\)"),
    ("SELECT 1", "[tables]\norders = 'sales.orders'", r"no table `sales\.orders`"),
    ("DROP TABLE audit_logs", "[tables]\naudit_logs = 'logs'", r"no table `logs`, which ordersync\.toml names"),
    ("ALTER TABLE orders ALTER total_amount TYPE float8", "", r"total_amount is double.*numeric\(15,3\)"),
    ("ALTER TABLE orders ALTER total_amount TYPE bigint", "", r"total_amount is a whole number.*minor_units = true"),
    ("SELECT 1", "[amounts]\nminor_units = true", r"total_amount is numeric\(10, 2\), but minor_units are whole"),
    ("ALTER TABLE orders ALTER created_at TYPE date", "", r"orders\.created_at is date.*make it timestamptz"),
    ("ALTER TABLE orders DROP COLUMN metadata, ADD COLUMN metadata bytea", "", r"metadata is bytea.*make it jsonb"),
    ("ALTER TABLE order_items ALTER quantity TYPE text", "", r"order_items\.quantity is text.*make it integer"),
    ("ALTER TABLE orders ADD COLUMN shelf text NOT NULL", "", r"orders\.shelf must be given and has no default"),
    ("ALTER TABLE orders ALTER tracking_url SET NOT NULL", "", r"orders\.tracking_url must be given"),
    ("ALTER TABLE orders ALTER stripe_session_id TYPE varchar(20)", "", r"stripe_session_id holds 20 .* 66 are"),
    ("ALTER TABLE orders ALTER status TYPE varchar(8)", "", r"orders\.status holds 8 characters, and 10 are written"),
    (
        "ALTER TABLE orders ADD CHECK (status IN ('pending', 'processing', 'shipped', 'completed', 'failed'))",
        "",
        r"orders\.status takes pending, .* but not delivered, cancelled, refunded: say under \[statuses\]",
    ),
    (
        "CREATE TYPE state AS ENUM ('pending', 'processing', 'shipped', 'refunded', 'failed', 'cancelled');\n"
        "ALTER TABLE orders ALTER status DROP DEFAULT, ALTER status TYPE state USING status::state",
        "",
        r"orders\.status takes .* but not delivered: say under \[statuses\]",
    ),
    ("ALTER TABLE orders DROP CONSTRAINT orders_stripe_session_id_key", "", r"has no unique key.*add one"),
]


@pytest.mark.parametrize(("change", "mapping", "sentence"), MISFITS)
def test_what_does_not_fit_is_said_with_its_fix_before_any_request(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, tmp_path: Path, change: str, mapping: str, sentence: str
) -> None:
    database = Database(postgres_url)
    database.script(USUAL)
    database.script(change)
    (tmp_path / "ordersync.toml").write_text(mapping)
    for dry_run in (True, False):
        with pytest.raises(SchemaError) as raised:
            run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": str(tmp_path / "ordersync.toml")}, dry_run=dry_run)
        assert re.search(sentence, str(raised.value)), str(raised.value)
    assert sandbox.requests == []
    assert "ordersync_runs" not in database.tables()


def test_every_misfit_of_a_mapped_shop_is_named_at_once_in_its_own_names(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, tmp_path: Path, outage: World
) -> None:
    database = other_shop(postgres_url, outage)
    database.script("DROP INDEX sales.one_order_a_checkout;\nALTER TABLE sales.lines RENAME cents TO centimes;\n")
    (tmp_path / "ordersync.toml").write_text(MAPPING.replace('failed = "broken"', 'failed = "lost"'))
    with pytest.raises(SchemaError) as raised:
        run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": str(tmp_path / "ordersync.toml")})
    for sentence in (
        r"shop_orders\.checkout_id has no unique key",
        r"lines\.cents is missing \(is it centimes\?\)",
        r"shop_orders\.State takes NEW, paid.* but not lost",
    ):
        assert re.search(sentence, str(raised.value)), str(raised.value)


def test_a_mapping_never_makes_shop_tables(sandbox: Sandbox, postgres_url: str, time: FakeTime, tmp_path: Path) -> None:
    (tmp_path / "ordersync.toml").write_text(MAPPING)
    with pytest.raises(SchemaError, match=r"no table `sales\.shop_orders`"):
        run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": str(tmp_path / "ordersync.toml")})
    assert Database(postgres_url).tables() == set()
    assert "CREATE" in OTHER


def test_a_name_that_differs_only_in_capitals_is_the_hint() -> None:
    assert close_match("orders", ["ORDERS", "order_items"]) == " (is it ORDERS?)"
