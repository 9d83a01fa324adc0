"""The drawings of the report: what is written in them can be read, whatever the number and the period."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from ordersync_dagster.core.history import PastRun
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.drift.charts import heat_map, heat_width, runs_chart
from ordersync_dagster.report.drift.reconciled import Span

MONTH = Window(datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC))


def written(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


@pytest.mark.parametrize(
    ("missing", "shown"), [(1, "1"), (999, "999"), (1000, "1k"), (1999, "1k"), (12_345, "12k"), (2_000_000, "2M")]
)
def test_a_number_of_a_cell_has_at_most_three_characters(missing: int, shown: str) -> None:
    """The table below the map, and its text alternative, have the whole number."""
    svg = heat_map([Span("2026-11-26", 8, missing, missing, 0)], MONTH)
    assert shown in written(svg)
    assert f"26 Nov ({missing:,})" in svg


def test_a_calendar_of_two_years_names_them() -> None:
    window = Window(datetime(2025, 10, 25, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC))
    found = written(heat_map([Span("2025-11-03", 8, 1, 0, 0)], window))
    assert [each for each in found if re.fullmatch(r"20\d\d", each)] == ["2025", "2026"]
    assert "2026" not in written(heat_map([Span("2026-11-03", 8, 1, 0, 0)], MONTH))
    assert date(2026, 1, 5).strftime("%-d %b") in found


@pytest.mark.parametrize("days", [1, 7, 30, 62, 63, 100, 400])
def test_cells_and_letters_are_never_blown_up(days: int) -> None:
    """The width of the page's drawing, 16 pixels a rem, over that of the drawing itself, which counts in points."""
    window = Window(MONTH.end - timedelta(days=days), MONTH.end)
    box = re.search(r'viewBox="0 0 ([\d.]+) ', heat_map([Span("2026-11-28", 8, 1, 0, 0)], window))
    assert box is not None
    assert heat_width(window) * 16 / float(box[1]) <= 2


def test_runs_of_one_day_are_named_by_their_hour() -> None:
    day = datetime(2026, 11, 29, 11, 30, tzinfo=UTC)
    times = (day - timedelta(days=1), day, day + timedelta(minutes=5))
    runs = [
        PastRun(f"r{n}", "sync", None, "succeeded", None, at, at, None, None, {"errors": 0})
        for n, at in enumerate(times)
    ]
    found = [each for each in written(runs_chart(runs[::-1])) if ":" in each or "Nov" in each]
    assert found == ["28 Nov", "29 Nov", "11:35"]
