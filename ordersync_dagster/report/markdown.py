"""The report that Dagster shows beside a run."""

from textwrap import wrap

from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.text import visible
from ordersync_dagster.report.outcome import NOT_MADE, RECOVERED_WAITS, Outcome
from ordersync_dagster.report.text import LABELS

_MAX_BULLETS = 50
_WIDTH = 76  # characters; the UI cuts off longer lines instead of wrapping them
_APPLY = (
    "",
    "#### Apply exactly this",
    "",
    "Copy the value of `apply_with` into the Launchpad of the same job,",
    "with the same days. If something moved since, that run writes nothing.",
)
_ESCAPED = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>()#+!|~"})


def markdown_report(outcome: Outcome) -> str:
    """Figures, waiting customers and problems. Text from outside is escaped."""
    title = outcome.title
    window = f"{outcome.window.start:%Y-%m-%d %H:%M} to {outcome.window.end:%Y-%m-%d %H:%M} UTC"
    lines = [f"### {title}", "", window, "", "| | |", "|---|---:|"]
    lines += [f"| {label} | {outcome.summary[name]} |" for name, label in LABELS.items()]
    counts = outcome.counts
    lines += _waiting_block(
        counts[RECOVERED_WAITS], "recovered, nothing at Printful: their customers wait", outcome.waiting
    )
    lines += _waiting_block(
        counts[ProblemClass.UNFULFILLED], "paid over a day ago, nothing at Printful", outcome.waiting_long
    )
    others = [each for each in outcome.problems if each.problem_class is not ProblemClass.UNFULFILLED]
    not_made = [each for each in others if each.problem_class in NOT_MADE]
    lines += _problem_block("Paid, and not made by Printful", not_made)
    lines += _problem_block("Problems", [each for each in others if each.problem_class not in NOT_MADE])
    lines += _APPLY if outcome.planned else []
    return "\n".join(lines)


def _problem_block(title: str, problems: list[Problem]) -> list[str]:
    """A block that names each of `problems`; nothing where there are none."""
    bullets = ["\\\n  ".join([f"**{each.problem_class}**", *_broken(each.sentence)]) for each in problems]
    return ["", f"#### {title}", "", *_bullets(bullets)] if bullets else []


def escaped(text: str) -> str:
    """`text` so that Markdown and HTML show it as it is."""
    return visible(text).translate(_ESCAPED)


def _broken(sentence: str) -> list[str]:
    """`sentence` in escaped lines; none of them begins a list."""
    lines = wrap(visible(sentence), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [("\\" if line.startswith("-") else "") + line.translate(_ESCAPED) for line in lines]


def _waiting_block(count: int, wait: str, order_ids: list[str]) -> list[str]:
    """A block that names the waiting orders; nothing where there are none."""
    if not count:
        return []
    noun = "order" if count == 1 else "orders"
    return ["", f"**{count} {noun} {wait}**", "", *_bullets([f"`{order_id}`" for order_id in order_ids])]


def _bullets(lines: list[str]) -> list[str]:
    rest = len(lines) - _MAX_BULLETS
    return [f"- {line}" for line in lines[:_MAX_BULLETS]] + ([f"- … and {rest} more"] if rest > 0 else [])
