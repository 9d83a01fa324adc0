"""A shop that was there before us is repaired as it is, and keeps its own structure to the letter."""

from pathlib import Path

import pytest

from ordersync_dagster.app.history import History
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.administration import initialisation_script, initialise_database
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database, everything, fresh_database
from ordersync_dagster_tests.support.existing_shops import other_shop, run, schema_dump, usual_shop
from ordersync_dagster_tests.support.outcomes import counters, of_class
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shop_schemas import MAPPING, USUAL, WORDS
from ordersync_dagster_tests.support.shops import seeded
from ordersync_dagster_tests.support.world import expected_counters, lost_ids


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    """Where the ordersync.toml of the shop of another shape is."""
    path = tmp_path / "ordersync.toml"
    path.write_text(MAPPING)
    return str(path)


def test_the_url_of_an_existing_shop_is_all_that_is_needed(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World
) -> None:
    database = usual_shop(postgres_url, outage)
    before = schema_dump(database)
    previewed = run(sandbox, postgres_url, time, dry_run=True)
    assert schema_dump(database) == before
    assert not [name for name in database.tables() if name.startswith("ordersync_")]
    repaired = run(sandbox, postgres_url, time)
    assert counters(repaired) == expected_counters(outage)
    assert repaired.outcome.summary.seven == previewed.outcome.summary.seven
    assert schema_dump(database) == before
    assert "orders" in " ".join(before)
    assert database.column("SELECT version_num FROM alembic_version") == ["5f3c"]
    again = run(sandbox, postgres_url, time)
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)


def test_a_reference_names_an_order_whose_id_is_a_uuid_however_it_is_written(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World, mapping: str
) -> None:
    database = other_shop(postgres_url, outage)
    (named,) = database.column("SELECT order_no::text FROM sales.shop_orders ORDER BY serial LIMIT 1")
    left = "UPDATE sales.shop_orders SET checkout_id = 'cs_test_left', payment = NULL WHERE order_no::text = :id"
    database.execute(left, id=named)
    first, second = (each for each in outage.sessions if each["id"] in lost_ids(outage)[:2])
    pay = "UPDATE sales.shop_orders SET payment = :payment WHERE order_no::text = :id"
    database.execute(pay, payment=first["payment_intent"], id=named)
    sandbox.put_session({**first, "client_reference_id": named.upper()})
    sandbox.put_session({**second, "client_reference_id": "order 17"})
    repaired = run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": mapping})
    assert [ids["order_id"] for ids in of_class(repaired, "superseded_session")] == [named]
    assert second["id"] in database.column("SELECT checkout_id FROM sales.shop_orders")


def test_a_mapped_shop_is_repaired_as_the_usual_one_is(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World, mapping: str
) -> None:
    database = other_shop(postgres_url, outage)
    before = schema_dump(database)
    previewed = run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": mapping}, dry_run=True)
    repaired = run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": mapping})
    assert counters(repaired) == expected_counters(outage)
    assert repaired.outcome.summary.seven == previewed.outcome.summary.seven
    assert schema_dump(database) == before
    assert any("sales.order_state" in body for body in before.values())
    again = run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": mapping})
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)
    assert database.count("sales.shop_orders") == len(outage.shop.orders) + repaired.outcome.rows["orders_inserted"]


def test_a_mapped_shop_holds_what_the_usual_one_would(
    sandbox: Sandbox, postgres_url: str, sqlite_url: str, time: FakeTime, outage: World, mapping: str
) -> None:
    usual, other = seeded(sqlite_url, outage), other_shop(postgres_url, outage)
    run(sandbox, sqlite_url, time)
    run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": mapping})
    words = "CASE status " + " ".join(f"WHEN '{ours}' THEN '{theirs}'" for ours, theirs in WORDS.items())
    assert usual.rows(
        f"SELECT stripe_session_id, printful_order_id, {words} ELSE status END AS status, tracking_number,"
        " CAST(round(CAST(total_amount AS real) * CASE currency WHEN 'jpy' THEN 1 ELSE 100 END) AS int) AS cents"
        " FROM orders ORDER BY stripe_session_id"
    ) == other.rows(
        'SELECT checkout_id AS stripe_session_id, pf_order::text AS printful_order_id, "State"::text AS status,'
        ' tracking_number, cents FROM sales.shop_orders ORDER BY checkout_id COLLATE "C"'
    )
    assert usual.rows(
        "SELECT order_id, printful_variant_id, quantity, CAST(round(CAST(price AS real) * 100) AS int) AS cents"
        " FROM order_items ORDER BY id"
    ) == other.rows(
        "SELECT shop_order::text AS order_id, printful_variant_id::text AS printful_variant_id, quantity, cents"
        " FROM sales.lines ORDER BY id"
    )


def test_a_run_on_a_mapped_shop_is_taken_back_to_the_exact_rows(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World, mapping: str
) -> None:
    database = other_shop(postgres_url, outage)
    query = "SELECT to_json(row)::text FROM sales.{} AS row ORDER BY 1"
    before = [database.column(query.format(name)) for name in ("shop_orders", "lines")]
    repaired = run(sandbox, postgres_url, time, {"ORDERSYNC_CONFIG": mapping})
    assert [database.column(query.format(name)) for name in ("shop_orders", "lines")] != before
    history = History(settings_for(sandbox, postgres_url, ORDERSYNC_CONFIG=mapping), time.tools())
    assert history.undo(repaired.outcome.run_id, dry_run=False).kept == []
    assert [database.column(query.format(name)) for name in ("shop_orders", "lines")] == before


def test_a_mapped_sqlite_shop_is_repaired_too(sandbox: Sandbox, sqlite_url: str, time: FakeTime, outage: World) -> None:
    database = seeded(sqlite_url, outage)
    database.script(
        "ALTER TABLE orders RENAME TO shop_orders;\nALTER TABLE shop_orders RENAME stripe_session_id TO checkout_id;\n"
        "ALTER TABLE shop_orders ADD cents integer NOT NULL DEFAULT 0;\n"
        "UPDATE shop_orders SET cents = total_amount * CASE currency WHEN 'jpy' THEN 1 ELSE 100 END;\n"
        "ALTER TABLE shop_orders DROP total_amount;\nALTER TABLE order_items DROP price;\n"
        "ALTER TABLE order_items ADD cents integer;\n"
        "UPDATE shop_orders SET status = 'paid' WHERE status = 'processing';\nDROP TABLE audit_logs;\n"
    )
    mapping = Path(str(database.path.parent / "ordersync.toml"))
    mapping.write_text(
        "[tables]\norders = 'shop_orders'\n[columns.orders]\nstripe_session_id = 'checkout_id'\n"
        "total_amount = 'cents'\n[columns.order_items]\nprice = 'cents'\n[amounts]\nminor_units = true\n"
        "[statuses]\nprocessing = 'paid'\n"
    )
    repaired = run(sandbox, sqlite_url, time, {"ORDERSYNC_CONFIG": str(mapping)})
    assert counters(repaired) == expected_counters(outage)
    assert database.column("SELECT DISTINCT typeof(cents) FROM shop_orders") == ["integer"]
    assert "processing" not in database.column("SELECT DISTINCT status FROM shop_orders")
    again = run(sandbox, sqlite_url, time, {"ORDERSYNC_CONFIG": str(mapping)})
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)


@pytest.mark.parametrize("without", [("audit_logs",), ("order_events",), ("order_events", "audit_logs")])
def test_a_shop_without_timeline_or_audit_is_repaired_and_told_where_the_audit_is(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World, without: tuple[str, ...]
) -> None:
    database = usual_shop(postgres_url, outage, without=without)
    repaired = run(sandbox, postgres_url, time)
    assert counters(repaired) == expected_counters(outage)
    assert all(f"no {table}" in " ".join(repaired.ready.warnings) for table in without)
    assert "ordersync_audit" in " ".join(repaired.ready.warnings)
    assert not set(without) & database.tables()
    assert database.count("ordersync_audit") > 0


@pytest.mark.full
def test_our_tables_go_into_a_schema_of_their_own(
    sandbox: Sandbox, postgres_url: str, time: FakeTime, outage: World
) -> None:
    database = usual_shop(postgres_url, outage)
    before = schema_dump(database)
    repaired = run(sandbox, postgres_url, time, {"ORDERSYNC_SCHEMA": "keeper"})
    assert counters(repaired) == expected_counters(outage)
    assert not [name for name in database.tables() if name.startswith("ordersync_")]
    ours = database.column("SELECT table_name FROM information_schema.tables WHERE table_schema = 'keeper'")
    assert {"ordersync_runs", "ordersync_audit", "ordersync_alembic_version"} <= set(ours)
    assert database.count("keeper.ordersync_runs") == 1
    assert {name: body for name, body in schema_dump(database).items() if "keeper" not in name} == before
    again = run(sandbox, postgres_url, time, {"ORDERSYNC_SCHEMA": "keeper"})
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)
    run(sandbox, postgres_url, time, {"ORDERSYNC_SCHEMA": "keeper"}, dry_run=True)


def test_an_empty_database_keeps_the_shops_tables_out_of_our_schema(sandbox: Sandbox, postgres_url: str) -> None:
    created = initialise_database(settings_for(sandbox, postgres_url, ORDERSYNC_SCHEMA="keeper"))
    assert {"orders", "order_items", "keeper.ordersync_runs"} <= set(created)
    assert "orders" in Database(postgres_url).tables()


@pytest.mark.parametrize("schema", [{}, {"ORDERSYNC_SCHEMA": "keeper"}])
@pytest.mark.parametrize("script", ["", USUAL])
def test_the_sql_for_an_administrator_makes_what_db_init_makes(
    sandbox: Sandbox, postgres_url: str, schema: dict[str, str], script: str
) -> None:
    database = Database(postgres_url)
    database.script(script)
    before = everything(database)
    settings = settings_for(sandbox, postgres_url, **schema)
    sql = initialisation_script(settings)
    assert everything(database) == before
    with database.engine.begin() as connection:  # as an administrator with psql would
        connection.exec_driver_sql(sql)
    assert initialise_database(settings) == []
    assert initialisation_script(settings) == ""
    with fresh_database(postgres_url) as other:
        Database(other).script(script)
        initialise_database(settings_for(sandbox, other, **schema))
        assert schema_dump(Database(other), ours_too=True) == schema_dump(database, ours_too=True)
