"""compose.yaml without an engine: its services as processes of this machine, started as the file says.

Commands, environment, health checks, configs and the order of starting are read from compose.yaml and Dockerfile. A
folder takes the place of each container's root, free ports on loopback that of the services' names and ports, and
PostgreSQL comes from the wheel. Started by root, the processes run as user 10001, who may write only where a container
may; but where this Python lies in a folder that only root may enter, they run as root.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ordersync_dagster_tests.support.places import ROOT
from ordersync_dagster_tests.support.processes import free_port, stop_group

Json = dict[str, Any]
COMPOSE: Json = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NOBODY = 10001
PATIENCE = 240.0  # seconds until a service is healthy
CODE, WEB, DATABASE = 4000, 3000, 5432
SERVICES = ("postgres", "code-server")  # names by which the services call each other


def _nobody_runs_python() -> bool:
    with suppress(PermissionError):
        return subprocess.run([sys.executable, "-c", ""], user=NOBODY, group=NOBODY, extra_groups=[]).returncode == 0
    return False


IS_NOBODY = os.geteuid() == 0 and _nobody_runs_python()
WHO, GROUPS = (NOBODY, list[int]()) if IS_NOBODY else (None, None)


def image_environment() -> dict[str, str]:
    """The variables that the image sets, PATH apart."""
    text = re.search(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE.rsplit("\nFROM ", 1)[1], re.M)
    assert text is not None
    pairs = dict(word.split("=", 1) for word in shlex.split(text[1].replace("\\\n", " ")))
    return {name: value for name, value in pairs.items() if name != "PATH"}


def command_of(service: Json) -> list[str]:
    """What a container of the service runs."""
    entry = re.search(r"^ENTRYPOINT \[(.*)\]$", DOCKERFILE, re.M)
    assert entry is not None
    return [*service.get("entrypoint", [entry[1].strip('"')]), *service.get("command", [])]


@dataclass(frozen=True)
class Machine:
    """The folder and the ports that stand for a container's root and its network."""

    root: Path
    ports: Mapping[int, int]
    folders: Sequence[str]

    def here(self, text: str) -> str:
        """A word of a command, a value or a config, with this machine's places in it."""
        for name in (*SERVICES, "0.0.0.0"):
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-]|:\s)", "127.0.0.1", text)
        for port, free in self.ports.items():
            text = re.sub(rf"(?<!\d){port}(?!\d)", str(free), text)
        for folder in self.folders:
            text = re.sub(rf"(?<![\w/]){folder}(?![\w-])", f"{self.root}{folder}", text)
        return text

    def environment(self, service: Json) -> dict[str, str]:
        """A container's variables, and nothing of this process but where its programs are."""
        own = image_environment() | {name: _interpolated(value) for name, value in service["environment"].items()}
        found = {name: self.here(value) for name, value in own.items()}
        found["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return found | {"PYTHONPATH": str(ROOT)}

    def start(self, service: Json, log: Path) -> "subprocess.Popen[bytes]":
        """The service's process."""
        for config in service["configs"]:
            target = self.root / config["target"].lstrip("/")
            target.write_text(self.here((ROOT / COMPOSE["configs"][config["source"]]["file"]).read_text()))
            target.chmod(0o644)
        command = [self.here(word) for word in command_of(service)]
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=self.root / service["working_dir"].lstrip("/"),
                env=self.environment(service),
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=WHO,
                group=WHO,
                extra_groups=GROUPS,
            )

    def is_healthy(self, service: Json) -> bool:
        """What the service's health check says."""
        kind, *words = service["healthcheck"]["test"]
        assert kind == "CMD"
        command = [self.here(word) for word in words]
        with suppress(subprocess.TimeoutExpired):
            ended = subprocess.run(
                command,
                env=self.environment(service),
                cwd=self.root,
                capture_output=True,
                timeout=60,
                user=WHO,
                group=WHO,
                extra_groups=GROUPS,
            )
            return ended.returncode == 0
        return False


@contextmanager
def machine(root: Path, database: Path) -> Iterator[Machine]:
    """A machine whose PostgreSQL has its socket in the folder `database`."""
    folders = ["/tmp", *re.findall(r" (/var/lib/\S+)", DOCKERFILE.rsplit("\nFROM ", 1)[1].split("COPY")[0])]
    ports = {CODE: free_port(), WEB: free_port(), DATABASE: free_port()}
    for folder in (*folders, "/app"):
        (root / folder.lstrip("/")).mkdir(parents=True)
        if IS_NOBODY and folder != "/app":
            os.chown(root / folder.lstrip("/"), NOBODY, NOBODY)
    with _listening(ports[DATABASE], database / f".s.PGSQL.{DATABASE}"):
        yield Machine(root, ports, [*folders, "/app"])


def in_order(names: Sequence[str]) -> list[str]:
    """Services and all that they depend on, those first that others wait for."""
    found: list[str] = []
    for name in names:
        before = list(COMPOSE["services"][name].get("depends_on", {}))
        found += [each for each in (*in_order(before), name) if each not in found]
    return found


@contextmanager
def up(machine_: Machine, names: Sequence[str]) -> Iterator[None]:
    """The services, each healthy before the next one starts; PostgreSQL runs already."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for name in in_order(names):
            service = COMPOSE["services"][name]
            if "postgres" not in name:
                log = machine_.root / f"{name}.log"
                running.append(machine_.start(service, log))
                _await(machine_, service, running[-1], log)
        yield
    finally:
        for process in reversed(running):
            stop_group(process)


def _await(machine_: Machine, service: Json, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not machine_.is_healthy(service):
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.5)


def _interpolated(value: str) -> str:
    """`${NAME:-default}` with no variable set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


@contextmanager
def _listening(port: int, path: Path) -> Iterator[None]:
    """The wheel's PostgreSQL has a Unix socket alone; a service calls a port."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=_accept, args=(listener, path), daemon=True).start()
        yield


def _accept(listener: socket.socket, path: Path) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_connect, args=(listener.accept()[0], path), daemon=True).start()


def _connect(caller: socket.socket, path: Path) -> None:
    with caller, socket.socket(socket.AF_UNIX) as server:
        server.connect(str(path))
        back = threading.Thread(target=_pass_on, args=(server, caller), daemon=True)
        back.start()
        _pass_on(caller, server)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
