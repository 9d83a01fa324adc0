"""One order explained: as lines for people, as JSON for scripts. Names and addresses appear as (set)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ordersync_dagster.core.explanation import Explanation, Found, Moment
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.text import visible
from ordersync_dagster.report.moments import lasting
from ordersync_dagster.report.problems import known_problem_document
from ordersync_dagster.report.rows import ChangeRow, iter_changes, problem_document

EXPLANATION_VERSION = 1  # changes only when a field's meaning does
HEADING, TEXT, WARNING = "heading", "text", "warning"  # how a terminal shows a line
_KINDS = {
    "order_id": "Order",
    "stripe_session_id": "Checkout Session",
    "stripe_payment_intent_id": "Payment",
    "printful_order_id": "Printful order",
}
_NOTHING, _UNKNOWN = "nothing", "unknown for a vendor that gave no answer"
Line = tuple[str, str]  # style, text


def _choice_line(choice: Mapping[str, str]) -> str:
    """When it was made, its status, and the one id by which it is explained."""
    at = choice.get("created_at", "")[:19].replace("T", " ")
    name = choice.get("order_id") or next(iter(choice.values()))
    return f"  {at or 'not in the shop':<19}  {choice.get('status', 'no order'):<10}  {name}"


def explanation_lines(found: Found, now: datetime) -> Iterator[Line]:
    """Every case, newest first; or the choices, where there are too many to explain at once."""
    if found.choices:
        yield HEADING, f"{len(found.choices)} orders, newest first. Explain one by its id:"
        for choice in found.choices:
            yield TEXT, visible(_choice_line(choice))
    for place, each in enumerate(found.explanations):
        if place:
            yield TEXT, ""
        yield from _case_lines(each, now)


def _case_lines(each: Explanation, now: datetime) -> Iterator[Line]:
    for kind, value in each.ids.items():
        yield HEADING, visible(f"{_KINDS[kind]:<16} {value}")
    yield TEXT, ""
    for system, state in each.states.items():
        yield TEXT, visible(f"  {system:<9} {state}")
    yield from _block("What happened (UTC)", [_moment(moment) for moment in each.moments])
    notes = [line for problem in each.plan.problems for line in _problem(problem)]
    yield from _block("What disagrees", notes, WARNING)
    yield from _block("Known problems", [_known(problem, now) for problem in each.known], WARNING)
    changes = [_change(row) for row in iter_changes(each.plan)] or ([_NOTHING] if each.is_whole else [])
    yield from _block("What the next run would do", [*changes, *([] if each.is_whole else [_UNKNOWN])])
    yield from _block("Why not more", [*each.why_not_more, *each.plan.warnings])


def _block(title: str, lines: Sequence[str], style: str = TEXT) -> Iterator[Line]:
    if lines:
        yield TEXT, ""
        yield HEADING, title
        yield from ((style, visible(f"  {line}")) for line in lines)


def _problem(problem: Problem) -> Iterator[str]:
    yield f"[{problem.problem_class}] {problem.sentence}"
    if problem.problem_class.advice not in problem.sentence:
        yield f"  → {problem.problem_class.advice}"


def _known(problem: KnownProblem, now: datetime) -> str:
    seen = ", acknowledged" if problem.is_acknowledged(now) else ""
    return f"{problem.id}  {problem.problem_class}, for {lasting(problem.first_seen, now)}{seen}"


def _moment(moment: Moment) -> str:
    return f"{moment.at:%Y-%m-%d %H:%M:%S}  {moment.system:<9} {moment.sentence}"


def _change(row: ChangeRow) -> str:
    if row["change"] == "insert_order":
        return f"add the order: {row['after']} ({row['why']})"
    return f"{row['field']}: {row['before'] or '(empty)'} → {row['after']} ({row['why']})"


def explanation_json(
    found: Found, now: datetime, requests: Mapping[str, int], warnings: Sequence[str], errors: Sequence[str]
) -> str:
    """The same as one document."""
    document = {
        "schema_version": EXPLANATION_VERSION,
        "explanations": [_document(each, now) for each in found.explanations],
        "choices": [dict(choice) for choice in found.choices],
        "requests": dict(requests),
        "warnings": list(warnings),
        "errors": list(errors),
    }
    return json.dumps(document, ensure_ascii=True, indent=2)


def _document(each: Explanation, now: datetime) -> dict[str, Any]:
    return {
        "ids": dict(each.ids),
        "states": dict(each.states),
        "timeline": [
            {"at": moment.at.isoformat(), "system": moment.system, "sentence": moment.sentence}
            for moment in each.moments
        ],
        "problems": [problem_document(problem) for problem in each.plan.problems],
        "known_problems": [known_problem_document(problem, now) for problem in each.known],
        "changes": list(iter_changes(each.plan)),
        "is_whole": each.is_whole,
        "why_not_more": [*each.why_not_more, *each.plan.warnings],
    }
