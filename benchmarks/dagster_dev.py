"""`dagster dev` on a pretend shop in SQLite, driven over GraphQL."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from sqlalchemy import create_engine, text

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.sandbox import World, serve

ROOT = Path(__file__).parents[1]
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "ordersync"}
HIGH_LIMITS = {"STRIPE_REQUESTS_PER_SECOND": "100", "PRINTFUL_REQUESTS_PER_MINUTE": "10000"}  # no waiting
WAIT_SECONDS = 600  # the daemon looks at backfills every 30
LOADED = "{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }"
DAYS = '{ assetNodeOrError(assetKey: {path: ["orders"]}) { ... on AssetNode { partitionKeys } } }'
LAUNCH = (
    "mutation($of: ExecutionParams!) { launchRun(executionParams: $of) { ... on LaunchRunSuccess { run { runId } } } }"
)
BACKFILL = """mutation($of: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $of) { ... on LaunchBackfillSuccess { backfillId } } }"""
BACKFILLED = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs(limit: 100) { runId } } } }"""
RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status startTime endTime } } }"


@dataclass(frozen=True)
class DagsterDev:
    """A running Dagster, and the database of its shop."""

    url: str
    database: str

    def ask(self, query: str, **variables: object) -> Any:
        """The data of an answer; raises RuntimeError if it has errors."""
        answer = requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
        if "errors" in answer:
            raise RuntimeError(answer["errors"])
        return answer["data"]

    def order_sync(self, days: int) -> float:
        """The seconds of one run of `order_sync`, from the start of its process to its end, by Dagster's own clock."""
        selector = {**REPOSITORY, "pipelineName": "order_sync"}
        launched = self.ask(LAUNCH, of={"selector": selector, "runConfigData": {"days": days}})
        return self._seconds(launched["launchRun"]["run"]["runId"])

    def backfill(self) -> list[float]:
        """The seconds of each run of a backfill of every day."""
        selector = {"repositorySelector": REPOSITORY, "partitionSetName": "daily_order_sync_partition_set"}
        launched = self.ask(BACKFILL, of={"selector": selector, "partitionNames": self.days()})
        backfill_id = launched["launchPartitionBackfill"]["backfillId"]
        ended = _until(lambda: self.ask(BACKFILLED, id=backfill_id)["partitionBackfillOrError"], "COMPLETED_SUCCESS")
        return [self._seconds(run["runId"]) for run in ended["runs"]]

    def days(self) -> list[str]:
        """Every daily partition."""
        keys: list[str] = self.ask(DAYS)["assetNodeOrError"]["partitionKeys"]
        return keys

    def orders(self) -> int:
        """How many orders the shop has."""
        with create_engine(self.database).connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM orders")).scalar_one())

    def _seconds(self, run_id: str) -> float:
        run = _until(lambda: self.ask(RUN, id=run_id)["runOrError"], "SUCCESS")
        return float(run["endTime"] - run["startTime"])


@contextmanager
def dagster_dev(world: World) -> Iterator[DagsterDev]:
    """Webserver and daemon on this world, with the rows that its webhooks wrote."""
    with TemporaryDirectory(prefix="ordersync-bench-") as folder, serve(world) as sandbox:
        database = f"sqlite:///{folder}/shop.db"
        open_shop.seed(parse_url(database), {"orders": world.shop.orders, "order_items": world.shop.order_items})
        shutil.copy(ROOT / "dagster.yaml", folder)
        settings = HIGH_LIMITS | {"DATABASE_URL": database, "ORDERSYNC_STATE_DIR": folder, "DAGSTER_HOME": folder}
        with _process({**os.environ, **sandbox.environment(), **settings}) as url:
            dagster = DagsterDev(url, database)
            _until(lambda: _status(dagster), "LOADED")
            yield dagster


@contextmanager
def _process(environment: Mapping[str, str]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(ROOT / "workspace.yaml"),
        "-h",
        "127.0.0.1",
        "-p",
        port,
    ]
    home, quiet = environment["DAGSTER_HOME"], subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=home, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _status(dagster: DagsterDev) -> dict[str, str]:
    try:
        entries = dagster.ask(LOADED)["workspaceOrError"].get("locationEntries", [])
    except (requests.RequestException, ValueError):
        return {"status": "it does not answer yet"}
    return {"status": entries[0]["loadStatus"] if entries else "it has not begun to load"}


def _until(look: Callable[[], Any], status: str) -> Any:
    """The first result of `look` with this status."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (seen := look())["status"] != status:
        if time.monotonic() > deadline or "FAIL" in seen["status"]:
            raise RuntimeError(f"not {status} but {seen}")
        time.sleep(0.3)
    return seen
