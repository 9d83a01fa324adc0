"""A role with the printed grants can do the job and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy.exc import ProgrammingError

from ordersync_dagster.app.history import History
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.errors import DatabaseRefusedError, SchemaError, SettingsError
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.administration import grant_script, initialise_database
from ordersync_dagster_tests.support.cli import command_on
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.existing_shops import run, usual_shop
from ordersync_dagster_tests.support.outcomes import counters
from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched, seeded
from ordersync_dagster_tests.support.world import expected_counters


@dataclass(frozen=True)
class Roles:
    """The usual shop with our tables, its administrator, and two roles with the printed grants."""

    shop: Database
    writer: Database
    reader: Database


@pytest.fixture(params=[{}, {"ORDERSYNC_SCHEMA": "keeper"}], ids=["beside", "apart"])
def layout(request: pytest.FixtureRequest) -> dict[str, str]:
    """Our tables among the shop's, or in a schema of their own."""
    return dict(request.param)


@pytest.fixture
def roles(sandbox: Sandbox, postgres_url: str, outage: World, layout: dict[str, str]) -> Iterator[Roles]:
    shop = usual_shop(postgres_url, outage)
    shop.execute("ALTER TABLE orders ADD COLUMN number bigserial")
    settings = settings_for(sandbox, postgres_url, **layout)
    initialise_database(settings)
    suffix = str(shop.engine.url.database)
    made = {kind: _made(shop, settings, f"{kind}_{suffix}", is_writing=kind == "rw") for kind in ("rw", "ro")}
    yield Roles(shop, made["rw"], made["ro"])
    for kind in made:
        shop.script(f"DROP OWNED BY {kind}_{suffix};\nDROP ROLE {kind}_{suffix};\n")


def _made(shop: Database, settings: Settings, name: str, *, is_writing: bool) -> Database:
    shop.execute(f"CREATE ROLE {name} LOGIN")
    for grant in grant_script(settings, name, is_writing=is_writing, is_undoing=False):
        shop.execute(grant)
    return Database(shop.engine.url.set(username=name).render_as_string(hide_password=False))


def test_the_writing_role_does_the_whole_job(
    sandbox: Sandbox, roles: Roles, time: FakeTime, outage: World, layout: dict[str, str]
) -> None:
    repaired = run(sandbox, roles.writer.url, time, layout)
    assert counters(repaired) == expected_counters(outage)
    assert not repaired.ready.warnings
    again = run(sandbox, roles.writer.url, time, layout)
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)


def test_a_role_that_may_not_blank_our_record_is_told_who_may(
    sandbox: Sandbox, roles: Roles, time: FakeTime, layout: dict[str, str]
) -> None:
    run(sandbox, roles.writer.url, time, layout)
    history = History(settings_for(sandbox, roles.writer.url, **layout), time.tools())
    with pytest.raises(DatabaseRefusedError, match=r"lacks a right.*purge and forget need the owner of ordersync_"):
        history.purge(1, dry_run=False)
    assert history.verify().blanked == 0


def test_the_reading_role_does_a_dry_run_and_nothing_more(
    sandbox: Sandbox, roles: Roles, time: FakeTime, outage: World, layout: dict[str, str]
) -> None:
    before = everything(roles.shop)
    previewed = run(sandbox, roles.reader.url, time, layout, dry_run=True)
    assert counters(previewed) == expected_counters(outage)
    requests = len(sandbox.requests)
    with pytest.raises(SchemaError, match=r"lacks .*INSERT on orders.*UPDATE \(.*status.*\) on orders.*db grants"):
        run(sandbox, roles.reader.url, time, layout)
    assert len(sandbox.requests) == requests
    assert everything(roles.shop) == before


FORBIDDEN = [
    "UPDATE orders SET customer_email = 'x'",
    "UPDATE orders SET total_amount = 0",
    "UPDATE orders SET id = 'x'",
    "UPDATE order_items SET quantity = 1",
    "UPDATE audit_logs SET action = 'x'",
    "UPDATE {ours}ordersync_audit SET reason = 'x'",
    "DELETE FROM orders",
    "DELETE FROM order_items",
    "DELETE FROM order_events",
    "DELETE FROM audit_logs",
    "DELETE FROM {ours}ordersync_audit",
    "DELETE FROM {ours}ordersync_runs",
    "TRUNCATE orders CASCADE",
    "DROP TABLE order_items",
    "ALTER TABLE orders ADD COLUMN x int",
    "CREATE TABLE x (y int)",
    "CREATE INDEX x ON orders (id)",
    "SELECT * FROM users",
    "INSERT INTO users (email) VALUES ('x@example.com')",
    "SELECT version_num FROM alembic_version",
]


def test_everything_else_is_refused_to_both_roles(roles: Roles, layout: dict[str, str]) -> None:
    ours = "keeper." if layout else ""
    for role in (roles.writer, roles.reader):
        for statement in FORBIDDEN:
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
                role.execute(statement.format(ours=ours))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE orders SET status = 'shipped'",
        "INSERT INTO order_items (order_id) VALUES ('x')",
        "SELECT * FROM audit_logs",
        "SELECT * FROM {ours}ordersync_secrets",
    ],
)
def test_the_reading_role_writes_nothing_and_reads_no_secret(
    roles: Roles, layout: dict[str, str], statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        roles.reader.execute(statement.format(ours="keeper." if layout else ""))


def test_a_dry_run_of_the_reading_role_says_that_it_cannot_tell_who_was_erased(
    sandbox: Sandbox, roles: Roles, time: FakeTime, layout: dict[str, str]
) -> None:
    key = {"ORDERSYNC_HASH_KEY": "a key of the shop"}
    History(settings_for(sandbox, roles.shop.url, **layout, **key), time.tools()).forget("x@example.com", dry_run=False)
    for given in ({}, key):
        reader = settings_for(sandbox, roles.reader.url, **layout, **given)
        ready = launched(reader, dry_run=True, tools=time.tools()).ready
        assert any("ordersync_erased" in each for each in ready.warnings) is not bool(given)


def test_the_grants_for_undo_add_deletes_of_three_tables_alone(sandbox: Sandbox, roles: Roles) -> None:
    settings = settings_for(sandbox, roles.shop.url)
    usual = grant_script(settings, "rw", is_writing=True, is_undoing=False)
    more = grant_script(settings, "rw", is_writing=True, is_undoing=True)
    deleting = [grant.split(" ON ")[1] for grant in set(more) - set(usual) if "DELETE" in grant]
    assert sorted(deleting) == [f'"public"."{name}" TO "rw";' for name in ("order_events", "order_items", "orders")]
    assert len(more) == len(usual)


def test_the_undo_role_takes_a_run_back_and_the_writing_role_names_what_it_may_not(
    sandbox: Sandbox, roles: Roles, time: FakeTime, layout: dict[str, str]
) -> None:
    before = {name: rows for name, rows in everything(roles.shop).items() if name in ("orders", "order_items")}
    inserted = run(sandbox, roles.writer.url, time, layout).outcome
    settings = settings_for(sandbox, roles.writer.url, **layout)
    listed = History(settings, time.tools()).undo(inserted.run_id, dry_run=True)
    assert len(listed.kept) >= inserted.rows["orders_inserted"]
    owner = settings_for(sandbox, roles.shop.url, **layout)
    for grant in grant_script(owner, str(roles.writer.engine.url.username), is_writing=True, is_undoing=True):
        roles.shop.execute(grant)
    undone = History(settings, time.tools()).undo(inserted.run_id, dry_run=False)
    assert len(undone.removals) == inserted.rows["orders_inserted"]
    after = everything(roles.shop)
    assert {name: after[name] for name in before} == before


def test_the_page_shows_what_is_printed(sandbox: Sandbox, postgres_url: str, outage: World) -> None:
    usual_shop(postgres_url, outage)
    settings = settings_for(sandbox, postgres_url)
    shown = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "grants.md").read_text(), re.S)
    printed = [
        grant_script(settings, "ordersync_rw", is_writing=True, is_undoing=False),
        grant_script(settings, "ordersync_ro", is_writing=False, is_undoing=False),
    ]
    assert [block.strip().splitlines() for block in shown] == printed


def test_the_command_prints_statements_and_nothing_else(
    sandbox: Sandbox, roles: Roles, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with command_on(sandbox, roles.shop, monkeypatch, capsys) as ordersync:
        printed = [
            ordersync("db", "grants", "--role", "somebody", *options) for options in ([], ["--read-only"], ["--undo"])
        ]
    for ran in printed:
        lines = ran.out.splitlines()
        assert ran.code == 0
        assert lines
        assert all(re.fullmatch(r'GRANT .* TO "somebody";', line) for line in lines)


def test_a_missing_grant_is_named_before_any_request(
    sandbox: Sandbox, roles: Roles, time: FakeTime, layout: dict[str, str]
) -> None:
    name = roles.writer.engine.url.username
    roles.shop.execute(f"REVOKE UPDATE (tracking_url) ON orders FROM {name}")
    roles.shop.execute(f"REVOKE USAGE ON SEQUENCE orders_number_seq FROM {name}")
    with pytest.raises(SchemaError, match=r"tracking_url.*orders_number_seq.*output of `ordersync db grants`"):
        run(sandbox, roles.writer.url, time, layout)
    assert sandbox.requests == []


def test_sqlite_has_no_grants(sandbox: Sandbox, sqlite_url: str) -> None:
    seeded(sqlite_url)
    with pytest.raises(SettingsError, match="SQLite has no roles"):
        grant_script(settings_for(sandbox, sqlite_url), "rw", is_writing=True, is_undoing=False)
