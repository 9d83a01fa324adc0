"""What the doctor says of a shop on PostgreSQL and of the role that looks at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ordersync_dagster.app.doctor import examine, worst
from ordersync_dagster.report.findings import Finding, Level
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.app.findings import levels, said
from ordersync_dagster_tests.support.administration import grant_script, initialise_database
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.existing_shops import other_shop, usual_shop
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shop_schemas import MAPPING


def test_a_session_id_without_a_unique_key_is_red(sandbox: Sandbox, postgres_url: str, outage: World) -> None:
    shop = usual_shop(postgres_url, outage)
    shop.execute("ALTER TABLE orders DROP CONSTRAINT orders_stripe_session_id_key")
    findings = examine(settings_for(sandbox, postgres_url))
    assert levels(findings, "Database") == [Level.RED]
    assert "orders.stripe_session_id has no unique key" in said(findings, "Database")


@pytest.fixture
def role(postgres_url: str, outage: World) -> Iterator[Database]:
    """The usual shop with our tables, seen by a role that has no rights yet."""
    shop = usual_shop(postgres_url, outage)
    name = f"role_{shop.engine.url.database}"
    shop.execute(f"CREATE ROLE {name} LOGIN")
    yield Database(shop.engine.url.set(username=name).render_as_string(hide_password=False))
    shop.script(f"DROP OWNED BY {name};\nDROP ROLE {name};\n")


@pytest.mark.parametrize(("is_writing", "level"), [(True, Level.GREEN), (False, Level.YELLOW)])
def test_a_roles_grants_are_named_table_by_table(
    sandbox: Sandbox, postgres_url: str, role: Database, is_writing: bool, level: Level
) -> None:
    owner = settings_for(sandbox, postgres_url)
    initialise_database(owner)
    name = str(role.engine.url.username)
    for grant in grant_script(owner, name, is_writing=is_writing, is_undoing=False):
        Database(postgres_url).execute(grant)
    findings = examine(settings_for(sandbox, role.url))
    (line,) = [each for each in findings if each.sentence.startswith(f"role {name} may")]
    assert line.level == level
    assert worst(findings) == 0
    if is_writing:
        assert "orders SELECT, INSERT, UPDATE; order_items SELECT, INSERT;" in line.sentence
    else:
        assert "orders SELECT; order_items SELECT: enough for dry runs" in line.sentence
        assert "INSERT on orders" in line.sentence
        assert "`ordersync db grants`" in line.sentence


@pytest.mark.parametrize("is_writing", [True, False])
def test_in_shadow_mode_a_role_that_could_write_is_yellow(
    sandbox: Sandbox, postgres_url: str, role: Database, is_writing: bool
) -> None:
    owner = settings_for(sandbox, postgres_url)
    initialise_database(owner)
    name = str(role.engine.url.username)
    for grant in grant_script(owner, name, is_writing=is_writing, is_undoing=False):
        Database(postgres_url).execute(grant)
    findings = examine(settings_for(sandbox, role.url, ORDERSYNC_SHADOW="true"))
    (line,) = [each for each in findings if each.sentence.startswith("ORDERSYNC_SHADOW is set")]
    assert line.level == (Level.YELLOW if is_writing else Level.GREEN)
    assert ("could write" in line.sentence) is is_writing


def test_a_role_that_may_not_even_read_is_red(sandbox: Sandbox, role: Database) -> None:
    findings = examine(settings_for(sandbox, role.url))
    assert levels(findings, "Database") == [Level.RED]
    assert "SELECT on orders" in said(findings, "Database")
    assert "`ordersync db grants --read-only`" in said(findings, "Database")


def test_an_owner_is_advised_to_take_a_smaller_role(sandbox: Sandbox, postgres_url: str, outage: World) -> None:
    usual_shop(postgres_url, outage)
    text = said(examine(settings_for(sandbox, postgres_url)), "Database")
    assert "owns the tables or is a superuser" in text
    assert "PostgreSQL" in text
    assert "no ordersync_* tables of this version yet" in text


def test_a_server_in_another_time_zone_is_a_thought_where_columns_have_none(
    sandbox: Sandbox, postgres_url: str, outage: World, tmp_path: Path
) -> None:
    shop = usual_shop(postgres_url, outage)
    shop.execute(f"ALTER DATABASE {shop.engine.url.database} SET timezone = 'Asia/Tokyo'")
    assert "time zone is Asia/Tokyo, and created_at" in said(examine(settings_for(sandbox, postgres_url)), "Database")
    other_shop(postgres_url, outage)
    (tmp_path / "ordersync.toml").write_text(MAPPING)
    mapped = settings_for(sandbox, postgres_url, ORDERSYNC_CONFIG=str(tmp_path / "ordersync.toml"))
    assert Finding(Level.GREEN, "Database", "the server's time zone is Asia/Tokyo") in examine(mapped)
