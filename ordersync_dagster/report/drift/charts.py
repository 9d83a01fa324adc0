"""Two drawings: the days as a heat map, in which an outage is a block, and the changes of each run."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ordersync_dagster.core.history import PastRun
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.drift.reconciled import Span
from ordersync_dagster.report.drift.svg import COLOURS, ON_WHITE, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAYS_BY_HOURS = 62  # up to so many days each is a column of six spans; more are a calendar of weeks
_SMALL = 8  # points
_REM, _WIDEST = 8.5, 68  # rem for each inch of the heat map; the page's width
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Cell = tuple[int, int]


def heat_map(spans: Sequence[Span], window: Window) -> str:
    """Every span of the period: no payment, all with their order, added later by a run, or without an order now."""
    return svg_of(_heat(spans, window, COLOURS), "heat", "Payments and their orders by day", _description(spans))


def heat_png(spans: Sequence[Span], window: Window) -> bytes:
    """The same as a PNG on white, for where no page gives the colours."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure, image = _heat(spans, window, ON_WHITE), io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(image, format="png", dpi=110, metadata={"Software": None})
    return image.getvalue()


def heat_width(window: Window) -> float:
    """The width on a page in rem: letters as large as those of the page, and no drawing wider than the page."""
    return round(min(_WIDEST, _REM * _inches(_columns(window))), 1)


def _columns(window: Window) -> int:
    days = window.days
    if len(days) <= DAYS_BY_HOURS:
        return len(days)
    return ((days[-1] - days[0]).days + days[0].weekday()) // 7 + 1


def _inches(columns: int) -> float:
    return max(columns * 0.235 + 0.7, 3.0)


def _heat(spans: Sequence[Span], window: Window, colours: Mapping[str, str]) -> "Figure":
    is_by_hours = len(window.days) <= DAYS_BY_HOURS
    cells = _by_hours(spans, window) if is_by_hours else _by_weeks(spans, window)
    columns = _columns(window)
    rows = 6 if is_by_hours else 7
    figure, axes = _figure(columns, rows, colours)
    for kind in ("cell", "good", "late", "lost"):
        _fill(axes, [place for place, cell in cells.items() if _kind(cell) == kind], colours[kind])
    for (x, y), cell in cells.items():
        if number := cell.missing or cell.recovered:
            ink = colours["on-lost" if cell.missing else "on-late"]
            axes.text(x + 0.5, y + 0.5, _short(number), size=_SMALL, color=ink, ha="center", va="center")
    _label(axes, window, rows, columns, is_by_hours)
    return figure


def runs_chart(runs: Sequence[PastRun]) -> str:
    """The changes of each writing run, oldest first."""
    shown = [run for run in reversed(runs) if run.kind == "sync" and run.summary]
    added = [run.summary.get("stripe_sessions_added", 0) for run in shown]
    updated = [run.summary.get("printful_orders_updated", 0) + run.summary.get("orders_completed", 0) for run in shown]
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6.4, 1.7), layout="constrained")
    axes = figure.add_subplot()
    places = range(len(shown))
    axes.bar(places, added, color=COLOURS["lost"], width=0.7)
    axes.bar(places, updated, bottom=added, color=COLOURS["good"], width=0.7)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axes.set_ylim(0, max(1, *(sum(pair) for pair in zip(added, updated, strict=True))) * 1.08)
    axes.set_xlim(-0.6, max(len(shown), 8) - 0.4)
    every = max(1, len(shown) // 6)
    ticks = [*places][::every]
    axes.set_xticks(ticks, _moments([shown[place].started_at for place in ticks]))
    _plain(axes, COLOURS)
    axes.grid(axis="y", color=COLOURS["line"], linewidth=0.6)
    axes.set_axisbelow(True)
    sentence = f"{counted(len(shown), 'run', 'runs')} added {sum(added):,} missing orders and updated {sum(updated):,}."
    return svg_of(figure, "runs", "What the runs found", sentence)


def _moments(starts: Sequence[datetime]) -> Iterator[str]:
    """29 Nov; further runs of that day by their time."""
    before: date | None = None
    for start in starts:
        yield f"{start:%H:%M}" if start.date() == before else f"{start:%-d %b}"
        before = start.date()


def _figure(columns: int, rows: int, colours: Mapping[str, str]) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_inches(columns), rows * 0.235 + 0.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.set_aspect("equal")
    axes.set_anchor("W")
    _plain(axes, colours)
    return figure, axes


def _plain(axes: "Axes", colours: Mapping[str, str]) -> None:
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=_SMALL, colors=colours["soft"], pad=3)


def _fill(axes: "Axes", places: Iterable[Cell], colour: str) -> None:
    from matplotlib.collections import PolyCollection

    gap = 0.06
    corners = [
        [(x + gap, y + gap), (x + 1 - gap, y + gap), (x + 1 - gap, y + 1 - gap), (x + gap, y + 1 - gap)]
        for x, y in places
    ]
    axes.add_collection(PolyCollection(corners, facecolors=colour, edgecolors="none"))


def _by_hours(spans: Iterable[Span], window: Window) -> Mapping[Cell, Span]:
    columns = {str(day): number for number, day in enumerate(window.days)}
    cells = {(x, y): Span(day, 4 * y, 0, 0, 0) for day, x in columns.items() for y in range(6)}
    return cells | {(columns[span.day], span.hour // 4): span for span in spans if span.day in columns}


def _by_weeks(spans: Iterable[Span], window: Window) -> Mapping[Cell, Span]:
    first = window.days[0] - timedelta(days=window.days[0].weekday())
    cells = {((day - first).days // 7, day.weekday()): Span(str(day), 0, 0, 0, 0) for day in window.days}
    for span in spans:
        day = date.fromisoformat(span.day)
        place = ((day - first).days // 7, day.weekday())
        if seen := cells.get(place):
            cells[place] = Span(
                span.day, 0, seen.paid + span.paid, seen.missing + span.missing, seen.recovered + span.recovered
            )
    return cells


def _short(number: int) -> str:
    """At most three characters, as a cell has room for: 12,345 is 12k."""
    return str(number) if number < 1000 else f"{number // 1000}k" if number < 1_000_000 else f"{number // 1_000_000}M"


def _kind(cell: Span) -> str:
    if cell.missing:
        return "lost"
    if cell.recovered:
        return "late"
    return "good" if cell.paid else "cell"


def _label(axes: "Axes", window: Window, rows: int, columns: int, is_by_hours: bool) -> None:
    if is_by_hours:
        axes.set_yticks([n + 0.5 for n in range(rows)], [f"{4 * n:02}–{4 * n + 4:02}" for n in range(rows)])
        days: Sequence[date] = window.days
        ticks = [n for n in range(columns) if (columns - 1 - n) % 7 == 0]
    else:
        axes.set_yticks([n + 0.5 for n in range(rows)], _WEEKDAYS)
        first = window.days[0] - timedelta(days=window.days[0].weekday())
        days = [first + timedelta(weeks=n) for n in range(columns)]
        ticks = [n for n in range(columns) if days[n].day <= 7]
    axes.set_xticks([n + 0.5 for n in ticks], _names([days[n] for n in ticks], days[0].year != days[-1].year))


def _names(days: Sequence[date], has_years: bool) -> Iterator[str]:
    """1 Dec; with years below the first day, and below the first of each year."""
    before = 0
    for day in days:
        year = f"\n{day.year}" if has_years and day.year != before else ""
        yield f"{day:%-d %b}{year}"
        before = day.year


def _description(spans: Iterable[Span]) -> str:
    missing: Counter[str] = Counter()
    recovered = paid = 0
    for span in spans:
        missing[span.day] += span.missing
        paid, recovered = paid + span.paid, recovered + span.recovered
    lost = [f"{datetime.fromisoformat(day):%-d %b} ({count:,})" for day, count in sorted(missing.items()) if count]
    without = f"Without an order: {', '.join(lost)}." if lost else "None is without an order."
    late = f" {counted(recovered, 'order was', 'orders were')} added later by a run." if recovered else ""
    return f"{counted(paid, 'payment', 'payments')}. {without}{late}"
