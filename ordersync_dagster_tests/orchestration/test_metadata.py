"""What a person reads in Dagster: numbers, tables, a picture; nobody's data, and nothing that a customer can style."""

import base64
import io
import struct
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from matplotlib.image import imread

from ordersync_dagster.core.summary import COUNTERS, Summary
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration import metadata
from ordersync_dagster.report.charts import PNG_LIMIT, gap_chart, gap_figure
from ordersync_dagster.report.markdown import escaped
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.orchestration.runs import OBSERVED, THIS_AFTERNOON, Past, Run, Runs, lost_with_days

HOSTILE = "<img src=x onerror=alert(1)>[click](javascript:alert(2))`|\x1b[31m\u202e"


def test_figures_are_numbers_so_that_they_can_be_plotted(past: Past) -> None:
    summary = past.repair.of("order_sync_summary")
    for name in (*COUNTERS, "requests"):
        assert isinstance(summary[name], dg.IntMetadataValue)
    assert isinstance(summary["seconds"], dg.FloatMetadataValue)


def test_a_preview_shares_no_plotted_label_with_a_run(past: Past) -> None:
    numbers = (dg.IntMetadataValue, dg.FloatMetadataValue)
    preview, done = past.preview.of("order_sync_summary", kind=OBSERVED), past.repair.of("order_sync_summary")
    assert not {name for name, value in preview.items() if isinstance(value, numbers)} & done.keys()


@pytest.mark.full
def test_each_day_of_orders_has_its_proof_from_both_jobs_and_in_a_dry_run(runs: Runs, outage: World) -> None:
    day = min(lost_with_days(outage).values())
    looked = runs.order_sync(days=7, dry_run=True).of("orders", day, kind=OBSERVED)
    assert looked["proof"].value.startswith("does not hold: Session cs_test_")
    assert looked["shop_paid"].value < looked["stripe_paid"].value
    for run in (runs.order_sync(days=7), runs.daily_order_sync(day, day)):
        facts = run.of("orders", day)
        assert facts["proof"].value == "holds"
        assert facts["stripe_ids_sha256"] == facts["shop_ids_sha256"] != looked["shop_ids_sha256"]
        sums = {name: value for name, value in facts.items() if name.endswith("_minor")}
        assert sums
        assert all(isinstance(value, dg.IntMetadataValue) for value in sums.values())
        assert all(sums[f"shop_{name.removeprefix('stripe_')}"] == sums[name] for name in sums if name[:6] == "stripe")


def test_the_report_and_the_picture_come_first(past: Past) -> None:
    summary = past.repair.of("order_sync_summary")
    assert list(summary)[:2] == ["report", "chart"]


def test_the_report_says_what_people_know_and_who_waits(past: Past) -> None:
    report = past.preview.of("order_sync_summary", kind=OBSERVED)["report"].value
    assert report.startswith("### Dry run: nothing was written")
    assert "| Stripe Sessions Added | 3 |" in report
    assert "**2 orders recovered, nothing at Printful: their customers wait**" in report


def test_every_change_is_a_row(past: Past, outage: World) -> None:
    table = past.repair.of("order_sync_summary")["changes"]
    assert [column.name for column in table.schema.columns][:5] == ["order_id", "field", "before", "after", "why"]
    added = {row.data["stripe_session_id"] for row in table.records if row.data["field"] == "order"}
    assert added == set(lost_with_days(outage))


def test_every_problem_is_a_row(past: Past) -> None:
    summary = past.repair.of("order_sync_summary")
    assert len(summary["problems"].records) == summary["errors"].value + summary["notices"].value > 0


def test_the_links_lead_to_the_dashboards_of_the_keys_mode(past: Past) -> None:
    summary = past.repair.of("order_sync_summary")
    assert summary["stripe"].value == "https://dashboard.stripe.com/test/payments"
    assert summary["printful"].value.startswith("https://www.printful.com/")


def test_the_picture_is_a_small_png_inside_the_text(past: Past) -> None:
    text = past.repair.of("order_sync_summary")["chart"].value
    png = base64.b64decode(text.partition("base64,")[2].removesuffix(")"))
    width, height = struct.unpack(">II", png[16:24])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    assert (width, height) == (720, 234)
    assert len(png) < PNG_LIMIT == 60_000


@pytest.mark.parametrize("days", [1, 365])
def test_the_picture_stays_small_for_every_window(days: int) -> None:
    outcome = Outcome("run", Window.last_days(days, THIS_AFTERNOON), is_dry_run=True)
    first = THIS_AFTERNOON.date() - timedelta(days=days)
    for place in range(days + 1):
        figures = Summary(skipped_order_exists=place * 7919 % 97, stripe_sessions_added=place * 31 % 13)
        outcome.days[first + timedelta(days=place)] = figures
    assert len(gap_chart(outcome)) < PNG_LIMIT


def test_the_gap_is_red() -> None:
    def red_pixels(missing: int) -> int:
        outcome = Outcome("run", Window.last_days(1, THIS_AFTERNOON), is_dry_run=True)
        outcome.days = {THIS_AFTERNOON.date(): Summary(skipped_order_exists=3, stripe_sessions_added=missing)}
        return _count(gap_chart(outcome), (0xD6, 0x45, 0x45))

    assert red_pixels(3) > 10 * red_pixels(0)  # without a gap only the legend is red


@pytest.mark.parametrize(("paid", "top"), [(0, 1), (20, 20)])
def test_days_without_a_payment_are_drawn_on_a_scale_of_whole_sessions(paid: int, top: float) -> None:
    outcome = Outcome("run", Window.last_days(1, THIS_AFTERNOON), is_dry_run=True)
    outcome.days = {THIS_AFTERNOON.date(): Summary(skipped_order_exists=paid)}
    assert gap_figure(outcome).axes[0].get_ylim() == pytest.approx((0, top))


def test_a_table_is_cut_where_dagster_would_choke() -> None:
    outcome = Outcome("run", Window.last_days(1, THIS_AFTERNOON), is_dry_run=True)
    row: Any = dict.fromkeys(("order_id", "field", "before", "after", "why", "stripe_session_id"), "x")
    outcome.changes = [row] * 1000
    found = metadata.summary(outcome, is_live=False, traffic={}, job=None)["changes"]
    assert len(found.records) == metadata.TABLE_ROWS


def test_nothing_that_dagster_keeps_names_a_customer(past: Past, outage: World) -> None:
    kept = everything_kept(past.preview) + everything_kept(past.repair)
    for private in personal(outage):
        assert private not in kept


def test_hostile_text_is_shown_as_it_is_and_does_nothing(runs: Runs, sandbox: Sandbox, outage: World) -> None:
    session = next(each for each in outage.sessions if each["id"] in lost_with_days(outage))
    details = {**session["customer_details"], "email": f"{HOSTILE}@example.com", "name": HOSTILE}
    sandbox.put_session({**session, "currency": HOSTILE, "customer_details": details, "customer_email": HOSTILE})
    run = runs.order_sync(days=7)
    assert HOSTILE not in everything_kept(run)
    report = run.of("order_sync_summary")["report"].value
    assert "\\<img" in report
    assert not any(live in report.replace("\\<img", "") for live in ("<img", "](javascript", "\x1b", "\u202e"))


@pytest.mark.parametrize("text", ["<b>", "[a](b)", "`a`", "a|b", "*a*", "# a", "![a](b)"])
def test_every_sign_of_markdown_is_escaped(text: str) -> None:
    shown = escaped(text)
    assert all(shown[place - 1] == "\\" for place, char in enumerate(shown) if char in "<>[]()`|*#!")


def personal(world: World) -> set[str]:
    """Names, addresses and e-mails of everybody in the world, as far as they are long enough to be told from ids."""
    found: set[str] = set()
    for session in world.sessions:
        details = session["customer_details"] or {}
        address = details.get("address") or {}
        found |= {str(value) for value in (details.get("email"), details.get("name"), *address.values()) if value}
    return {value for value in found if len(value) > 5}


def everything_kept(run: Run) -> str:
    """All that Dagster keeps of a run, in its own wire form."""
    return "".join(dg.serialize_value(event) for event in run.events)


def _count(png: bytes, colour: tuple[int, int, int]) -> int:
    pixels = (imread(io.BytesIO(png))[:, :, :3] * 255).round().astype(int)
    return int((pixels == colour).all(axis=2).sum())
