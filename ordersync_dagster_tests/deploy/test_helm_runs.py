"""What Dagster itself makes of the values for its chart: its settings, and the Kubernetes Job of a run."""

import warnings
from typing import Any

import pytest
import yaml

from ordersync_dagster_tests.deploy import chart
from ordersync_dagster_tests.deploy.manifests import validate
from ordersync_dagster_tests.support.places import ROOT

pytestmark = pytest.mark.slow  # dagster-k8s takes seconds to import

VALUES: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
NO_CLUSTER = """
apiVersion: v1
kind: Config
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: none, user: {}}]
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The Job that the launcher makes for a run, as Kubernetes gets it."""
    nowhere = tmp_path_factory.mktemp("kube") / "config"
    nowhere.write_text(NO_CLUSTER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dagster._config import process_config
        from dagster_k8s.container_context import K8sContainerContext
        from dagster_k8s.job import DagsterK8sJobConfig, construct_dagster_k8s_job
        from dagster_k8s.launcher import K8sRunLauncher
        from kubernetes import client

        untyped: Any = DagsterK8sJobConfig
        config = process_config(untyped.config_type_run_launcher(), chart.launcher_config(VALUES))
        assert config.success, config.errors
        outside = {"load_incluster_config": False, "kubeconfig_file": str(nowhere)}
        launcher = K8sRunLauncher(**{**(config.value or {}), **outside})
        ours = K8sContainerContext.create_for_run(_run_without_tags(), launcher, include_run_tags=False)
        context = ours.merge(K8sContainerContext.create_from_config(chart.container_context(CODE)))
        made = construct_dagster_k8s_job(
            context.get_k8s_job_config("registry.example.com/ordersync-dagster:0.1.0", launcher),
            ["dagster", "api", "execute_run", "{}"],
            "dagster-run-1",
            component="run_worker",
            user_defined_k8s_config=context.run_k8s_config,
        )
        found: dict[str, Any] = client.ApiClient().sanitize_for_serialization(made)
    return found


def _run_without_tags() -> Any:
    from dagster import DagsterRun

    return DagsterRun(job_name="order_sync", run_id="1" * 32)


def test_dagster_takes_the_settings_that_the_chart_makes_of_the_values() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dagster._config import process_config
        from dagster._core.instance.config import dagster_instance_config_schema

        checked = process_config(dagster_instance_config_schema(), chart.instance(VALUES))
        assert checked.success, checked.errors


def test_the_job_of_a_run_is_valid_strictly(job: dict[str, Any]) -> None:
    validate(job)


def test_the_job_of_a_run_can_do_no_harm_and_has_an_end(job: dict[str, Any]) -> None:
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert "memory" in container["resources"]["limits"]
    longest = VALUES["dagsterDaemon"]["runMonitoring"]["maxRuntimeSeconds"]
    assert job["spec"]["activeDeadlineSeconds"] > longest, "the daemon ends a run first, so that its record says why"
    assert job["spec"]["ttlSecondsAfterFinished"] > 0


def test_a_run_has_the_settings_and_the_writable_folders_of_the_code_server(job: dict[str, Any]) -> None:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert {"secretRef": {"name": "order-sync"}} in container["envFrom"]
    mounts = {each["mountPath"] for each in container["volumeMounts"]}
    home = VALUES["global"]["dagsterHome"]
    assert {"/tmp", home, "/app"} == mounts
    assert container["args"][0] == "dagster", "the image must have no entry point"
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "\nWORKDIR /app\n" in dockerfile, "ordersync.toml is found in the working directory"


def test_the_network_policy_of_runs_finds_them(job: dict[str, Any]) -> None:
    policies = yaml.safe_load_all((ROOT / "deploy" / "helm" / "networkpolicy.yaml").read_text())
    (spec,) = [each["spec"] for each in policies if each["metadata"]["name"] == "dagster-runs"]
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert spec["podSelector"]["matchLabels"].items() <= labels.items()
