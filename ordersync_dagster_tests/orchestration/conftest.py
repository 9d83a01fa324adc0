"""Dagster in this process, on the pretend shop of today: Dagster's own days end yesterday."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from alembic.command import stamp
from alembic.config import Config

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.sandbox import Sandbox, World, build
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import seeded

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=".*__fields__")
    from ordersync_dagster_tests.orchestration.pretend import PretendShop, deployed
    from ordersync_dagster_tests.orchestration.runs import THIS_AFTERNOON, Past, Runs, environment, past_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dagster's own warnings are excused, and only in these tests."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:.*__fields__"))  # Dagster 1.13 speaks to pydantic so
            item.add_marker(pytest.mark.filterwarnings("ignore::dagster.BetaWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"))


@pytest.fixture(autouse=True, scope="session")
def _no_revisions_in_memory() -> Iterator[None]:
    """No revision is noted in a database in memory: for each of them alembic reads all 77 migrations of Dagster."""

    def stamped(config: Config, revision: str) -> None:
        if config.attributes["connection"].engine.url.database not in (None, "", ":memory:"):
            stamp(config, revision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dagster._core.storage.sql.stamp", stamped)
        yield


@pytest.fixture(scope="session")
def outage() -> World:
    """The default scenario, today at half past two."""
    return build("outage", now=THIS_AFTERNOON)


@pytest.fixture
def time() -> FakeTime:
    """A clock at the world's moment."""
    return FakeTime(THIS_AFTERNOON)


@pytest.fixture
def shop(sandbox: Sandbox, outage: World, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The shop's database as the lost webhooks left it; the environment names it and the sandbox."""
    for name, value in environment(sandbox, sqlite_url, tmp_path).items():
        monkeypatch.setenv(name, value)
    return seeded(sqlite_url, outage)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster without a past."""
    with dg.DagsterInstance.ephemeral() as fresh:
        yield fresh


@pytest.fixture
def runs(shop: Database, time: FakeTime, instance: dg.DagsterInstance) -> Runs:
    """Runs of both jobs on that shop."""
    return Runs(instance, time.tools())


@pytest.fixture(scope="session")
def past(_server: Sandbox, outage: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """A dry run over the whole outage, the run, and the run after it: made once, for tests that only look."""
    _server.replace(outage)
    _server.faults.reset()
    folder = tmp_path_factory.mktemp("past")
    url = f"sqlite:///{folder}/shop.db"
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as fresh:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        for name, value in environment(_server, url, folder).items():
            patch.setenv(name, value)
        made = past_of(Runs(fresh, FakeTime(THIS_AFTERNOON).tools()), seeded(url, outage))
        patch.undo()
        yield made


@pytest.fixture(scope="module")
def _deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PretendShop]:
    with deployed(tmp_path_factory.mktemp("dagster")) as pretend:
        yield pretend


@pytest.fixture
def pretend(_deployed: PretendShop) -> PretendShop:
    """The real webserver and daemon on a pretend shop as its lost webhooks left it; no day is green."""
    _deployed.renew()
    return _deployed
