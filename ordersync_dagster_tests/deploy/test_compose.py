"""compose.yaml, as far as it can be read: its schema, and what it promises. test_compose_runs.py starts it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ordersync_dagster import __version__
from ordersync_dagster_tests.support.places import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SHOP = ("postgres", "code-server", "webserver", "daemon")
KEYS = ("STRIPE", "PRINTFUL", "DATABASE_URL", "ORDERSYNC_ALERT", "ORDERSYNC_HASH")
each_service = pytest.mark.parametrize("name", SERVICES)


@pytest.mark.full
def test_the_file_is_valid_by_the_schema_of_compose() -> None:
    program = str(Path(sys.executable).with_name("check-jsonschema"))
    command = [program, "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def test_the_shop_starts_by_default_and_the_pretend_shop_by_its_profile_alone() -> None:
    assert [name for name, service in SERVICES.items() if not service.get("profiles")] == list(SHOP)
    assert {tuple(service["profiles"]) for name, service in SERVICES.items() if name not in SHOP} == {("sandbox",)}
    assert [f"sandbox-{name}" for name in SHOP] == [name for name in SERVICES if name not in SHOP]


@each_service
def test_a_service_is_nobody_special_and_writes_only_where_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] in ("10001:10001", "postgres")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    mounted = [volume.split(":")[0] for volume in service["volumes"]]
    assert set(mounted) <= set(COMPOSE["volumes"]), "named volumes alone"


@each_service
def test_a_service_comes_back_is_looked_at_and_waits_for_healthy_ones(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    waits = service.get("depends_on", {})
    assert bool(waits) == ("postgres" not in name)
    assert {how["condition"] for how in waits.values()} <= {"service_healthy"}


@each_service
def test_a_port_is_open_on_this_machine_alone(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert bool(ports) == name.endswith("webserver")
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_only_the_code_server_has_the_shops_keys_and_the_file_holds_none() -> None:
    assert [name for name, service in SERVICES.items() if "env_file" in service] == ["code-server"]
    for service in SERVICES.values():
        assert not [variable for variable in service["environment"] if variable.startswith(KEYS)]
    passwords = {service["environment"].get("POSTGRES_PASSWORD") for service in SERVICES.values()}
    assert passwords == {None, "${DAGSTER_PG_PASSWORD:-}"}


def test_the_pretend_shop_has_no_way_to_the_shop_or_out() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    volumes = {name: {each.split(":")[0] for each in service["volumes"]} for name, service in SERVICES.items()}
    pretend = [name for name in SERVICES if name not in SHOP]
    assert networks["sandbox-code-server"] == {"sandbox"}
    assert COMPOSE["networks"]["sandbox"]["internal"] is True
    assert not set().union(*(networks[name] for name in pretend)) & {"history"}
    assert not set().union(*(volumes[name] for name in pretend)) & set().union(*(volumes[name] for name in SHOP))


def test_the_pretend_shop_runs_what_the_shop_runs() -> None:
    real, pretend = SERVICES["code-server"], SERVICES["sandbox-code-server"]
    assert pretend["command"][-len(real["command"]) - 1 :] == [*real["entrypoint"], *real["command"]]
    for name in ("webserver", "daemon"):
        same = ("entrypoint", "command", "healthcheck", "image", "configs")
        assert {key: SERVICES[name][key] for key in same} == {key: SERVICES[f"sandbox-{name}"][key] for key in same}


def test_the_image_is_of_this_version_and_has_the_folders_that_volumes_take_over() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    folders = {volume.split(":")[1] for service in SERVICES.values() for volume in service["volumes"]}
    for folder in folders - {"/var/lib/postgresql/data"}:
        assert folder in dockerfile, "a volume at a folder that the image lacks belongs to root"
    assert {service["image"] for service in SERVICES.values() if "build" in service} == {f"ordersync:{__version__}"}
