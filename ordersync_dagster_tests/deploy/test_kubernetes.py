"""The manifests without Dagster: valid strictly, and what they promise."""

from typing import Any

import pytest
import typer.main
import yaml

from ordersync_dagster import __version__
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.cli import main
from ordersync_dagster.cli.side_by_side import AT_ONCE
from ordersync_dagster.core.exit_codes import USAGE
from ordersync_dagster_tests.deploy.manifests import validate
from ordersync_dagster_tests.support.places import ROOT

MANIFESTS = ROOT / "deploy" / "kubernetes"
MB_OF_A_SHOP = 25  # docs/shops.md, How long it takes


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


@pytest.mark.full
@pytest.mark.parametrize(
    "name", ["cronjob.yaml", "shops.yaml", "dry-run.yaml", "alerts.yaml", "networkpolicy.yaml", "secret.example.yaml"]
)
def test_manifests_are_valid_strictly(name: str) -> None:
    validate(_manifest(name))


def test_a_misspelt_field_would_be_noticed() -> None:
    manifest = _manifest("cronjob.yaml")
    manifest["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(ValueError, match="concurencyPolicy"):
        validate(manifest)


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


def test_the_dry_run_is_the_same_pod_with_the_same_window_and_writes_nothing(
    job: dict[str, Any], pod: dict[str, Any]
) -> None:
    preview = _manifest("dry-run.yaml")["spec"]
    (container,) = preview["template"]["spec"]["containers"]
    days = pod["containers"][0]["args"][:3]
    assert container["args"] == [*days, "--dry-run"]
    container["args"] = pod["containers"][0]["args"]
    assert preview["template"]["spec"] == pod
    assert preview["template"]["metadata"] == job["template"]["metadata"], "the network policy finds it by its label"
    assert preview["backoffLimit"] == 0


def test_the_cronjob_of_all_shops_is_the_same_with_their_file_and_room_for_each() -> None:
    one, all_shops = _manifest("cronjob.yaml"), _manifest("shops.yaml")
    pod = all_shops["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"][-2:] == ["--shop", "all"]
    del container["args"][-2:]
    assert "optional" not in pod["volumes"][0]["configMap"], "without the file there is one shop, and no word of it"
    pod["volumes"][0]["configMap"]["optional"] = True
    assert container["resources"]["limits"].pop("memory") == "2Gi"
    assert 60 + AT_ONCE * MB_OF_A_SHOP < 2048
    container["resources"] = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert all_shops == one
    assert "\nWORKDIR /app\n" in (ROOT / "Dockerfile").read_text()


def test_an_exit_of_2_is_never_tried_again_and_the_others_are(job: dict[str, Any], pod: dict[str, Any]) -> None:
    failing = [rule for rule in job["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"]
    assert [rule["onExitCodes"]["values"] for rule in failing] == [[USAGE]]
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
    assert mounts == {"/app": True, "/tmp": False, "/run/secrets/order-sync": True}
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


def test_nothing_comes_in_and_only_what_a_run_needs_goes_out() -> None:
    spec = _manifest("networkpolicy.yaml")["spec"]
    assert (spec["policyTypes"], spec["ingress"]) == (["Ingress", "Egress"], [])
    anywhere = {port["port"] for rule in spec["egress"] if "to" not in rule for port in rule["ports"]}
    assert anywhere == {53, 443, 5432}
    (gateway,) = [rule for rule in spec["egress"] if "to" in rule]
    assert [port["port"] for port in gateway["ports"]] == [9091]
    runs, *_ = yaml.safe_load_all((ROOT / "deploy" / "helm" / "networkpolicy.yaml").read_text())
    assert gateway in runs["spec"]["egress"], "a run in Dagster tells the same push gateway"
