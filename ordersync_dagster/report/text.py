"""The summary that people know, and the lines below it."""

from collections import Counter

from ordersync_dagster.core.problems import Problem, ProblemClass
from ordersync_dagster.core.texts import visible
from ordersync_dagster.report.outcome import Outcome

LABELS = {  # the contract: people and scripts know these words
    "stripe_sessions_checked": "Stripe Sessions Checked",
    "stripe_sessions_added": "Stripe Sessions Added",
    "stripe_sessions_skipped": "Stripe Sessions Skipped",
    "printful_orders_checked": "Printful Orders Checked",
    "printful_orders_updated": "Printful Orders Updated",
    "printful_items_added": "Printful Items Added",
    "errors": "Errors",
}
_SHOWN = 20  # problems of one severity; --json has all


def summary_text(outcome: Outcome) -> str:
    """The seven lines, then who waits, why sessions were skipped, and the problems."""
    lines = ["📊 Synchronization Summary:", "━" * 50]
    lines += [f"{label}: {outcome.summary[name]}" for name, label in LABELS.items()]
    lines += _waiting(outcome) + _extras(outcome)
    lines += _problems("Errors", [each for each in outcome.problems if each.is_error])
    lines += _problems("Notices", [each for each in outcome.problems if not each.is_error and not _is_waiting(each)])
    if outcome.is_dry_run:
        lines += ["", "Dry run: nothing was written. Run again without --dry-run to apply it."]
    return "\n".join(lines)


def _waiting(outcome: Outcome) -> list[str]:
    waiting = outcome.waiting
    if not waiting:
        return []
    have = "order has" if len(waiting) == 1 else "orders have"
    return [
        "",
        f"⚠ {len(waiting)} recovered {have} nothing at Printful, and their customers wait:",
        *_indented(waiting),
    ]


def _is_waiting(problem: Problem) -> bool:
    return problem.problem_class is ProblemClass.UNFULFILLED  # these are named in a block of their own


def _extras(outcome: Outcome) -> list[str]:
    summary = outcome.summary.as_dict()
    skipped = [
        f"{count} {name.removeprefix('skipped_')}"
        for name, count in summary.items()
        if name.startswith("skipped_") and count
    ]
    lines = [f"Skipped: {', '.join(skipped)}"] if skipped else []
    lines += [f"Orders Completed: {summary['orders_completed']}"] if summary["orders_completed"] else []
    return ["", *lines] if lines else []


def _problems(title: str, problems: list[Problem]) -> list[str]:
    if not problems:
        return []
    classes = Counter(str(each.problem_class) for each in problems)
    named = ", ".join(f"{count} {name}" for name, count in sorted(classes.items()))
    return [
        "",
        f"{title} ({named}):",
        *_indented([visible(f"[{each.problem_class}] {each.sentence}") for each in problems]),
    ]


def _indented(lines: list[str]) -> list[str]:
    shown = [f"  {line}" for line in lines[:_SHOWN]]
    rest = len(lines) - len(shown)
    return [*shown, f"  … and {rest} more (--json lists all)"] if rest else shown
