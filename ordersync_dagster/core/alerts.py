"""The rule of alerts: a message about each thing that needs a person, once for each sink, and one when it is over.

A message is claimed in the database, then sent, then settled. A process that dies in between leaves a claim behind:
nobody knows whether its message went out. After `CLAIM_LASTS` it is sent again, once: so it is said at least once
and at most twice. Where two processes died so, it is not sent a third time, but a warning says so.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.core.problem_classes import ProblemClass

CLAIM_LASTS = timedelta(minutes=10)  # much longer than any sending takes
UNSETTLED_TRIES = 2  # after which nobody sends it again
FAILED_RUN, SILENCE = "failed_run", "silence"
NO_RUN = "none"


class Phase(StrEnum):
    """It needs a person, or it does no longer."""

    NEW = "new"
    OVER = "over"


@dataclass(frozen=True, slots=True, order=True)
class Saying:
    """One thing that a sink is told once: `subject` is a problem's id, FAILED_RUN or SILENCE.

    `episode` tells apart what comes again: a problem that had ended, or whose acknowledgement is over.
    """

    subject: str
    episode: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class SinkAnswer:
    """Whether a sink took a message: `why` says in our own words why not, and is empty where it did."""

    why: str = ""

    @property
    def is_taken(self) -> bool:
        return not self.why


TAKEN = SinkAnswer()


@dataclass(frozen=True, slots=True)
class Said:
    """A message that one sink got, or that a process began to send; `tries` counts those whose end nobody knows."""

    saying: Saying
    claimed_at: datetime | None
    tries: int
    sent_at: datetime | None

    def is_free(self, now: datetime) -> bool:
        """Whether it may be claimed: it was not sent, and no process is about to."""
        if self.sent_at is not None:
            return False
        return self.claimed_at is None or (self.is_stale(now) and self.tries < UNSETTLED_TRIES)

    def is_stale(self, now: datetime) -> bool:
        """Whether the process that claimed it has died."""
        return self.claimed_at is not None and now - self.claimed_at > CLAIM_LASTS

    def may_be_known(self, now: datetime) -> bool:
        """Whether the sink may have got it."""
        return self.sent_at is not None or self.is_stale(now)

    def is_being_sent(self, now: datetime) -> bool:
        """Whether a process claimed it a short time ago: it sends it, or has died."""
        return self.sent_at is None and self.claimed_at is not None and not self.is_stale(now)

    def is_given_up(self, now: datetime) -> bool:
        """Whether nobody knows if it was sent, and nobody sends it again."""
        return self.sent_at is None and self.is_stale(now) and self.tries >= UNSETTLED_TRIES


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that is open; `is_told` where somebody is to hear of it."""

    subject: str
    episode: str
    is_told: bool = True


def concerns_of(
    problems: Iterable[KnownProblem], health: RunHealth, now: datetime, hours: int, classes: Collection[ProblemClass]
) -> list[Concern]:
    """Everything that is open now; problems of other classes and acknowledged ones are open, but not told."""
    found = [_of_problem(each, now, classes) for each in problems if each.is_open]
    if health.first_failed:
        found.append(Concern(FAILED_RUN, health.first_failed.id))
    if health.is_silent(now, hours):
        found.append(Concern(SILENCE, health.succeeded.id if health.succeeded else NO_RUN))
    return found


def due(concerns: Sequence[Concern], said: Sequence[Said], now: datetime) -> list[Saying]:
    """The messages that a sink gets now, in a fixed order. `said` are those that it got and that are not over yet."""
    known = {each.saying: each for each in said}
    wanted = [*_new(concerns), *_over(concerns, said, now)]
    return sorted(each for each in wanted if each not in known or known[each].is_free(now))


def given_up(concerns: Sequence[Concern], said: Sequence[Said], now: datetime) -> int:
    """The number of open things of which a sink perhaps never heard."""
    wanted = set(_new(concerns))
    return sum(each.is_given_up(now) for each in said if each.saying in wanted)


def being_sent(concerns: Sequence[Concern], said: Sequence[Said], now: datetime) -> int:
    """The number of open things that another process tells a sink now, if it has not died."""
    wanted = set(_new(concerns))
    return sum(each.is_being_sent(now) for each in said if each.saying in wanted)


def _new(concerns: Sequence[Concern]) -> Iterator[Saying]:
    return (Saying(each.subject, each.episode, Phase.NEW) for each in concerns if each.is_told)


def _over(concerns: Sequence[Concern], said: Sequence[Said], now: datetime) -> Iterator[Saying]:
    still_open = {each.subject for each in concerns}
    for each in said:
        if each.saying.phase is Phase.NEW and each.saying.subject not in still_open and each.may_be_known(now):
            yield Saying(each.saying.subject, each.saying.episode, Phase.OVER)


def _of_problem(problem: KnownProblem, now: datetime, classes: Collection[ProblemClass]) -> Concern:
    seen, since = problem.acknowledgement, problem.first_seen
    if seen is not None and seen.until is not None and seen.until <= now:
        since = seen.until
    is_told = problem.problem_class in classes and not problem.is_acknowledged(now)
    return Concern(problem.id, since.isoformat(), is_told)
