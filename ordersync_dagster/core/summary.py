"""The counters of a run, each derived from the plan, so that a dry run and the run show the same."""

from collections import Counter
from dataclasses import dataclass, fields

from ordersync_dagster.core.changes import AddItems
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.stripe_session import SkipReason

COUNTERS = (  # scripts rely on these; in the order of the text
    "stripe_sessions_checked",
    "stripe_sessions_added",
    "stripe_sessions_skipped",
    "printful_orders_checked",
    "printful_orders_updated",
    "printful_items_added",
    "errors",
)


@dataclass(frozen=True, slots=True)
class Summary:
    """The seven counters, and a few more. All are numbers of records."""

    stripe_sessions_checked: int = 0
    stripe_sessions_added: int = 0
    stripe_sessions_skipped: int = 0
    printful_orders_checked: int = 0
    printful_orders_updated: int = 0
    printful_items_added: int = 0
    errors: int = 0
    notices: int = 0
    orders_completed: int = 0
    orders_unfulfilled: int = 0
    skipped_order_exists: int = 0
    skipped_unpaid: int = 0
    skipped_free: int = 0
    skipped_other_mode: int = 0
    skipped_not_this_shop: int = 0
    skipped_too_recent: int = 0
    skipped_not_complete: int = 0
    skipped_erased: int = 0
    skipped_not_in_plan: int = 0
    changes_not_in_plan: int = 0

    def __add__(self, other: "Summary") -> "Summary":
        return Summary(**{name: self[name] + other[name] for name in self.as_dict()})

    def __getitem__(self, name: str) -> int:
        return int(getattr(self, name))

    def as_dict(self) -> dict[str, int]:
        """All counters by name."""
        return {field.name: self[field.name] for field in fields(self)}

    @property
    def seven(self) -> dict[str, int]:
        """The counters that scripts rely on."""
        return {name: self[name] for name in COUNTERS}


def summarise(part: Part) -> Summary:
    """The figures of one part."""
    plan = part.plan
    reasons = Counter(skip.reason for skip in plan.skips)
    return Summary(
        stripe_sessions_checked=len(plan.inserts) + len(plan.skips) + len(plan.failed_sessions),
        stripe_sessions_added=len(plan.inserts),
        stripe_sessions_skipped=len(plan.skips),
        printful_orders_checked=len(plan.printful_orders),
        printful_orders_updated=len(plan.updates),
        printful_items_added=_item_count(plan),
        errors=sum(problem.is_error for problem in part.problems),
        notices=sum(not problem.is_error for problem in part.problems),
        orders_completed=len(plan.completions),
        orders_unfulfilled=sum(note.problem_class is ProblemClass.UNFULFILLED for note in plan.notes),
        changes_not_in_plan=len(plan.left_out),
        **{f"skipped_{reason}": reasons[reason] for reason in SkipReason},
    )


def _item_count(plan: Plan) -> int:
    return sum(len(each.items) for update in plan.updates for each in update.changes if isinstance(each, AddItems))
