"""Try a shape of many shops on `dagster dev`: `python -m benchmarks.shop_trial partitions 50 90`."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import yaml

ROOT = Path(__file__).parents[1]
PORT = 3977
FAILED = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { __typename
  ... on RunFailureEvent { message } } } } }"""
LOADED = "{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }"
NODES = "{ assetNodes { id groupName assetKey { path } isPartitioned kinds jobNames } }"
GREEN = """query($keys: [AssetKeyInput!]!) { assetNodes(assetKeys: $keys) { assetKey { path }
  partitionStats { numMaterialized numPartitions } } }"""
BACKFILL = """mutation($of: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $of) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILLED = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs(limit: 1000) { runId status tags { key value } } } } }"""


def ask(query: str, **variables: object) -> Any:
    answer = requests.post(
        f"http://127.0.0.1:{PORT}/graphql", json={"query": query, "variables": variables}, timeout=300
    ).json()
    if "errors" in answer:
        raise RuntimeError(answer["errors"])
    return answer["data"]


def timed(query: str) -> float:
    began = time.monotonic()
    ask(query)
    return round(time.monotonic() - began, 2)


def until_loaded(began: float) -> float:
    while True:
        try:
            entries = ask(LOADED)["workspaceOrError"].get("locationEntries", [])
        except (requests.RequestException, ValueError):
            entries = []
        if entries and all(each["loadStatus"] == "LOADED" for each in entries):
            return round(time.monotonic() - began, 1)
        time.sleep(0.2)


def workspace(shape: str, names: list[str]) -> dict[str, Any]:
    module = {"module_name": "benchmarks.shop_shapes"}
    if shape != "locations":
        return {"load_from": [{"python_module": {**module, "location_name": "ordersync"}}]}
    # `python_module` has no environment, so each location gets a module of one line
    return {"load_from": [{"python_file": {"relative_path": f"{name}.py", "location_name": name}} for name in names]}


def memory() -> dict[str, int]:
    """MB by the role of each process below us, how many there are, and their processor time."""
    found: Counter[str] = Counter()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_text().split("\0")
            line = " ".join(words)
            status = (path / "smaps_rollup").read_text()
        except OSError:
            continue
        role = next((r for r in ("webserver", "daemon", "api grpc") if r in line), None)
        if role and os.environ["TRIAL"] in (path / "environ").read_text():
            fields = (path / "stat").read_text().rpartition(") ")[2].split()
            found[f"{role} cpu seconds"] += (int(fields[11]) + int(fields[12])) // 100
            found[role] += next(int(row.split()[1]) for row in status.splitlines() if row.startswith("Pss:")) // 1024
            found[f"{role} processes"] += 1
    return dict(found)


def backfill(shape: str, names: list[str], count: int) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    days = [str(today - timedelta(days=n)) for n in range(count, 0, -1)]
    daily = ("stripe_sessions", "orders")
    if shape == "partitions":
        keys = [f"{day}|{name}" for day in days for name in names]
        selection = [{"path": [name]} for name in daily]
    else:
        keys, selection = days, [{"path": [name, asset]} for name in names for asset in daily]
    began = time.monotonic()
    launched = ask(BACKFILL, of={"assetSelection": selection, "partitionNames": keys})["launchPartitionBackfill"]
    first = round(time.monotonic() - began, 1)
    if "backfillId" not in launched:
        return {"refused": launched}
    while True:
        found = ask(BACKFILLED, id=launched["backfillId"])["partitionBackfillOrError"]
        if found["status"].startswith(("COMPLETED", "FAILED", "CANCELED")):
            break
        if time.monotonic() - began > 1500:
            break
        time.sleep(1)
    green = ask(GREEN, keys=selection)["assetNodes"]
    return {
        "launch_seconds": first,
        "wall_seconds": round(time.monotonic() - began, 1),
        "status": found["status"],
        "runs": Counter(run["status"] for run in found["runs"]),
        "failures": Counter(why(run["runId"]) for run in found["runs"] if run["status"] == "FAILURE"),
        "green": sum(node["partitionStats"]["numMaterialized"] for node in green),
        "of": len(keys) * len(selection),
    }


def why(run_id: str) -> str:
    events = ask(FAILED, id=run_id)["logsForRun"]["events"]
    return " ".join(each["message"] for each in events if each["__typename"] == "RunFailureEvent")[:200]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shape", choices=["partitions", "locations", "function"])
    parser.add_argument("shops", type=int)
    parser.add_argument("days", type=int, help="of the backfill; 0: only loading and memory are measured")
    given = parser.parse_args()
    shape, count, days = given.shape, given.shops, given.days
    names = [f"shop{number:02}" for number in range(count)]
    with TemporaryDirectory(prefix="trial-") as folder:
        os.environ.update(
            SHAPE=shape,
            SHOPS=str(count),
            DAGSTER_HOME=folder,
            TRIAL=folder,
            PYTHONPATH=str(ROOT),
            PYTHONWARNINGS="ignore",
        )
        for name in names if shape == "locations" else ():
            text = f"import os\nos.environ['SHOP'] = {name!r}\nfrom benchmarks.shop_shapes import defs\n"
            (Path(folder) / f"{name}.py").write_text(text)
        config = yaml.safe_load((ROOT / "dagster.yaml").read_text())
        config["concurrency"]["runs"] = {"max_concurrent_runs": 4}
        (Path(folder) / "dagster.yaml").write_text(yaml.safe_dump(config))
        (Path(folder) / "workspace.yaml").write_text(yaml.safe_dump(workspace(shape, names)))
        shutil.copy(ROOT / "benchmarks/shop_shapes.py", folder)
        began = time.monotonic()
        log = (Path("/tmp") / f"trial-{shape}.log").open("wb")
        command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(PORT)]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            result: dict[str, Any] = {"shape": shape, "shops": count, "loaded_seconds": until_loaded(began)}
            print(json.dumps(result), flush=True)
            result["asset_list_seconds"] = [timed(NODES) for _ in range(3)]
            time.sleep(60)
            result["memory"] = memory()
            print(json.dumps(result), flush=True)
            if days:
                result["backfill"] = backfill(shape, names, days)
                result["memory_after"] = memory()
            print(json.dumps(result, indent=1), flush=True)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            time.sleep(3)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
