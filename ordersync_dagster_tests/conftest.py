"""A moment, a pretend shop, a clock that nobody waits for, and fresh databases: what most tests start from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import Sandbox, World, build
from ordersync_dagster_tests.support.cli import Cli, command_on
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import (
    EMPTY,
    KINDS,
    Database,
    database_of,
    database_to_copy,
    fresh_database,
    postgres_server,
)
from ordersync_dagster_tests.support.profiles import load_hypothesis_profile
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.world import served


def pytest_configure() -> None:
    """How much hypothesis tries, before it is asked for anything."""
    load_hypothesis_profile()


@pytest.fixture(autouse=True, scope="session")
def no_state_in_the_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also processes that a test starts without the settings below leave the developer's home alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the developer's own environment says must not reach a test, nor a test the developer's home."""
    for name in ("STRIPE_LOG", *Settings.model_fields):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ORDERSYNC_STATE_DIR", f"{tmp_path}-state")


@pytest.fixture
def time() -> FakeTime:
    """A clock at NOW."""
    return FakeTime()


@pytest.fixture(scope="session")
def outage() -> World:
    """The default scenario at NOW."""
    return build("outage", now=NOW)


@pytest.fixture(scope="session")
def _server(outage: World) -> Iterator[Sandbox]:
    with served(outage) as running:
        yield running


@pytest.fixture
def sandbox(_server: Sandbox, outage: World) -> Iterator[Sandbox]:
    """The default scenario as new; afterwards it must have seen nothing but GET."""
    _server.replace(outage)
    _server.faults.reset()
    _server.requests.clear()
    _server.methods.clear()
    yield _server
    assert _server.methods <= {"GET"}, "something was sent to a vendor"


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def _to_copy(_postgres: str) -> Iterator[str]:
    with database_to_copy(_postgres) as name:
        yield name


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind: the tests that use it run on all of them."""
    with database_of(request.param, tmp_path, lambda: request.getfixturevalue("_postgres")) as url:
        yield url


@pytest.fixture(params=KINDS)
def shop_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same for a shop that is about to be made; PostgreSQL's has its tables already, which saves a third second."""
    like = request.getfixturevalue("_to_copy") if request.param == "postgresql" else EMPTY
    with database_of(request.param, tmp_path, lambda: request.getfixturevalue("_postgres"), like) as url:
        yield url


@pytest.fixture
def postgres_url(_postgres: str) -> Iterator[str]:
    """An empty PostgreSQL database, for what only PostgreSQL does."""
    with fresh_database(_postgres) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Where an SQLite database may be made, for what only SQLite does or what no database changes."""
    return f"sqlite:///{tmp_path}/shop.db"


@pytest.fixture
def database(shop_url: str) -> Database:
    """Our own schema, empty, on each kind of database."""
    return seeded(shop_url)


@pytest.fixture
def shop(sandbox: Sandbox, sqlite_url: str, time: FakeTime, outage: World) -> Shop:
    """The shop after the outage, in SQLite, for rules that no database changes."""
    return Shop(sandbox, seeded(sqlite_url, outage), time)


@pytest.fixture
def each_shop(sandbox: Sandbox, shop_url: str, time: FakeTime, outage: World) -> Shop:
    """The same in each kind of database."""
    return Shop(sandbox, seeded(shop_url, outage), time)


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    """The outage as of now: the command asks the real clock."""
    world = build("outage", now=utc_now())
    sandbox.replace(world)
    return world


@pytest.fixture
def ordersync(
    sandbox: Sandbox, sqlite_url: str, world: World, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Iterator[Cli]:  # fmt: skip
    """The command in a folder of its own, the outage, and the shop's database."""
    monkeypatch.chdir(tmp_path)
    with command_on(sandbox, seeded(sqlite_url, world), monkeypatch, capsys) as run:
        yield run
