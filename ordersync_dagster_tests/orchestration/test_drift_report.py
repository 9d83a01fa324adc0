"""The asset drift_report: figures to plot, tables, a picture and the page, and what happens where a vendor is down."""

from pathlib import Path

import dagster as dg
import pytest

from ordersync_dagster.orchestration import drift_report as asset
from ordersync_dagster.orchestration.drift_report import FOLDER
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster_tests.orchestration.runs import GREEN, OBSERVED, Run, Runs
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.drift_truth import truth_of
from ordersync_dagster_tests.support.world import lost, without_a_link


def test_the_figures_are_those_of_the_world_and_can_be_plotted(runs: Runs, outage: World) -> None:
    found = runs.drift_report(days=30).of("drift_report")
    expected = {"payments_without_order": len(lost(outage)), "customers_waiting": len(without_a_link(outage))}
    expected |= {f"difference_{name}": of.ordered - of.paid for name, of in truth_of(outage).money.items()}
    assert {name: found[name] for name in expected} == {name: dg.IntMetadataValue(n) for name, n in expected.items()}


def test_verdict_report_picture_and_tables_are_there(runs: Runs, outage: World) -> None:
    found = runs.drift_report().of("drift_report")
    assert found["verdict"].value.endswith(f"adds {len(lost(outage))} missing orders and updates 8 orders.")
    assert found["level"].value == "person"
    assert "Send the order to Printful" in found["report"].value
    assert found["chart"].value.startswith("![payments and their orders by day](data:image/png;base64,")
    assert len(found["chart"].value) < 100_000
    currencies = [record.data["currency"] for record in found["money"].records]
    assert currencies == sorted(name.upper() for name in truth_of(outage).money)
    assert found["problems_by_class"].records
    assert found["disagreements"].records


@pytest.mark.full
def test_the_page_is_kept_in_the_storage_of_dagster_and_old_ones_go(
    runs: Runs, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asset, "FILES_KEPT", 2)
    pages = []
    for _ in range(3):
        run = runs.drift_report()
        pages.append(Path(run.of("drift_report")["page"].value))
        assert f"Dagster run {run.result.run_id}" in pages[-1].read_text()
    folder = Path(instance.storage_directory()) / FOLDER
    assert len(list(folder.iterdir())) == 2
    assert {page.parent for page in pages} == {folder}


def test_a_folder_that_cannot_be_written_does_not_stop_the_report(
    runs: Runs, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    Path(instance.storage_directory()).mkdir(parents=True, exist_ok=True)
    (Path(instance.storage_directory()) / FOLDER).write_text("a file")
    run = runs.drift_report()
    assert run.succeeded
    assert run.of("drift_report")["page"].value.startswith("not kept: ")


def test_a_report_writes_nothing_to_the_shop_and_holds_no_customer(runs: Runs, shop: Database, outage: World) -> None:
    before = everything(shop)
    found = runs.drift_report().of("drift_report")
    assert everything(shop) == before
    text = f"{found} {Path(found['page'].value).read_text()}"
    for session in outage.sessions:
        customer = session["customer_details"] or {}
        assert not any(value and value in text for value in (customer.get("email"), customer.get("name")))


def test_a_vendor_that_is_down_leaves_an_observation_and_a_failed_run(runs: Runs, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("/v1/checkout/sessions", "status", 400, times=None))
    run = runs.drift_report()
    assert not run.succeeded
    assert run.retries == 0
    assert run.days(GREEN, "drift_report") == set()
    assert run.of("drift_report", kind=OBSERVED)["level"].value == "incomplete"


@pytest.mark.parametrize("config", [{"days": 0}, {"days": 366}, {"days": None}, {"printful": None}])
def test_a_value_out_of_range_is_one_sentence(runs: Runs, sandbox: Sandbox, config: dict[str, object]) -> None:
    run: Run = runs.drift_report(**config)
    assert not run.succeeded
    assert "days must be a whole number from 1 to 365" in run.failure
    assert sandbox.requests == []
