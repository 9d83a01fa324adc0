"""compose.yaml's pretend shop, started as processes: what the file says starts, is healthy, and repairs the shop."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ordersync_dagster_tests.deploy.processes import COMPOSE, WEB, Machine, machine, up
from ordersync_dagster_tests.orchestration.deployment import Deployment
from ordersync_dagster_tests.support.databases import execute_on, postgres_server

pytestmark = pytest.mark.slow


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Machine]:
    """A machine with a PostgreSQL as its service makes it; outside pytest's folder, which only its owner may enter."""
    root = Path(tempfile.mkdtemp(prefix="ordersync-compose-"))
    root.chmod(0o755)
    named = COMPOSE["services"]["sandbox-postgres"]["environment"]
    with postgres_server() as url:
        execute_on(url, f"CREATE ROLE {named['POSTGRES_USER']} SUPERUSER LOGIN")
        execute_on(url, f"CREATE DATABASE {named['POSTGRES_DB']} OWNER {named['POSTGRES_USER']}")
        with machine(root, Path(str(make_url(url).query["host"]))) as made:
            yield made
    shutil.rmtree(root)


def test_the_pretend_shop_of_compose_starts_is_healthy_and_is_repaired(empty: Machine) -> None:
    with up(empty, ["sandbox-webserver", "sandbox-daemon"]):
        dagster = Deployment(f"http://127.0.0.1:{empty.ports[WEB]}", empty.root)
        run_id = dagster.start("order_sync", {"days": 7})
        assert dagster.end_of(run_id) == "SUCCESS", dagster.failure(run_id)
    with closing(sqlite3.connect(empty.root / "var/lib/ordersync/shop.db")) as shop:
        assert shop.execute("SELECT count(*) FROM ordersync_audit WHERE resource = 'order'").fetchone()[0] > 0
    output = list((empty.root / "var/lib/dagster").rglob("*.err"))
    assert output, "the UI shows the output of runs, because all services share the volume"
    written = {path.relative_to(empty.root).parts[:3] for path in empty.root.rglob("*") if path.is_file()}
    assert {parts[0] for parts in written} <= {"var", "tmp", "app"} | {f"{name}.log" for name in COMPOSE["services"]}
