"""Dagster's own files: dagster.yaml for one machine and for several, and the workspace."""

import yaml

from ordersync_dagster_tests.support.places import ROOT


def test_both_dagster_files_send_nothing_home_and_let_one_run_write() -> None:
    local, shared = (
        yaml.safe_load((ROOT / name).read_text()) for name in ("dagster.yaml", "deploy/dagster-postgres.yaml")
    )
    assert shared.pop("storage")["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"
    assert local == shared
    assert local["telemetry"] == local["nux"] == {"enabled": False}
    assert local["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
    assert local["run_retries"]["retry_on_asset_or_op_failure"] is False


def test_the_workspace_has_one_entry_that_can_be_imported() -> None:
    (entry,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"]["module_name"] == "ordersync_dagster.definitions"
