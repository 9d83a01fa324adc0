"""A moment, a pretend shop, a clock that nobody waits for, and fresh databases: what most tests start from."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import is_hypothesis_test

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import Sandbox, World, build
from ordersync_dagster_tests.support.cli import Cli, command_on
from ordersync_dagster_tests.support.clock import NOW, FakeTime
from ordersync_dagster_tests.support.databases import KINDS, OTHERS, Database, fresh_database, shared_postgres
from ordersync_dagster_tests.support.memory import keep_files_in_memory, spare_the_collector
from ordersync_dagster_tests.support.profiles import IS_FULL, for_full_profile, load_hypothesis_profile
from ordersync_dagster_tests.support.settings import VARIABLES
from ordersync_dagster_tests.support.shops import Shop, seeded
from ordersync_dagster_tests.support.templates import PostgresTemplates
from ordersync_dagster_tests.support.world import outage_of, served


def pytest_configure() -> None:
    """How much hypothesis tries, and where files are, before anything is asked for."""
    load_hypothesis_profile()
    keep_files_in_memory()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark hypothesis' tests as `breadth`, before pytest selects by marks; leave some to the full profile."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.breadth)
    left_out = for_full_profile(items)
    for item in left_out:
        item.add_marker(pytest.mark.breadth)
    if left_out and not IS_FULL:
        config.hook.pytest_deselected(items=left_out)
        kept = set(items) - set(left_out)
        items[:] = [item for item in items if item in kept]


def pytest_collection_finish() -> None:
    """All modules are loaded."""
    spare_the_collector()


@pytest.fixture(autouse=True, scope="session")
def no_state_in_the_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also processes that a test starts without the settings below leave the developer's home alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def _states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the state of each test may be; most have none, and a folder for each of thousands takes its time."""
    return tmp_path_factory.mktemp("states")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, _states: Path) -> None:
    """What the developer's own environment says must not reach a test, nor a test the developer's home."""
    for name in VARIABLES.intersection(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("ORDERSYNC_STATE_DIR", f"{_states}/{uuid4().hex}")


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
def messy() -> World:
    """The scenario with each class of problems, at NOW."""
    return build("messy", now=NOW)


@pytest.fixture
def messy_shop(messy: World, sqlite_url: str, time: FakeTime) -> Iterator[Shop]:
    """The scenario `messy` with vendors of its own, in SQLite."""
    with served(messy) as sandbox:
        yield Shop(sandbox, seeded(sqlite_url, messy), time)


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with shared_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def _templates(_postgres: str) -> Iterator[PostgresTemplates]:
    with ExitStack() as stack:
        yield PostgresTemplates(_postgres, stack)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Where an SQLite database may be made, for what only SQLite does or what no database changes."""
    return f"sqlite:///{tmp_path}/shop.db"


@pytest.fixture
def postgres_url(_postgres: str) -> Iterator[str]:
    """An empty PostgreSQL database, for what only PostgreSQL does."""
    with fresh_database(_postgres) as url:
        yield url


@pytest.fixture
def postgres_database(_postgres: str, _templates: PostgresTemplates) -> Iterator[Database]:
    """Our own schema, empty, in PostgreSQL."""
    with fresh_database(_postgres, _templates.name()) as url:
        yield Database(url)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of each kind: the tests that use it run on all of them."""
    with ExitStack() as stack:
        if request.param in OTHERS:
            yield stack.enter_context(fresh_database(OTHERS[request.param]))
        else:
            yield request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Our own schema, empty, on each kind of database."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            yield request.getfixturevalue("postgres_database")
        elif request.param == "sqlite":
            yield seeded(request.getfixturevalue("sqlite_url"))
        else:
            yield seeded(stack.enter_context(fresh_database(OTHERS[request.param])))


@pytest.fixture
def shop(sandbox: Sandbox, sqlite_url: str, time: FakeTime, outage: World) -> Shop:
    """The shop after the outage, in SQLite, for rules that no database changes."""
    return Shop(sandbox, seeded(sqlite_url, outage), time)


@pytest.fixture
def postgres_shop(
    sandbox: Sandbox, _postgres: str, _templates: PostgresTemplates, time: FakeTime, outage: World
) -> Iterator[Shop]:
    """The same in PostgreSQL, for what only that does."""
    with fresh_database(_postgres, _templates.name(outage)) as url:
        yield Shop(sandbox, Database(url), time)


@pytest.fixture(params=KINDS)
def each_shop(request: pytest.FixtureRequest, sandbox: Sandbox, time: FakeTime, outage: World) -> Iterator[Shop]:
    """The same in each kind of database."""
    if request.param in OTHERS:
        with fresh_database(OTHERS[request.param]) as url:
            yield Shop(sandbox, seeded(url, outage), time)
    else:
        yield request.getfixturevalue("shop" if request.param == "sqlite" else "postgres_shop")


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    """The outage as of this minute: the command asks the real clock."""
    world = outage_of(utc_now().replace(second=0, microsecond=0))
    sandbox.replace(world)
    return world


@pytest.fixture
def ordersync_everywhere(
    sandbox: Sandbox, database: Database, world: World, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Iterator[Cli]:  # fmt: skip
    """The command, the outage and the shop's database, of each kind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERSYNC_STATE_DIR", str(tmp_path / "state"))
    with command_on(sandbox, seeded(database.url, world), monkeypatch, capsys) as run:
        yield run


@pytest.fixture
def ordersync(
    sandbox: Sandbox, sqlite_url: str, world: World, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Iterator[Cli]:  # fmt: skip
    """The command in a folder of its own, the outage, and the shop's database."""
    monkeypatch.chdir(tmp_path)
    with command_on(sandbox, seeded(sqlite_url, world), monkeypatch, capsys) as run:
        yield run
