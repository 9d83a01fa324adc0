"""The report that Dagster shows beside a run."""

from ordersync_dagster.core.texts import visible
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.report.text import LABELS

_SHOWN = 50
_ESCAPED = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>()#+!|~"})


def markdown_report(outcome: Outcome) -> str:
    """Figures, who waits, and problems. Whatever came from outside is escaped."""
    title = "Dry run: nothing was written" if outcome.is_dry_run else "What this run did"
    window = f"{outcome.window.start:%Y-%m-%d %H:%M} to {outcome.window.end:%Y-%m-%d %H:%M} UTC"
    lines = [f"### {title}", "", window, "", "| | |", "|---|---:|"]
    lines += [f"| {label} | {outcome.summary[name]} |" for name, label in LABELS.items()]
    if outcome.waiting:
        lines += [
            "",
            f"**{len(outcome.waiting)} recovered orders have nothing at Printful; their customers wait:**",
            "",
        ]
        lines += _bullets([f"`{order_id}`" for order_id in outcome.waiting])
    if outcome.problems:
        lines += ["", "#### Problems", ""]
        lines += _bullets([f"**{each.problem_class}** {escaped(each.sentence)}" for each in outcome.problems])
    return "\n".join(lines)


def escaped(text: str) -> str:
    """`text` so that Markdown and HTML show it as it is."""
    return visible(text).translate(_ESCAPED)


def _bullets(lines: list[str]) -> list[str]:
    rest = len(lines) - _SHOWN
    return [f"- {line}" for line in lines[:_SHOWN]] + ([f"- … and {rest} more"] if rest > 0 else [])
