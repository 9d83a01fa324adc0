"""Known problems as text for people and as JSON for scripts."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.sums import sums_of_problems, sums_text
from ordersync_dagster.core.text import counted, visible
from ordersync_dagster.report.moments import lasting
from ordersync_dagster.report.outcome import TO_STOP

PROBLEMS_VERSION = 1  # changes only when a field's meaning does
MOST_OF_A_CLASS = 20  # shown, unless the class is asked for


def problems_text(problems: Sequence[KnownProblem], now: datetime, most: int | None = MOST_OF_A_CLASS) -> str:
    """The number of problems, then `most` of each class: goods to stop, what needs a person, then the oldest."""
    waiting = sum(each.needs_person(now) for each in problems)
    still_open = sum(each.is_open for each in problems)
    head = f"{counted(still_open, 'open problem')}, {waiting:,} {'needs' if waiting == 1 else 'need'} a person."
    by_class: dict[ProblemClass, list[KnownProblem]] = {}
    for each in sorted(problems, key=lambda each: _rank(each, now)):
        by_class.setdefault(each.problem_class, []).append(each)
    blocks = (_block(kind, found, now, most) for kind, found in by_class.items())
    return "\n\n".join([head, *blocks])


def problem_text(problem: KnownProblem, now: datetime) -> str:
    """Everything that is known of one problem."""
    lines = [*_lines(problem, now), "", *(f"  {name}: {value}" for name, value in sorted(problem.ids.items()))]
    lines += [
        f"  first seen: {_time(problem.first_seen)}",
        f"  last seen: {_time(problem.last_seen)} by run {problem.last_run}",
    ]
    if problem.is_open:
        lines.append(f"  look again: {looks_again(problem)}")
    return "\n".join(visible(line) for line in lines)


def problems_json(problems: Sequence[KnownProblem], now: datetime, **more: str | None) -> str:
    return _versioned(problems=[known_problem_document(each, now) for each in problems], **more)


def problem_json(problem: KnownProblem, now: datetime) -> str:
    return _versioned(problem=known_problem_document(problem, now))


def known_problem_document(problem: KnownProblem, now: datetime) -> dict[str, Any]:
    """One problem for scripts; times are ISO 8601 in UTC, `amount` is an exact decimal."""
    seen = problem.acknowledgement
    return {
        "id": problem.id,
        "class": str(problem.problem_class),
        "severity": str(problem.problem_class.severity),
        "needs_person": problem.needs_person(now),
        "sentence": problem.sentence,
        "advice": problem.problem_class.advice,
        "ids": dict(problem.ids),
        "amount": str(problem.amount.amount) if problem.amount else None,
        "currency": problem.amount.currency if problem.amount else None,
        "first_seen": problem.first_seen.isoformat(),
        "last_seen": problem.last_seen.isoformat(),
        "last_run": problem.last_run,
        "runs": problem.runs,
        "acknowledged": {
            "by": seen.by,
            "at": seen.at.isoformat(),
            "until": seen.until.isoformat() if seen.until else None,
            "note": seen.note,
        }
        if seen
        else None,
        "ended_at": problem.ended_at.isoformat() if problem.ended_at else None,
        "ended_why": problem.ended_why,
        "looks_again": looks_again(problem) if problem.is_open else None,
    }


def looks_again(problem: KnownProblem) -> str:
    """The command that looks whether the problem is still there."""
    return f"ordersync sync --from {problem.day} --to {problem.day}" if problem.day else "ordersync sync"


def _rank(problem: KnownProblem, now: datetime) -> tuple[bool, bool, bool]:
    needs_person = problem.needs_person(now)
    return not (needs_person and problem.problem_class in TO_STOP), not needs_person, not problem.is_open


def _block(kind: ProblemClass, found: Sequence[KnownProblem], now: datetime, most: int | None) -> str:
    """The class with its figures and advice, then its problems."""
    still_open = [each for each in found if each.is_open]
    oldest = min((each.first_seen for each in still_open), default=None)
    age = f"{'the oldest ' if len(still_open) > 1 else ''}for {lasting(oldest, now)}" if oldest else ""
    facts = [f"{len(found):,}", sums_text(sums_of_problems(found)), age]
    lines = [f"{kind}: {', '.join(filter(None, facts))}"]
    lines += [f"  → {kind.advice}"] if still_open else []
    for each in found[:most]:
        lines += ["", *(f"  {line}" for line in _lines(each, now, is_in_block=True))]
    if most is not None and len(found) > most:
        is_all = "" if len(still_open) == len(found) else " --all"
        lines += ["", f"  … and {len(found) - most:,} more: ordersync problems{is_all} --class {kind}"]
    return "\n".join(lines)


def _lines(problem: KnownProblem, now: datetime, *, is_in_block: bool = False) -> list[str]:
    """`is_in_block` leaves out what is the same for the whole class."""
    name = "" if is_in_block else f"  {problem.problem_class}"
    money = f"  {problem.amount.text}" if problem.amount else ""
    lasts = f"for {lasting(problem.first_seen, now)} ({counted(problem.runs, 'run')})"
    state = lasts if problem.is_open else f"ended {_time(problem.ended_at or now)}: {problem.ended_why}"
    lines = [f"{problem.id}{name}  {state}{money}", f"  {problem.sentence}"]
    if problem.is_open and not is_in_block and problem.problem_class.advice not in problem.sentence:
        lines.append(f"  → {problem.problem_class.advice}")
    if problem.is_open and problem.acknowledgement:
        seen = problem.acknowledgement
        until = f" until {_time(seen.until)}" if seen.until else ""
        is_over = "" if problem.is_acknowledged(now) else " (over)"
        lines.append(f"  Acknowledged by {seen.by}{until}{is_over}: {seen.note}")
    return [visible(line) for line in lines]


def _time(moment: datetime) -> str:
    """As `--until` takes it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _versioned(**content: Any) -> str:
    return json.dumps({"schema_version": PROBLEMS_VERSION, **content}, ensure_ascii=True, indent=2)
