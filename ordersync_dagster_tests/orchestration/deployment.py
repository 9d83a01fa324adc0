"""The real webserver and daemon on loopback, in a DAGSTER_HOME of their own, driven over GraphQL."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from ordersync_dagster_tests.orchestration import graphql
from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.processes import free_port, stop_group

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": "ordersync"}
ASSETS = ("stripe_sessions", "orders", "printful_orders", "order_items", "order_sync_summary")
PATIENCE = 240.0  # seconds: the daemon looks at backfills every 30, and a busy machine needs 20 to start
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Deployment:
    """A running Dagster."""

    url: str
    home: Path
    patience: float = PATIENCE  # seconds for a backfill

    def ask(self, query: str, **variables: object) -> Json:
        """What GraphQL says."""
        answer = requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60)
        document: Json = answer.json()
        assert "errors" not in document, document["errors"]
        data: Json = document["data"]
        return data

    def launchpad(self, job: str) -> str:
        """What the Launchpad of a job is filled with."""
        found = self.ask(graphql.LAUNCHPAD, selector={**REPOSITORY, "pipelineName": job})
        return str(found["runConfigSchemaOrError"]["rootDefaultYaml"])

    def launch(self, job: str, config: Mapping[str, object], tags: Mapping[str, str] | None = None) -> Json:
        """Launch a run as the Launchpad does: the run, or why Dagster would not have it."""
        named = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        parameters: Json = {"selector": {**REPOSITORY, "pipelineName": job}, "runConfigData": config}
        parameters |= {"executionMetadata": {"tags": named}} if named else {}
        result: Json = self.ask(graphql.LAUNCH_RUN, parameters=parameters)["launchRun"]
        return result

    def start(self, job: str, config: Mapping[str, object], tags: Mapping[str, str] | None = None) -> str:
        """Launch a run that Dagster accepts; its id."""
        launched = self.launch(job, config, tags)
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def status(self, run_id: str) -> str:
        """How a run stands."""
        return str(self.ask(graphql.RUN, runId=run_id)["runOrError"]["status"])

    def tags(self, run_id: str) -> dict[str, str]:
        """The tags of a run."""
        return {tag["key"]: tag["value"] for tag in self.ask(graphql.RUN, runId=run_id)["runOrError"]["tags"]}

    def runs_of(self, job: str) -> list[str]:
        """The ids of all runs of a job."""
        return [run["runId"] for run in self.ask(graphql.RUNS, job=job)["runsOrError"]["results"]]

    def end_of(self, run_id: str) -> str:
        """Wait for the end of a run; its status then."""
        return wait_until(lambda: self.status(run_id), lambda status: status in ENDED)

    def backfill_job(self, days: Sequence[str], **config: object) -> Json:
        """A backfill from the page of the job daily_order_sync: its status and runs when it is over."""
        selector = {"repositorySelector": REPOSITORY, "partitionSetName": "daily_order_sync_partition_set"}
        return self._backfill(selector=selector, partitionNames=list(days), runConfigData=_daily(config))

    def backfill_assets(self, assets: Sequence[str], days: Sequence[str], **config: object) -> Json:
        """A backfill from the asset graph: its status and runs when it is over."""
        selection = [_key(name) for name in assets]
        return self._backfill(assetSelection=selection, partitionNames=list(days), runConfigData=_daily(config))

    def _backfill(self, **parameters: object) -> Json:
        answer = self.ask(graphql.BACKFILL, parameters=parameters)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer

        def look() -> Json:
            found: Json = self.ask(graphql.BACKFILL_STATUS, id=answer["backfillId"])["partitionBackfillOrError"]
            return found

        return wait_until(
            look, lambda found: str(found["status"]).startswith(("COMPLETED", "FAILED", "CANCELED")), self.patience
        )

    def days(self, asset: str = "orders") -> list[str]:
        """All partitions, oldest first."""
        keys: list[str] = self._node(asset)["partitionKeys"]
        return keys

    def green_days(self, asset: str = "orders") -> set[str]:
        """The days of an asset that are materialized."""
        return self._days_that_are(asset, "MATERIALIZED")

    def until_green(self, days: set[str]) -> None:
        """Wait until exactly these days are materialized."""
        wait_until(self.green_days, lambda seen: seen == days)

    def _days_that_are(self, asset: str, status: str) -> set[str]:
        node = self._node(asset)
        keys: list[str] = node["partitionKeys"]
        ranges = [each for each in node["assetPartitionStatuses"]["ranges"] if each["status"] == status]
        spans = [(keys.index(each["startKey"]), keys.index(each["endKey"])) for each in ranges]
        return {key for first, last in spans for key in keys[first : last + 1]}

    def _node(self, asset: str) -> Json:
        node: Json = self.ask(graphql.DAYS, asset=_key(asset))["assetNodeOrError"]
        return node

    def latest(self, asset: str, kind: str = "assetMaterializations", day: str | None = None) -> Json:
        """The run and the metadata of an asset's last materialization or observation; empty if there is none."""
        variables = {"asset": _key(asset), "partitions": [day] if day else None}
        found = self.ask(graphql.LATEST, **variables)["assetNodeOrError"][kind]
        if not found:
            return {}
        entries = {each["label"]: next(iter(_value(each)), None) for each in found[0]["metadataEntries"]}
        return {"run": found[0]["runId"], **entries}

    def events(self, run_id: str, kind: str) -> list[Json]:
        """The events of one GraphQL type that a run logged."""
        found: list[Json] = []
        cursor, has_more = None, True
        while has_more:
            log = self.ask(graphql.EVENTS, runId=run_id, cursor=cursor)["logsForRun"]
            found += [event for event in log["events"] if event["__typename"] == kind]
            cursor, has_more = log["cursor"], log["hasMore"]
        return found

    def failure(self, run_id: str) -> str:
        """What the failed step of a run said."""
        failures = self.events(run_id, "ExecutionStepFailureEvent")
        return " ".join(str(each["failureMetadata"] or each["error"]) for each in failures)

    def succeeds(self, job: str, **config: object) -> str:
        """Launch a run that must succeed; its id."""
        run_id = self.start(job, config)
        assert self.end_of(run_id) == "SUCCESS", self.failure(run_id)
        return run_id

    def failures(self, backfill: Json) -> str:
        """What the failed runs of a backfill said."""
        return " ".join(self.failure(run["runId"]) for run in backfill["runs"])

    def wipe(self) -> None:
        """Forget every materialization, so that all days are missing again."""
        answer = self.ask(graphql.WIPE, all=[{"assetKey": {"path": [name]}} for name in (*ASSETS, "drift_report")])
        assert answer["wipeAssets"]["__typename"] in {"AssetWipeSuccess", "AssetNotFoundError"}, answer


@contextmanager
def running(home: Path, environment: Mapping[str, str], config: str | None = None) -> Iterator[Deployment]:
    """Webserver and daemon while the context lasts, with the project's own dagster.yaml or with `config`."""
    home.mkdir(parents=True, exist_ok=True)
    if config is None:
        shutil.copy(ROOT / "dagster.yaml", home)
    else:
        (home / "dagster.yaml").write_text(config)
    port = free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1"]
    redacted = {"DAGSTER_REDACT_USER_CODE_ERRORS": "1"}  # as `make ui` and the image have it
    variables = {**os.environ, **redacted, **environment, "DAGSTER_HOME": str(home)}
    with (home / "dagster-dev.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-p", str(port)], cwd=home, env=variables, stdout=log, stderr=log, start_new_session=True
        )
        try:
            deployment = Deployment(f"http://127.0.0.1:{port}", home)
            wait_until(lambda: is_ready(deployment, process), bool, seconds=PATIENCE)
            yield deployment
        finally:
            stop_group(process)


def wait_until(look: Callable[[], T], is_enough: Callable[[T], bool], seconds: float = PATIENCE) -> T:
    """What `look` sees as soon as that is enough."""
    deadline = time.monotonic() + seconds
    while not is_enough(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {seconds} seconds"
        time.sleep(0.3)
    return seen


def is_ready(deployment: Deployment, process: "subprocess.Popen[bytes]") -> bool:
    """Whether the code location is loaded; fails where `process` has ended."""
    assert process.poll() is None, [log.read_text() for log in deployment.home.glob("*.log")]
    try:
        found = deployment.ask(graphql.LOCATIONS)
    except (requests.RequestException, ValueError):
        return False
    entries = found["workspaceOrError"].get("locationEntries", [])
    is_loaded = bool(entries) and all(entry["loadStatus"] == "LOADED" for entry in entries)
    assert not is_loaded or "message" not in str(entries), entries
    return is_loaded


def _key(name: str) -> Json:
    """The key of an asset: `orders`, or `shop/orders` where there are several shops."""
    return {"path": name.split("/")}


def _daily(config: Mapping[str, object]) -> Json:
    return {"ops": {"order_sync_assets": {"config": dict(config)}}} if config else {}


def _value(entry: Json) -> list[object]:
    return [value for name, value in entry.items() if name in {"intValue", "text", "mdStr"}]
