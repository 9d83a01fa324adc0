"""Two panels: one run beside its floors and its baseline, and the cost by number of sessions."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Case, Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS, OTHERS = "#2f6f4f", "#b8b8b8"


def draw(figures: Figures, path: Path) -> None:
    """Write the chart as a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    _beside(left, figures.main)
    _growth(right, figures)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _beside(axes: "Axes", case: Case) -> None:
    assert case.sequential is not None
    bars = {
        "write floor": (case.write_floor, OTHERS),
        "read floor, 16 slices": (case.reading.wall, OTHERS),
        "second run, nothing new": (case.again.cost.wall, OURS),
        "first run": (case.first.cost.wall, OURS),
        "one after another": (case.sequential.stripe_side(case.size), OTHERS),
    }
    axes.barh(list(bars), [seconds for seconds, _ in bars.values()], color=[colour for _, colour in bars.values()])
    for place, (seconds, _) in enumerate(bars.values()):
        axes.text(seconds, place, f" {seconds:.3g} s", va="center")
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.set_title(f"{case.size:,} sessions, {case.latency * 1000:.0f} ms a request, PostgreSQL", fontsize=10)
    axes.set_xlabel("seconds, whole process")


def _growth(axes: "Axes", figures: Figures) -> None:
    same = figures.sizes
    sizes = [case.size for case in same]
    axes.plot(sizes, [case.first.cost.wall for case in same], "o-", color=OURS, label="first run, s")
    axes.plot(sizes, [case.again.cost.wall for case in same], "o--", color=OURS, label="second run, s")
    axes.plot(sizes, [case.reading.wall for case in same], "o-", color=OTHERS, label="read floor, s")
    axes.plot(sizes, [case.first.cost.memory for case in same], "s:", color="#c8553d", label="peak memory, MB")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("sessions")
    axes.set_title("How cost grows", fontsize=10)
    axes.legend(fontsize=8)
