"""The values for Dagster's Helm chart: what Dagster and Kubernetes make of them."""

import re
from typing import Any

import pytest
import yaml

from ordersync_dagster import __version__
from ordersync_dagster_tests.deploy import chart
from ordersync_dagster_tests.deploy.manifests import validate
from ordersync_dagster_tests.support.places import ROOT

HELM = ROOT / "deploy" / "helm"
VALUES: dict[str, Any] = yaml.safe_load((HELM / "values.yaml").read_text())
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
OWN = yaml.safe_load((ROOT / "deploy" / "dagster-postgres.yaml").read_text())
POLICIES = list(yaml.safe_load_all((HELM / "networkpolicy.yaml").read_text()))


def test_the_chart_knows_each_name() -> None:
    assert set(VALUES) <= set(chart.TOP.split())
    for block, names in chart.KNOWN.items():
        assert set(VALUES[block]) <= set(names.split())
    assert set(CODE) <= set(chart.DEPLOYMENT.split())
    assert set(VALUES["runLauncher"]["config"]["k8sRunLauncher"]) <= set(chart.LAUNCHER.split())


def test_the_settings_are_those_of_a_deployment_without_kubernetes() -> None:
    made = chart.instance(VALUES)
    assert made["concurrency"]["pools"] == OWN["concurrency"]["pools"]
    assert made["run_retries"] == OWN["run_retries"]
    assert made["telemetry"] == OWN["telemetry"]
    assert made["sensors"] == OWN["sensors"]
    same = ("enabled", "max_runtime_seconds", "free_slots_after_run_end_seconds")
    assert {name: made["run_monitoring"][name] for name in same} == {name: OWN["run_monitoring"][name] for name in same}
    scheme = OWN["storage"]["postgres"]["postgres_db"]["scheme"]
    assert made["run_storage"]["config"]["postgres_db"]["scheme"] == scheme


def test_no_run_is_retried_for_what_a_person_must_change() -> None:
    assert VALUES["dagsterDaemon"]["runRetries"]["retryOnAssetOrOpFailure"] is False


def test_each_process_runs_as_nobody_special_on_a_read_only_disk() -> None:
    for each in (CODE, VALUES["dagsterWebserver"], VALUES["dagsterDaemon"]):
        assert each["podSecurityContext"]["runAsUser"] == 10001
        assert each["securityContext"]["readOnlyRootFilesystem"] is True
        assert {mount["mountPath"] for mount in each["volumeMounts"]} >= {"/tmp", VALUES["global"]["dagsterHome"]}
        assert {mount["name"] for mount in each["volumeMounts"]} == {volume["name"] for volume in each["volumes"]}
        assert "memory" in each["resources"]["limits"]


def test_all_processes_have_one_image_of_this_version() -> None:
    images = {yaml.safe_dump(each["image"]) for each in (CODE, VALUES["dagsterWebserver"], VALUES["dagsterDaemon"])}
    assert len(images) == 1
    assert CODE["image"]["tag"] == __version__


def test_the_webserver_is_looked_at_where_it_listens() -> None:
    server = VALUES["dagsterWebserver"]
    probes = [server[name]["httpGet"] for name in ("readinessProbe", "livenessProbe", "startupProbe")]
    assert probes == [{"path": "/server_info", "port": server["service"]["port"]}] * 3


def test_the_code_server_loads_a_module_that_exists() -> None:
    entry = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    assert CODE["dagsterApiGrpcArgs"] == ["-m", entry["module_name"]]
    assert CODE["name"] == entry["location_name"]


def test_the_values_hold_no_secret() -> None:
    assert VALUES["generatePostgresqlPasswordSecret"] is False
    assert "postgresqlPassword" not in VALUES["postgresql"]
    assert not re.search(r"(sk|rk)_(live|test)_", (HELM / "values.yaml").read_text())


def test_the_page_and_the_values_name_the_chart_of_the_librarys_version() -> None:
    pinned = re.search(r"^dagster==(\S+)", (ROOT / "requirements/kubernetes.txt").read_text(), re.M)
    assert pinned is not None
    for path in (HELM / "values.yaml", ROOT / "docs/kubernetes.md"):
        assert set(re.findall(r"--version (\d+\.\d+\.\d+)", path.read_text())) == {pinned[1]}


@pytest.mark.full
@pytest.mark.parametrize("policy", POLICIES, ids=lambda each: each["metadata"]["name"])
def test_a_network_policy_is_valid_strictly_and_lets_in_only_who_is_named(policy: dict[str, Any]) -> None:
    validate(policy)
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule["from"] and rule["ports"] for rule in policy["spec"]["ingress"])


def test_the_network_policies_open_the_ports_on_which_the_pods_listen() -> None:
    by_name = {each["metadata"]["name"]: each["spec"] for each in POLICIES}
    ports = {
        name: {port["port"] for rule in spec["ingress"] for port in rule["ports"]} for name, spec in by_name.items()
    }
    assert ports["dagster-code-server"] == {CODE["port"]}
    assert ports["dagster-webserver"] == {VALUES["dagsterWebserver"]["service"]["port"]}
