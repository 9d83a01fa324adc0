"""Dagster in this process, on the pretend shop of today: Dagster's own days end yesterday."""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from ordersync_dagster.sandbox import Sandbox, World, build
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import UNHURRIED, seeded

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message=".*__fields__")
    from ordersync_dagster_tests.orchestration.pretend import PretendShop, deployed
    from ordersync_dagster_tests.orchestration.runs import Runs

HERE = Path(__file__).parent
DAGSTERS_OWN = (
    "ignore:.*__fields__",  # Dagster 1.13 speaks to pydantic in old words
    "ignore::dagster.BetaWarning",
    "ignore::dagster.PreviewWarning",
)
NOW = datetime.now(UTC).replace(hour=14, minute=30, second=0, microsecond=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dagster's own warnings are excused, and only in these tests."""
    for item in items:
        if HERE in item.path.parents:
            for each in DAGSTERS_OWN:
                item.add_marker(pytest.mark.filterwarnings(each))


@pytest.fixture(scope="session")
def outage() -> World:
    """The default scenario, today at half past two."""
    return build("outage", now=NOW)


@pytest.fixture
def time() -> FakeTime:
    """A clock at the world's moment."""
    return FakeTime(NOW)


@pytest.fixture
def shop(sandbox: Sandbox, outage: World, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The shop's database as the lost webhooks left it; the environment names it and the sandbox."""
    known = sandbox.environment() | UNHURRIED | {"DATABASE_URL": sqlite_url, "ORDERSYNC_STATE_DIR": str(tmp_path)}
    for name, value in known.items():
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


@pytest.fixture(scope="module")
def _deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PretendShop]:
    with deployed(tmp_path_factory.mktemp("dagster")) as pretend:
        yield pretend


@pytest.fixture
def pretend(_deployed: PretendShop) -> PretendShop:
    """The real webserver and daemon on a pretend shop as its lost webhooks left it; no day is green."""
    _deployed.renew()
    return _deployed
