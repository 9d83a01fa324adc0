"""Paid sessions against orders per day, with the gap marked, as a small PNG."""

import base64
import io
from typing import TYPE_CHECKING, Any

from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.report.tables import days_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PNG_LIMIT = 60_000  # bytes; Dagster keeps it in one row of its event log


def gap_chart(outcome: Outcome) -> bytes:
    """A PNG of at most PNG_LIMIT bytes: grey bars are orders, red ones paid sessions without an order."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = gap_figure(outcome)
    FigureCanvasAgg(figure)
    image = io.BytesIO()
    figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()


def gap_figure(outcome: Outcome) -> "Figure":
    """The same before it is drawn."""
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    series = days_of(outcome)
    days: Any = series.days  # matplotlib takes dates, but its types do not say so
    figure = Figure(figsize=(8, 2.6), dpi=90)
    figure.subplots_adjust(left=0.1, right=0.985, top=0.87, bottom=0.12)  # finding the margins takes as long as drawing
    axes = figure.add_subplot()
    axes.bar(days, series.found, color="#9aa5b1", label="orders found")
    axes.bar(days, series.missing, bottom=series.found, color="#d64545", label="paid, no order")
    axes.set_ylabel("paid sessions")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, max(1, axes.get_ylim()[1]))  # where nothing was paid, matplotlib shows parts of a session
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small", ncols=2, loc="upper left", bbox_to_anchor=(0, 1.18))
    form = "%-d %b" if len(days) < 300 else "%b %Y"
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=10))  # type: ignore[no-untyped-call]  # theirs
    axes.xaxis.set_major_formatter(DateFormatter(form))  # type: ignore[no-untyped-call]  # theirs
    return figure


def as_markdown_image(png: bytes, alt: str) -> str:
    """The picture inside the Markdown, so that nothing is loaded to show it."""
    return f"![{alt}]({as_data_url(png)})"


def as_data_url(png: bytes) -> str:
    """The picture as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
