"""Problems as they are known over many runs: a problem is found, seen again, acknowledged, and ends."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from ordersync_dagster.core.changes import OrderUpdate
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SkipReason
from ordersync_dagster.core.text import counted

_NO_ANSWER = {
    ProblemClass.STRIPE_NOT_READ: "stripe",
    ProblemClass.PRINTFUL_NOT_ASKED: "printful",
}
_UNCLAIMED = (ProblemClass.ORPHAN_PRINTFUL, ProblemClass.DUPLICATE_FULFILMENT, ProblemClass.REFUNDED_BUT_SHIPPING)
GONE = "gone"
ORDERS = "orders"  # among the ids of a problem that is counted by day: of how many orders it is


class FoundBy(StrEnum):
    """The part of a run that finds a problem, and without which nobody can say that it ended."""

    SESSIONS = "sessions"
    PRINTFUL = "printful"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person has seen the problem; after `until` it counts again. Without it, as long as the problem lasts."""

    by: str
    at: datetime
    note: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """A row of `ordersync_problems`. Times are aware UTC; `runs` counts the runs that found it since `first_seen`."""

    id: str
    problem_class: ProblemClass
    sentence: str
    ids: Mapping[str, str]
    amount: Price | None
    found_by: FoundBy
    day: date | None
    first_seen: datetime
    last_seen: datetime
    last_run: str
    runs: int
    acknowledgement: Acknowledgement | None = None
    ended_at: datetime | None = None
    ended_why: str | None = None  # `gone`, or `repaired by run …`

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def order_id(self) -> str | None:
        """The order that it is about, where it is about one."""
        return self.ids.get("order_id")

    @property
    def keys(self) -> frozenset[str]:
        return keys_of(self.ids)

    def is_acknowledged(self, now: datetime) -> bool:
        """Whether a person has seen it, and does not want to be told again yet."""
        seen = self.acknowledgement
        return seen is not None and (seen.until is None or now < seen.until)

    def needs_person(self, now: datetime) -> bool:
        """Whether it is open, and nobody but a person can end it, and no person has acknowledged it."""
        return self.is_open and self.problem_class.needs_person and not self.is_acknowledged(now)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A problem that a run found, and the part of the run that found it."""

    problem: Problem
    found_by: FoundBy


@dataclass(slots=True)
class Sightings:
    """The problems that a run found, and where it looked, as far as the problems that were `open` before need it."""

    open: Mapping[str, KnownProblem] = field(default_factory=dict)  # by id
    found: dict[str, Sighting] = field(default_factory=dict)  # by id
    is_written: bool = True  # the run makes the changes of its parts
    _days: set[date] = field(default_factory=set)  # whose sessions were read to the end
    _answered: set[str] = field(default_factory=set)  # orders about which Printful was asked
    _silent: set[tuple[str, str]] = field(default_factory=set)  # (vendor, order or session) without an answer
    _repaired: set[str] = field(default_factory=set)  # orders and sessions that the run changed
    _asked_before: frozenset[str] = field(init=False)  # orders and sessions of the open problems
    _has_links: bool = False
    _has_unclaimed: bool = False
    _has_all_printful: bool = False

    def __post_init__(self) -> None:
        self._asked_before = frozenset(key for each in self.open.values() for key in each.keys)

    def add(self, part: Part) -> None:
        """Take over one part of the run."""
        plan, found_by = part.plan, _phase(part)
        self._count([problem for problem in plan.problems if problem.is_counted_by_day], found_by)
        for problem in plan.problems:
            if problem.problem_class is ProblemClass.NOT_AS_PLANNED or problem.is_counted_by_day:
                continue  # the first is about a plan, not about the shop
            self._find(problem if problem.day else replace(problem, day=plan.day), found_by)
            if vendor := _NO_ANSWER.get(problem.problem_class):
                self._silent.update((vendor, key) for key in self._asked_before & keys_of(problem.ids))
        left = [each.session_id for each in plan.skips if each.reason is SkipReason.NOT_IN_PLAN]
        unasked = self._asked_before.intersection((*plan.left_out, *left))
        self._silent.update((vendor, key) for vendor in _NO_ANSWER.values() for key in unasked)
        is_unread = any(each.problem_class in _NO_ANSWER and "day" in each.ids for each in plan.problems)
        self._has_unclaimed |= plan.looked_for_unclaimed
        if plan.day and not is_unread:
            self._days.add(plan.day)
        if self._asked_before:
            self._answered.update(self._asked_before.intersection(plan.printful_orders))
            self._repaired.update(self._asked_before & _changed(part))

    def end(self, *, looked_for_links: bool, looked_at_all: bool) -> None:
        """The run came to its end. It asked Printful (`looked_for_links`), and about every order (`looked_at_all`)."""
        self._has_links, self._has_all_printful = looked_for_links, looked_at_all

    def _find(self, problem: Problem, found_by: FoundBy) -> None:
        problem_id = problem.id
        known = self.found.get(problem_id)
        if known is not None and problem.sentence not in known.problem.sentence:
            problem = replace(problem, sentence=f"{known.problem.sentence} {problem.sentence}")
        elif known is not None:
            return
        self.found[problem_id] = Sighting(problem, found_by)

    def _count(self, problems: Iterable[Problem], found_by: FoundBy) -> None:
        """One record for all orders of a day and currency."""
        groups: dict[tuple[date | None, str], list[Problem]] = {}
        for problem in problems:
            groups.setdefault((problem.day, problem.amount.currency if problem.amount else ""), []).append(problem)
        for group in groups.values():
            known = self.found.get(group[0].id)
            record = _record_of_day([*([known.problem] if known else []), *group])
            self.found[record.id] = Sighting(record, found_by)

    def ended(self, run_id: str) -> dict[str, str]:
        """The open problems that the run looked for and did not find: id → the reason."""
        gone = [each for each in self.open.values() if each.id not in self.found and self._looked_for(each)]
        return {
            each.id: f"repaired by run {run_id}" if self.is_written and each.keys & self._repaired else GONE
            for each in gone
        }

    def _looked_for(self, problem: KnownProblem) -> bool:
        vendor = "stripe" if problem.found_by is FoundBy.SESSIONS else "printful"
        if any((vendor, key) in self._silent for key in problem.keys):
            return False
        is_day_read = problem.day in self._days
        match problem.found_by:
            case FoundBy.SESSIONS:
                return is_day_read
            case FoundBy.LINKS:
                is_complete = self._has_unclaimed if problem.problem_class in _UNCLAIMED else self._has_links
                return is_day_read and is_complete
            case FoundBy.PRINTFUL:
                is_asked = self._has_all_printful or not self._answered.isdisjoint(problem.keys)
                return is_asked and (problem.day is None or is_day_read)


def keys_of(ids: Mapping[str, str]) -> frozenset[str]:
    """The ids of the order and the session that a problem names."""
    return frozenset(filter(None, (ids.get("order_id"), ids.get("stripe_session_id"))))


def _record_of_day(problems: Sequence[Problem]) -> Problem:
    """Several of one day and currency as one; each counts the orders of its ids, or is of one order."""
    first, count = problems[0], sum(int(each.ids.get(ORDERS, "1")) for each in problems)
    sums = sum((each.amount.amount for each in problems if each.amount), Decimal())
    amount = replace(first.amount, amount=sums) if first.amount else None
    orders = counted(count, f"order of {first.day} names", f"orders of {first.day} name")
    sentence = f"{orders} no Printful order. No run has looked for them at Printful yet."
    return Problem(first.problem_class, sentence, {"day": str(first.day), ORDERS: str(count)}, first.day, amount)


def _phase(part: Part) -> FoundBy:
    if part.plan.is_of_links:
        return FoundBy.LINKS
    return FoundBy.PRINTFUL if part.plan.printful_orders else FoundBy.SESSIONS


def _changed(part: Part) -> set[str]:
    """The ids of orders and sessions that it inserts or changes."""
    plan = part.plan
    updates: Iterable[OrderUpdate] = (*plan.completions, *plan.updates)
    orders: Collection[str] = [key for each in updates for key in (each.seen.id, each.seen.session_id)]
    return {*orders, *(each.order.session_id for each in plan.inserts), *(each.order.id for each in plan.inserts)}
