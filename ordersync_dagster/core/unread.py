"""Lists of Stripe that could not be read to their end."""

from datetime import date

from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem


def reversals_not_read(day: date) -> Problem:
    """Some refunds, disputes or payments of invoices were not shown that may be of sessions of `day` (UTC)."""
    sentence = (
        f"Stripe did not show all refunds, disputes and payments of invoices, so a payment of {day} (UTC) may have "
        "gone back to its customer. Look at the payments of new orders of this day at Stripe before you send goods, "
        "and run again."
    )
    return Problem(ProblemClass.STRIPE_NOT_READ, sentence, {"day": str(day)})


def sessions_not_read(day: date) -> Problem:
    """Some sessions of `day` (UTC) were not shown."""
    sentence = (
        f"Stripe did not show all sessions of {day} (UTC): its list said that there are more and gave an empty page, "
        "twice. Orders of this day may be missing. Run again; if this comes again, ask Stripe's support."
    )
    return Problem(ProblemClass.STRIPE_NOT_READ, sentence, {"day": str(day)})
