"""What Dagster's Helm chart makes of our values, as far as these tests need it.

The chart itself can be had from no package registry. These are the facts that were read in its templates and in the
models of its schema; what Dagster makes of the result is then asked of Dagster itself.
"""

import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

# Names that the chart's schema knows, for each block that forbids others.
KNOWN = {
    "dagsterWebserver": "replicaCount image nameOverride pathPrefix service workspace env envConfigMaps envSecrets "
    "deploymentLabels labels nodeSelector affinity tolerations podSecurityContext securityContext resources "
    "checkDbReadyInitContainer readinessProbe livenessProbe startupProbe annotations enableReadOnly dbStatementTimeout "
    "dbPoolRecycle logLevel schedulerName volumeMounts volumes",
    "dagsterDaemon": "enabled image runCoordinator heartbeatTolerance env envConfigMaps envSecrets deploymentLabels "
    "labels nodeSelector affinity tolerations podSecurityContext securityContext resources checkDbReadyInitContainer "
    "livenessProbe readinessProbe startupProbe annotations runMonitoring runRetries sensors schedules schedulerName "
    "volumeMounts volumes",
    "retention": "enabled sensor schedule autoMaterialize",
    "runLauncher": "type config",
    "concurrency": "enabled pools runs",
}
DEPLOYMENT = (
    "name image dagsterApiGrpcArgs codeServerArgs includeConfigInLaunchedRuns deploymentNamespace port env "
    "envConfigMaps envSecrets annotations nodeSelector affinity tolerations podSecurityContext securityContext "
    "resources livenessProbe readinessProbe startupProbe labels volumeMounts volumes schedulerName"
)
LAUNCHER = (
    "image imagePullPolicy jobNamespace loadInclusterConfig kubeconfigFile envConfigMaps envSecrets envVars "
    "volumeMounts volumes labels resources failPodOnRunFailure schedulerName securityContext runK8sConfig"
)
TOP = (
    "global postgresql generatePostgresqlPasswordSecret generateCeleryConfigSecret dagster-user-deployments "
    "runLauncher concurrency dagsterWebserver dagsterDaemon retention computeLogManager telemetry rabbitmq redis "
    "flower ingress imagePullSecrets scheduler pythonLogs busybox migrate serviceAccount nameOverride fullnameOverride "
    "rbacEnabled additionalInstanceConfig"
)


def instance(values: Json) -> Json:
    """The dagster.yaml of the release."""
    daemon, database = values["dagsterDaemon"], values["postgresql"]
    connection = {
        "postgres_db": {
            "username": database["postgresqlUsername"],
            "password": {"env": "DAGSTER_PG_PASSWORD"},
            "hostname": database["postgresqlHost"],
            "db_name": database["postgresqlDatabase"],
            "port": database["service"]["port"],
            "params": database["postgresqlParams"],
            "scheme": database["postgresqlScheme"],
        }
    }
    storages = {
        "schedule_storage": "ScheduleStorage",
        "run_storage": "RunStorage",
        "event_log_storage": "EventLogStorage",
    }
    return {
        **{name: _storage(name, kind, connection) for name, kind in storages.items()},
        "scheduler": {"module": "dagster.core.scheduler", "class": "DagsterDaemonScheduler"},
        "run_coordinator": {"module": "dagster.core.run_coordinator", "class": "QueuedRunCoordinator", "config": {}},
        "run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": launcher_config(values)},
        "concurrency": _snake(values["concurrency"], but="enabled"),
        "run_monitoring": _snake(daemon["runMonitoring"]),
        "run_retries": _snake(daemon["runRetries"]),
        "sensors": _snake(daemon["sensors"]),
        "retention": _snake(values["retention"], but="enabled"),
        "compute_logs": {
            "module": "dagster.core.storage.noop_compute_log_manager",
            "class": values["computeLogManager"]["type"],
        },
        "telemetry": values["telemetry"],
    }


def launcher_config(values: Json) -> Json:
    """The configuration of K8sRunLauncher."""
    given = values["runLauncher"]["config"]["k8sRunLauncher"]
    own = _snake(given)
    own["run_k8s_config"] = {_word(name): block for name, block in given["runK8sConfig"].items()}
    own["labels"], own["security_context"] = given["labels"], given["securityContext"]
    home = values["global"]["dagsterHome"]
    return own | {
        "job_namespace": "shops",
        "service_account_name": "dagster",
        "dagster_home": home,
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": values["global"]["postgresqlSecretName"],
    }


def container_context(deployment: Json) -> Json:
    """What a code server tells the launcher of its pod, so that runs get the same."""
    return {
        "k8s": {
            "image_pull_policy": deployment["image"]["pullPolicy"],
            "env_config_maps": [f"dagster-{deployment['name']}-user-env"],
            "env_secrets": [each["name"] for each in deployment["envSecrets"]],
            "volume_mounts": deployment["volumeMounts"],
            "volumes": deployment["volumes"],
            "labels": deployment["labels"],
            "resources": deployment["resources"],
            "namespace": "shops",
            "service_account_name": "dagster-user-deployments",
            "run_k8s_config": {"pod_spec_config": {"automount_service_account_token": True}},
        }
    }


def _storage(name: str, kind: str, connection: Json) -> Json:
    module = "event_log" if name == "event_log_storage" else name
    return {"module": f"dagster_postgres.{module}", "class": f"Postgres{kind}", "config": connection}


def _snake(block: Mapping[str, Any], but: str = "") -> Json:
    return {
        _word(name): _snake(value) if isinstance(value, Mapping) else value
        for name, value in block.items()
        if name != but
    }


def _word(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
