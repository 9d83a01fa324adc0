"""A server that refuses us, or takes no writes: exit 2 with its reason, and never the password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from ordersync_dagster.core.errors import DatabaseAccessError
from ordersync_dagster_tests.support.cli import Cli
from ordersync_dagster_tests.support.databases import Database, execute_on
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.stores import inserting, opened, order

PASSWORD = "hunter2"  # made up


@contextmanager
def asking_for_passwords(url: str) -> Iterator[None]:
    """The server of `url` asks everybody but its administrator for a password."""
    database = Database(url)
    file = Path(database.column("SHOW hba_file")[0])
    before = file.read_text()
    file.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    database.execute("CREATE ROLE clerk LOGIN PASSWORD 'the-right-one'")
    try:
        database.execute("SELECT pg_reload_conf()")
        yield
    finally:
        file.write_text(before)
        database.execute("SELECT pg_reload_conf()")
        database.execute("DROP ROLE clerk")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"username": "nobody"}, 'role "nobody" does not exist'),
    ],
)
@pytest.mark.parametrize("command", ["sync", "sync --dry-run", "doctor", "db check", "db init", "runs"])
def test_fault_27_an_unknown_database_or_role_is_exit_2(
    ordersync: Cli, postgres_url: str, command: str, changes: dict[str, Any], reason: str
) -> None:
    url = make_url(postgres_url).set(password=PASSWORD, **changes).render_as_string(hide_password=False)
    ran = ordersync(*command.split(), DATABASE_URL=url)
    assert ran.code == 2
    assert reason in ran.out + ran.err
    assert PASSWORD not in ran.out + ran.err
    assert command == "doctor" or ordersync.sandbox.requests == []


def test_fault_27_a_password_that_the_server_refuses_is_exit_2(ordersync: Cli, postgres_url: str) -> None:
    url = make_url(postgres_url).set(username="clerk", password=PASSWORD).render_as_string(hide_password=False)
    with asking_for_passwords(postgres_url):
        ran = ordersync("sync", DATABASE_URL=url)
        without = ordersync("sync", DATABASE_URL=url.replace(PASSWORD, ""))
    assert (ran.code, without.code) == (2, 2)
    assert 'password authentication failed for user "clerk"' in ran.err
    assert "no password supplied" in without.err
    assert PASSWORD not in ran.out + ran.err


def test_fault_39_a_database_that_takes_no_writes_is_exit_2(ordersync: Cli, postgres_url: str, world: object) -> None:
    database = seeded(postgres_url, world)  # type: ignore[arg-type]
    execute_on(postgres_url, f"ALTER DATABASE {make_url(postgres_url).database} SET default_transaction_read_only = on")
    ran = ordersync("sync", DATABASE_URL=database.url)
    assert ran.code == 2
    assert "takes no writes: default_transaction_read_only is on" in ran.err
    assert ordersync.sandbox.requests == []
    looked = ordersync("doctor", DATABASE_URL=database.url)
    assert (looked.code, "default_transaction_read_only is on" in looked.out) == (2, True)
    assert ordersync("sync", "--dry-run", DATABASE_URL=database.url).code == 0


def test_an_empty_database_that_takes_no_writes_is_exit_2(ordersync: Cli, postgres_url: str) -> None:
    execute_on(postgres_url, f"ALTER DATABASE {make_url(postgres_url).database} SET default_transaction_read_only = on")
    for command in ("sync", "db init"):
        ran = ordersync(*command.split(), DATABASE_URL=postgres_url)
        assert (ran.code, "takes no writes: default_transaction_read_only is on" in ran.err) == (2, True)


def test_fault_39_a_database_that_becomes_read_only_ends_the_run(postgres_shop: Shop) -> None:
    database = postgres_shop.database
    with opened(database.url) as (store, engine):
        name = make_url(database.url).database
        execute_on(database.url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        engine.dispose()
        with pytest.raises(DatabaseAccessError, match="takes no writes"):
            store.apply(inserting(order(1), order(2)), "run1")
