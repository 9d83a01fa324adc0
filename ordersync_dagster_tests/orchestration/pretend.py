"""A pretend shop that a real Dagster looks after, and that can be put back to how it was."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import Sandbox, World, build
from ordersync_dagster_tests.orchestration.deployment import Deployment, running
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import UNHURRIED
from ordersync_dagster_tests.support.templates import fill
from ordersync_dagster_tests.support.world import served


@dataclass(frozen=True)
class PretendShop:
    """The vendors, the shop's database, and the Dagster between them."""

    sandbox: Sandbox
    world: World
    shop: Database
    dagster: Deployment

    def renew(self) -> None:
        """As at the start: the outage is not repaired, no vendor misbehaves, no day is green."""
        self.sandbox.replace(self.world)
        self.sandbox.faults.reset()
        self.sandbox.requests.clear()
        ours = ("runs", "dagster_runs", "missing", "parcels", "problems")
        for table in ("order_items", "order_events", "audit_logs", "orders", *(f"ordersync_{name}" for name in ours)):
            self.shop.execute(f"DELETE FROM {table}")
        fill(self.shop.url, self.world)
        self.dagster.wipe()

    def last_days(self, count: int) -> list[str]:
        """The last `count` days that are over, oldest first."""
        return self.dagster.days()[-count:]

    @property
    def recovered(self) -> int:
        """How many orders there are beyond those that the webhooks made."""
        return self.shop.count("orders") - len(self.world.shop.orders)


@contextmanager
def deployed(
    home: Path, *, url: str | None = None, config: str | None = None, world: World | None = None
) -> Iterator[PretendShop]:
    """A pretend shop of this moment with webserver and daemon; on SQLite unless `url` names a database."""
    now = world or build("outage", now=utc_now())
    database = url or f"sqlite:///{home}/shop.db"
    fill(database, now)
    with served(now) as sandbox:
        known = sandbox.environment() | UNHURRIED | {"DATABASE_URL": database, "ORDERSYNC_STATE_DIR": str(home)}
        with running(home / "dagster", known, config) as dagster:
            yield PretendShop(sandbox, now, Database(database), dagster)


def run_that_fails(pretend: PretendShop, sentence: str) -> None:
    """A run that fails for the reason that is meant."""
    run_id = pretend.dagster.start("order_sync", {"days": 7})
    assert pretend.dagster.end_of(run_id) == "FAILURE"
    assert sentence in pretend.dagster.failure(run_id)


def kept_files(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file as it is, and every database's rows, because long values lie in pieces in its file."""
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            yield path, content
            if content.startswith(b"SQLite format 3"):
                with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
                    yield path, "\n".join(database.iterdump()).encode()
