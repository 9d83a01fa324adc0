"""The summary as text, and the lines below it."""

from collections import Counter
from collections.abc import Callable, Sequence

from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.text import visible
from ordersync_dagster.report.outcome import NOT_MADE, RECOVERED_WAITS, TO_STOP, Outcome
from ordersync_dagster.report.shadow import shadow_sentence

LABELS = {  # scripts may rely on these words
    "stripe_sessions_checked": "Stripe Sessions Checked",
    "stripe_sessions_added": "Stripe Sessions Added",
    "stripe_sessions_skipped": "Stripe Sessions Skipped",
    "printful_orders_checked": "Printful Orders Checked",
    "printful_orders_updated": "Printful Orders Updated",
    "printful_items_added": "Printful Items Added",
    "errors": "Errors",
}
_MAX_LINES = 20  # of problems of one severity; --json has all


def summary_text(outcome: Outcome) -> str:
    """The seven lines, waiting customers, goods to stop or to make, reasons of skipped sessions, and problems."""
    lines = ["📊 Synchronization Summary:", "━" * 50]
    lines += [f"{label}: {outcome.summary[name]}" for name, label in LABELS.items()]
    lines += _waiting(outcome)
    lines += _problems(outcome, "⚠ Look at once whether Printful must stop these", _is_to_stop)
    lines += _problems(outcome, "⚠ Paid, and not made by Printful", _is_not_made)
    lines += _extras(outcome)
    lines += _problems(outcome, "Errors", lambda problem: problem.is_error)
    lines += _problems(outcome, "Notices", _is_other_notice)
    if outcome.is_shadow:
        lines += ["", "ORDERSYNC_SHADOW is set: nothing was written to the shop's tables."]
        lines += [shadow_sentence(outcome.shadow)] if outcome.shadow else []
    elif outcome.is_dry_run:
        lines += ["", "Dry run: nothing was written. Run again without --dry-run to apply it."]
    return "\n".join(lines)


def _waiting(outcome: Outcome) -> list[str]:
    lines: list[str] = []
    recovered, own = outcome.counts[RECOVERED_WAITS], outcome.counts[ProblemClass.UNFULFILLED]
    if recovered:
        have = "order has" if recovered == 1 else "orders have"
        wait = "its customer waits" if recovered == 1 else "their customers wait"
        lines += ["", f"⚠ {recovered} recovered {have} nothing at Printful, and {wait}:"]
        lines += _indented(outcome.waiting, recovered)
    if own:
        have = "order has" if own == 1 else "orders have"
        lines += ["", f"⚠ {own} paid {have} nothing at Printful after more than a day:"]
        lines += _indented(outcome.waiting_long, own)
    return lines


def _is_to_stop(problem: Problem) -> bool:
    return problem.problem_class in TO_STOP


def _is_not_made(problem: Problem) -> bool:
    return problem.problem_class in NOT_MADE


def _is_other_notice(problem: Problem) -> bool:
    """Whether it is a notice that has no block of its own."""
    has_block = problem.problem_class is ProblemClass.UNFULFILLED or _is_not_made(problem) or _is_to_stop(problem)
    return not problem.is_error and not has_block


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


def _problems(outcome: Outcome, title: str, is_shown: Callable[[Problem], bool]) -> list[str]:
    shown = [each for each in outcome.problems if is_shown(each)]
    if not shown:
        return []
    classes = sorted({str(each.problem_class) for each in shown})
    named = ", ".join(f"{outcome.counts[name]} {name}" for name in classes)
    lines = [visible(f"[{each.problem_class}] {each.sentence}") for each in _of_each_class(shown)]
    return ["", f"{title} ({named}):", *_indented(lines, sum(outcome.counts[name] for name in classes))]


def _of_each_class(problems: Sequence[Problem]) -> list[Problem]:
    """As many as are shown, first what needs a person. One large class hides no other: the first of each is shown."""
    numbers: Counter[ProblemClass] = Counter()
    places: list[tuple[int, bool, int]] = []
    for place, each in enumerate(problems):
        places.append((numbers[each.problem_class], not each.problem_class.needs_person, place))
        numbers[each.problem_class] += 1
    return [problems[place] for _, place in sorted(each[1:] for each in sorted(places)[:_MAX_LINES])]


def _indented(lines: list[str], total: int) -> list[str]:
    shown = [f"  {line}" for line in lines[:_MAX_LINES]]
    rest = total - len(shown)
    return [*shown, f"  … and {rest} more (--json lists all)"] if rest else shown
