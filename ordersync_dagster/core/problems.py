"""Records that could not be decided: a class, ids, one sentence; the rest goes on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from ordersync_dagster.core.orders import UNNUMBERED, Price
from ordersync_dagster.core.problem_classes import ProblemClass, Severity

# The first of these ids identifies a problem. Its other ids may differ from run to run.
_SUBJECTS = (
    "stripe_session_id",
    "order_id",
    "stripe_session_ids",
    "stripe_payment_intent_id",
    "printful_order_id",
    "order_ids",
    "day",
)
_PLANNED = re.compile(rf"{UNNUMBERED}\w+")
_PARTS = ("column", "other_stripe_session_id", "created")  # one subject may have the class once for each


@dataclass(frozen=True, slots=True)
class Problem:
    """One record that could not be decided. `ids` names it; `sentence` never holds personal data.

    `day` is the UTC day of the session without which nobody could find it. `amount` is what the order costs.
    """

    problem_class: ProblemClass
    sentence: str
    ids: Mapping[str, str] = field(default_factory=dict)
    day: date | None = field(default=None, compare=False)
    amount: Price | None = field(default=None, compare=False)

    @property
    def severity(self) -> Severity:
        return self.problem_class.severity

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def id(self) -> str:
        """The same for the same problem in every run: `p` and 12 hexadecimal digits.

        All orders of one day and currency that are `is_counted_by_day` have the same, because they have one record.
        """
        text = "\n".join([self.problem_class, *(f"{name}={_lasting(value)}" for name, value in self._named())])
        return f"p{sha256(text.encode(errors='surrogatepass')).hexdigest()[:12]}"

    @property
    def is_counted_by_day(self) -> bool:
        """Whether a run has it for so many orders that they are recorded together; it has a day and an amount then."""
        return self.problem_class is ProblemClass.NOT_LOOKED_AT

    def _named(self) -> list[tuple[str, str]]:
        """What identifies the problem."""
        if self.is_counted_by_day:
            return [("day", str(self.day)), ("currency", self.amount.currency if self.amount else "")]
        subject = next((name for name in _SUBJECTS if self.ids.get(name)), "")
        named = [(name, self.ids[name]) for name in (subject, *_PARTS) if self.ids.get(name)]
        return named or [*sorted(self.ids.items())] or [("sentence", self.sentence)]


def with_numbers(problem: Problem, numbers: Mapping[str, str]) -> Problem:
    """The same, where the planned orders in `numbers` are named by the numbers that the database gave them."""

    def numbered(text: str) -> str:
        return _PLANNED.sub(lambda found: numbers.get(found[0], found[0]), text)

    if UNNUMBERED not in problem.sentence and not any(UNNUMBERED in each for each in problem.ids.values()):
        return problem
    ids = {name: numbered(value) for name, value in problem.ids.items()}
    return replace(problem, sentence=numbered(problem.sentence), ids=ids)


def _lasting(value: str) -> str:
    """A planned order is named by its session, and later by the number that the database gave it."""
    return value.removeprefix(UNNUMBERED)
