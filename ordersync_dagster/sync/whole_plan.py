"""A plan that is made to its end before its first row is written."""

from collections.abc import Callable, Iterator, Sequence

from ordersync_dagster.core.errors import TooManyChangesError, VendorError, WrongAccountError
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.planned import require_plan
from ordersync_dagster.core.text import counted
from ordersync_dagster.sync.step import Step

# They stop the Stripe side alone: Printful's answers are used all the same.
STRIPE_STOPS = (VendorError, WrongAccountError)


def confirmed(
    steps: Iterator[Step],
    limit: int | None,
    confirm: Callable[[Sequence[Plan]], None] | None,
    expected: str | None,
) -> Iterator[Step]:
    """`steps`, all made first, where the plan is as `expected`, not above `limit`, and `confirm` raises nothing.

    Raises PlanMovedError, TooManyChangesError or whatever `confirm` raises; one of STRIPE_STOPS after the last step.
    """
    made, stopped = list[Step](), None
    try:
        made.extend(steps)
    except STRIPE_STOPS as error:
        stopped = error
    plans = [step.plan for step in made]
    if expected is not None:
        if stopped is not None:
            raise stopped  # a plan that was not made to its end cannot be compared
        require_plan(plans, expected)
    total = sum(plan.change_count for plan in plans)
    if limit is not None and total > limit:
        raise TooManyChangesError(
            f"the plan writes {counted(total, 'row')} of orders and items, more than the limit of "
            f"{counted(limit, 'change')}; nothing was written. Look at a dry run, then raise the limit."
        )
    if confirm:
        confirm(plans)
    yield from made
    if stopped is not None:
        raise stopped
