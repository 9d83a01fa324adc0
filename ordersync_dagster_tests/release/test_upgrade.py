"""A database that the release before wrote is taken on, audited and undone; a newer one's is refused."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from ordersync_dagster import __version__
from ordersync_dagster.adapters.database.schema.create import HEAD
from ordersync_dagster_tests.release.before import KINDS, Before, before, load, shop_rows
from ordersync_dagster_tests.support.cli import Cli, command_on, document
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.world import served

pytestmark = pytest.mark.databases


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def left(kind: str) -> Before:
    """What the release before says of its database."""
    return before(kind)


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest) -> Database:
    """The database of the release before, with its rows."""
    return load(kind, request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[kind]))


@pytest.fixture
def ordersync(
    left: Before, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Cli]:
    """Today's command on it, with the vendors as the release before met them."""
    with served(left.world) as sandbox, command_on(sandbox, database, monkeypatch, capsys) as cli:
        yield cli


@pytest.fixture
def sync(ordersync: Cli, left: Before) -> Callable[..., dict[str, object]]:
    """A run over the days of that shop, which must go well. What was too recent then is left out: it no longer is."""
    first = min(row["created_at"] for row in left.rows["orders"])[:10]
    last = f"{left.world.now - timedelta(days=2):%F}"

    def run(*options: str) -> dict[str, object]:
        ran = ordersync("sync", "--json", "--from", first, "--to", last, *options)
        assert ran.code == 0, ran.err
        return dict(document(ran))

    return run


def _version(database: Database) -> str:
    return str(database.column("SELECT version_num FROM ordersync_alembic_version")[0])


def test_a_preview_on_the_database_of_the_release_before_changes_nothing(
    database: Database, sync: Callable[..., dict[str, object]]
) -> None:
    rows = everything(database)
    assert sync("--dry-run")["changes"] == []
    assert everything(database) == rows


def test_the_first_run_takes_the_database_on_and_doubles_nothing(
    ordersync: Cli, database: Database, sync: Callable[..., dict[str, object]]
) -> None:
    rows = shop_rows(database)
    assert _version(database) < HEAD, "the release before knew fewer tables: make its databases again"
    status = ordersync("status")
    assert (status.code, status.out[:55]) == (1, "No run of this release has looked at this shop yet: run")
    assert sync()["changes"] == []
    assert _version(database) == HEAD
    assert shop_rows(database) == rows
    assert ordersync("db", "check").code == 0
    assert "this release" not in ordersync("status").out
    assert ordersync("doctor").out.count("✗ Database") == 0


def test_the_audit_of_the_release_before_holds_before_and_after_the_first_run(
    ordersync: Cli, left: Before, sync: Callable[..., dict[str, object]]
) -> None:
    first = ordersync("audit", "verify")
    sync()
    again = ordersync("audit", "verify")
    assert (first.code, first.out) == (again.code, again.out) == (0, first.out)
    assert "The audit is whole" in first.out
    assert left.run_id in ordersync("runs").out


def test_a_run_of_the_release_before_is_undone_to_the_row(ordersync: Cli, left: Before, database: Database) -> None:
    assert shop_rows(database) != left.rows
    assert ordersync("undo", left.run_id).code == 0
    assert _without_times(shop_rows(database)) == _without_times(left.rows)
    assert ordersync("audit", "verify").code == 0


def _without_times(rows: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """An undo is itself a change of an order."""
    return {table: [{**row, "updated_at": None} for row in found] for table, found in rows.items()}


@pytest.mark.parametrize("command", [("sync",), ("db", "init"), ("doctor",)], ids=" ".join)
def test_a_database_of_a_newer_release_is_refused_in_one_sentence(
    ordersync: Cli, database: Database, command: tuple[str, ...]
) -> None:
    database.execute("UPDATE ordersync_alembic_version SET version_num = '9999'")
    rows = everything(database)
    ran = ordersync(*command)
    sentence = f"its own tables are at 9999, and release {__version__} knows them up to {HEAD}"
    assert (ran.code, sentence in ran.out + ran.err) == (2, True)
    assert everything(database) == rows
