"""`make ui` and `make ui-shop`, with a real webserver and daemon."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.app.settings import Settings
from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.processes import free_port, heeds_ctrl_c

LOOPBACK, LISTEN = "0100007F", "0A"  # as /proc/net/tcp has them
pytestmark = pytest.mark.slow


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that `make ui` needs, an environment that is ready, and a .env that leads somewhere else."""
    for name in ("Makefile", "workspace.yaml", "dagster.yaml", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "requirements").mkdir()
    shutil.copy(ROOT / "requirements/dev.txt", tmp_path / "requirements")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / ".venv/.ready").touch()
    elsewhere = "STRIPE_API_BASE=http://127.0.0.1:9\nPRINTFUL_API_BASE=http://127.0.0.1:9\nDATABASE_URL=sqlite:////nowhere/x.db\n"
    (tmp_path / ".env").write_text(elsewhere)
    return tmp_path


@contextmanager
def _made(target: str, checkout: Path, environment: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """`make TARGET` until its webserver answers; yields its address and its log; ends it as Ctrl-C does."""
    port, log = free_port(), checkout / "make.log"
    with log.open("w") as output:
        making = subprocess.Popen(
            ["make", target, f"PORT={port}"],
            cwd=checkout, env=environment, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=heeds_ctrl_c,
        )  # fmt: skip
        try:
            _await(f"http://127.0.0.1:{port}/server_info", making, log)
            assert _listening_on(port) <= {LOOPBACK}
            yield f"http://127.0.0.1:{port}/graphql", log
        finally:
            os.killpg(making.pid, signal.SIGINT)
            making.wait(60)


def _listening_on(port: int) -> set[str]:
    """The addresses at which something waits for connections to `port`, as Linux writes them."""
    tables = [path for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
    rows = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    waiting = [address.rpartition(":") for _, address, _, state, *_ in rows if state == LISTEN]
    return {address for address, _, number in waiting if int(number, 16) == port}


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(log.read_text()[-3000:])


def _ask(url: str, query: str, **variables: object) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


LAUNCH = """mutation($config: RunConfigData) { launchPipelineExecution(executionParams: {runConfigData: $config,
  selector: {repositoryLocationName: "ordersync", repositoryName: "__repository__", pipelineName: "order_sync"}})
  { __typename ... on LaunchRunSuccess { run { runId } } } }"""
STATUS = """query($id: ID!) { runOrError(runId: $id) { ... on Run { status eventConnection { events {
  ... on MessageEvent { message } ... on ErrorEvent { error { message } } } } } } }"""


def _run_order_sync(url: str) -> None:
    """Launch it and wait until it succeeded."""
    launched = _ask(url, LAUNCH, config={"days": 3, "dry_run": False})["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        run = _ask(url, STATUS, id=launched["run"]["runId"])["runOrError"]
        if run["status"] == "SUCCESS":
            return
        assert run["status"] != "FAILURE", run["eventConnection"]["events"]
        time.sleep(0.3)
    raise AssertionError("the run did not end")


def _without_settings() -> dict[str, str]:
    """The environment, without what leads to a shop and without what an outer `make VENV=…` hands down."""
    names = {field.upper() for field in Settings.model_fields} | {"DAGSTER_HOME"}
    names |= {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "VENV"}
    return {name: value for name, value in os.environ.items() if name not in names}


@pytest.mark.parametrize("target", ["ui", "ui-shop"])
def test_a_web_ui_that_make_starts_listens_on_this_machine_alone(checkout: Path, target: str) -> None:
    told = subprocess.run(
        ["make", "--dry-run", target], cwd=checkout, env=_without_settings(), capture_output=True, text=True, check=True
    )
    starts = [line for line in told.stdout.splitlines() if "dagster dev" in line]
    assert starts
    assert all(" -h 127.0.0.1 " in line for line in starts)


def test_a_webserver_that_changes_nothing_can_be_had() -> None:
    command = [str(Path(sys.executable).with_name("dagster-webserver")), "--help"]
    assert "--read-only" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_make_ui_stays_on_the_pretend_shop_whatever_env_file_says(checkout: Path) -> None:
    with _made("ui", checkout, _without_settings()) as (url, log):
        _run_order_sync(url)
        assert "superseded" not in log.read_text()  # Dagster's advice of another command
    assert (checkout / ".state/sandbox/shop.db").exists()
    assert (checkout / ".state/dagster/history").is_dir()


def test_make_ui_shop_reads_env_file_and_names_its_target_and_mode_first(checkout: Path) -> None:
    (checkout / ".env").write_text(
        "STRIPE_SECRET_KEY=rk_test_ofSomebody\nPRINTFUL_API_KEY=a-token\nSTRIPE_API_BASE=http://127.0.0.1:9\n"
        f"PRINTFUL_API_BASE=http://127.0.0.1:9\nDATABASE_URL=sqlite:///{checkout}/none.db\n"
    )
    with _made("ui-shop", checkout, _without_settings() | {"STRIPE_API_BASE": "http://127.0.0.1:10"}) as (_, log):
        printed = log.read_text()
    assert "a restricted key, test mode" in printed
    assert f"{checkout}/none.db" in printed
    assert printed.index("test mode") < printed.index("YOUR SHOP's UI")
