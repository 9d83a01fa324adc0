"""The text of an alert: the problem, its age, its money, and the advice."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.sums import sums_of_problems, sums_text
from ordersync_dagster.core.text import counted, visible
from ordersync_dagster.report.links import where_to_look
from ordersync_dagster.report.moments import lasting, moment_text
from ordersync_dagster.report.outcome import TO_STOP

EXAMPLES = 3  # of one class, the oldest
LONGEST = 1800  # characters: Discord takes 2,000, and a message in several parts could arrive in part
_LONGEST_SENTENCE = 600
_ROOM_FOR_THE_REST = 200  # the classes that are only counted, and where to look
_CLASSES_NAMED = 6  # of those that are only counted


@dataclass(frozen=True, slots=True)
class News:
    """The new and the ended things of one message. `left` problems need a person now.

    `links` has the address of each run, by its id, that has a page in Dagster.
    """

    target: str
    now: datetime
    health: RunHealth
    expected_hours: int
    new: Sequence[KnownProblem] = ()
    over: Sequence[KnownProblem] = ()
    is_failing: bool = False
    is_silent: bool = False
    is_run_over: bool = False  # the failed run, the silence, or both
    left: int = 0
    shop: str = ""  # the name of one of several
    why: str | None = None  # the sentence that stopped the run, where this process knows it
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """A subject line and a plain text of at most LONGEST characters."""

    title: str
    body: str


def alert_message(news: News, in_words: Callable[[str], str] = str) -> Message:
    """The whole message, `in_words` of the shop."""
    runs, over = ([in_words(part) for part in parts] for parts in (_run_parts(news), _over_parts(news)))
    end = f"Shop: {_clipped(news.target)}"
    room = LONGEST - len("\n\n".join([*runs, *over, end]))
    body = "\n\n".join([*runs, *(in_words(part) for part in _problem_parts(news, room)), *over, end])
    shown = "\n".join(visible(line) for line in body.splitlines())
    return Message(
        f"{_title(news.shop)}: {'; '.join(_titles(news))}",
        shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…",
    )


def sample_message(target: str, shop: str = "") -> Message:
    """The message of `ordersync alerts test`."""
    body = f"This is a test. Alerts of ordersync arrive here.\n\nShop: {target}"
    return Message(f"{_title(shop)}: test", body)


def _title(shop: str) -> str:
    """How a subject line begins; it names one of several shops."""
    return f"ordersync {shop}" if shop else "ordersync"


def _titles(news: News) -> Iterator[str]:
    if news.is_failing:
        yield "a run failed"
    if news.is_silent:
        yield _silence_title(news)
    if len(news.new) == 1:
        yield f"1 new problem ({news.new[0].problem_class})"
    elif news.new:
        yield f"{len(news.new)} new problems"
    over = [counted(len(news.over), "problem")] if news.over else []
    over += ["a run succeeded"] if news.is_run_over else []
    if over:
        yield f"over: {', '.join(over)}"


def _run_parts(news: News) -> Iterator[str]:
    if news.is_failing:
        yield "\n".join(_failure(news))
    if news.is_silent:
        yield "\n".join(_silence(news))


def _failure(news: News) -> Iterator[str]:
    failed = news.health.last_failed
    if failed is None:
        return
    count = news.health.failures
    yield f"Run {failed.id} failed at {moment_text(failed.ended_at or failed.started_at)}."
    if news.why:
        yield f"Why: {_clipped(news.why)}"
    if count > 1:
        yield f"{counted(count, 'run')} failed since one succeeded."
    yield _last_success(news)
    yield "What to do: run `ordersync doctor` and correct what it names, then run `ordersync sync`."
    yield f"Look: {where_to_look(failed.id, news.links)}"


def _silence_title(news: News) -> str:
    since = news.health.quiet_since
    return f"no successful run for {lasting(since, news.now)}" if since else "no run yet"


def _silence(news: News) -> Iterator[str]:
    if news.health.quiet_since is None:
        yield "No run has been recorded for this shop yet."
    else:
        yield _last_success(news)
        yield f"One is expected every {news.expected_hours} hours (ORDERSYNC_SILENCE_HOURS)."
    yield (
        "What to do: look whether the schedule is on (cron, CronJob, Dagster's daemon), run `ordersync doctor`, "
        "then `ordersync sync`."
    )
    yield "Look: ordersync runs"


def _last_success(news: News) -> str:
    run = news.health.succeeded
    if run is None:
        return "No run has succeeded yet."
    ended = run.ended_at or run.started_at
    return f"The last successful run ended at {moment_text(ended)}, {lasting(ended, news.now)} ago."


def _problem_parts(news: News, room: int) -> Iterator[str]:
    if len(news.new) == 1:
        yield "\n".join([*_single(news.new[0], news.now), *_found_by(news)])
    elif news.new:
        found_by = [*_found_by(news)]
        yield from _digest(news.new, room - sum(len(line) + 1 for line in found_by))
        yield "\n".join(["Look: ordersync problems", *found_by])


def _found_by(news: News) -> Iterator[str]:
    """The run that saw the newest of them last."""
    newest = max(news.new, key=lambda each: (each.last_seen, each.last_run))
    if link := news.links.get(newest.last_run):
        yield f"Run: {link}"


def _single(problem: KnownProblem, now: datetime) -> Iterator[str]:
    yield _clipped(problem.sentence)
    yield f"Class: {problem.problem_class}"
    yield f"Since: {moment_text(problem.first_seen)} ({lasting(problem.first_seen, now)})"
    if problem.amount:
        yield f"Amount: {_money([problem])}"
    yield f"What to do: {problem.problem_class.advice}"
    yield f"Look: ordersync problems show {problem.id}"


def _digest(problems: Sequence[KnownProblem], room: int) -> Iterator[str]:
    """By class, goods to stop first, then the largest, each with its oldest; what no longer fits is only counted."""
    by_class: dict[ProblemClass, list[KnownProblem]] = {}
    for each in sorted(problems, key=lambda each: (each.first_seen, each.id)):
        by_class.setdefault(each.problem_class, []).append(each)
    rest: list[str] = []
    room -= _ROOM_FOR_THE_REST
    for kind, found in sorted(by_class.items(), key=_rank):
        block = "\n".join(_class_lines(kind, found))
        if rest or len(block) > room:
            rest.append(f"{len(found)} {kind}")
        else:
            room -= len(block) + 2
            yield block
    if rest:
        yield f"And {_some(rest)}."


def _rank(each: tuple[ProblemClass, Sequence[KnownProblem]]) -> tuple[bool, int, str]:
    kind, found = each
    return kind not in TO_STOP, -len(found), kind


def _class_lines(kind: ProblemClass, found: Sequence[KnownProblem]) -> Iterator[str]:
    money = _money(found)
    since = f"{'the oldest ' if len(found) > 1 else ''}since {moment_text(found[0].first_seen)}"
    yield f"{kind}: {', '.join(filter(None, (str(len(found)), since, money)))}"
    yield f"What to do: {kind.advice}"
    for each in found[:EXAMPLES]:
        order = f"order {each.order_id}" if each.order_id else ""
        yield f"- {', '.join(filter(None, (moment_text(each.first_seen), order, _money([each]), each.id)))}"
    if len(found) > EXAMPLES:
        yield f"- and {len(found) - EXAMPLES} more"


def _over_parts(news: News) -> Iterator[str]:
    lines: list[str] = []
    if news.over:
        counts = Counter(each.problem_class for each in news.over)
        named = _some([f"{count} {kind}" for kind, count in counts.most_common()])
        money = _money(news.over)
        lines.append(f"Over: {counted(len(news.over), 'problem')} ({named}){f', {money}' if money else ''}.")
    if news.is_run_over:
        lines.append(f"Over: a run succeeded. {_last_success(news)}")
    if lines:
        lines.append(_what_is_left(news))
        yield "\n".join(lines)


def _what_is_left(news: News) -> str:
    if news.left:
        needs = "needs" if news.left == 1 else "need"
        return f"{counted(news.left, 'problem')} still {needs} a person. Look: ordersync status"
    is_well = not (news.health.is_failing or news.health.is_silent(news.now, news.expected_hours))
    return "Nothing needs a person now." if is_well else "Look: ordersync status"


def _some(named: Sequence[str]) -> str:
    more = len(named) - _CLASSES_NAMED
    rest = [counted(more, "more class", "more classes")] if more > 0 else []
    return ", ".join([*named[:_CLASSES_NAMED], *rest])


def _clipped(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST_SENTENCE else f"{sentence[:_LONGEST_SENTENCE]}…"


def _money(problems: Sequence[KnownProblem]) -> str:
    return sums_text(sums_of_problems(problems))
