"""What a person sees: the Launchpad, a dry run's summary, days missing and then green, the chart."""

from collections.abc import Iterator

import pytest

from ordersync_dagster_tests.orchestration.browser import Page, chromium, keep, opened
from ordersync_dagster_tests.orchestration.deployment import ASSETS
from ordersync_dagster_tests.orchestration.pretend import PretendShop
from ordersync_dagster_tests.orchestration.runs import lost_with_days
from ordersync_dagster_tests.support.world import lost

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _browser_is_there() -> None:
    chromium()


@pytest.fixture
def page(pretend: PretendShop) -> Iterator[Page]:
    with opened(pretend.dagster.url) as page:
        yield page


def test_a_person_launches_a_dry_run_and_reads_its_summary(pretend: PretendShop, page: Page) -> None:
    page.goto("/locations/ordersync/jobs/order_sync/playground")
    page.get_by_text("Whole UTC days back, and today").wait_for()
    editor = page.locator(".CodeMirror").first
    assert "days: 30" in editor.inner_text()
    keep(page, "launchpad")
    editor.evaluate("(element, text) => element.CodeMirror.setValue(text)", "days: 30\ndry_run: true\nprintful: all\n")
    page.get_by_text("No errors").wait_for()
    page.get_by_role("button", name="Launch Run").click()
    page.wait_for_url("**/runs/**")
    page.get_by_text("Success", exact=True).first.wait_for(timeout=120_000)  # its head; the list shows what fits
    assert pretend.recovered == 0
    page.goto("/assets/order_sync_summary?view=events")
    dialogs = page.get_by_text("[Show Markdown]")
    dialogs.last.wait_for()
    if dialogs.count() > 1:  # a short report is shown at once, a long one in a dialog
        dialogs.first.click()
    page.get_by_role("heading", name="Dry run: nothing was written").scroll_into_view_if_needed()
    page.get_by_role("row", name=f"Stripe Sessions Added {len(lost(pretend.world))}", exact=True).wait_for()
    keep(page, "dry-run")
    page.keyboard.press("Escape")
    dialogs.last.click()
    picture = page.get_by_role("img", name="paid sessions and orders by day")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") == 720
    keep(page, "chart")


def test_days_that_are_missing_turn_green_by_a_backfill(pretend: PretendShop, page: Page) -> None:
    days = pretend.dagster.days()
    week = days[-7:]
    outage = {str(day) for day in lost_with_days(pretend.world).values()}
    earlier = pretend.dagster.backfill_job([day for day in week if day < min(outage)])
    assert earlier["status"] == "COMPLETED_SUCCESS", pretend.dagster.failures(earlier)
    missing = [day for day in week if day >= min(outage)]
    page.goto("/assets/orders?view=partitions")
    page.get_by_text(f"Missing ({len(days) - 7 + len(missing)})").wait_for()
    keep(page, "partitions-before")
    page.goto("/locations/ordersync/jobs/daily_order_sync/partitions")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_text("Partition selection").wait_for()
    box = page.get_by_role("dialog").get_by_role("textbox").first
    box.fill(f"[{missing[0]}...{missing[-1]}]")
    box.press("Enter")
    keep(page, "backfill")
    page.get_by_role("button", name="Launch").last.click()
    page.get_by_text("Backfill").first.wait_for()
    pretend.dagster.until_green(set(week))
    page.goto("/assets/orders?view=partitions")
    page.get_by_text("Materialized (7)").wait_for()
    keep(page, "partitions-after")
    assert pretend.recovered == len(lost_with_days(pretend.world))
    assert len(pretend.dagster.runs_of("daily_order_sync")) == 2  # each backfill was one run of the job


def test_a_person_reads_the_report_on_the_page_of_its_asset(pretend: PretendShop, page: Page) -> None:
    pretend.dagster.succeeds("report_drift")
    page.goto("/assets/drift_report?view=events")
    page.get_by_text("[Show Markdown]").last.wait_for()
    page.get_by_text("payments_without_order").first.wait_for()
    page.get_by_text(f"The next run adds {len(lost(pretend.world))} missing orders").first.wait_for()
    keep(page, "drift-report")
    page.get_by_text("[Show Markdown]").last.click()
    page.get_by_role("img", name="payments and their orders by day").wait_for()
    keep(page, "drift-report-days")


def test_the_graph_shows_the_assets_in_their_order(pretend: PretendShop, page: Page) -> None:
    pretend.dagster.succeeds("order_sync", days=30)
    pretend.dagster.succeeds("report_drift")
    page.set_viewport_size({"width": 2100, "height": 640})  # as wide as five assets with all their facets
    page.goto("/locations/ordersync/asset-groups/order_sync")
    for name in (*ASSETS, "drift_report"):
        page.get_by_text(name, exact=True).first.wait_for()
    keep(page, "graph")
