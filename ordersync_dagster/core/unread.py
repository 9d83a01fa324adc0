"""Lists of Stripe that could not be read to their end."""

from datetime import date

from ordersync_dagster.core.problems import Problem, ProblemClass


def sessions_not_read(day: date) -> Problem:
    """Some sessions of `day` (UTC) were not shown."""
    sentence = (
        f"Stripe did not show all sessions of {day} (UTC): its list said that there are more and gave an empty page, "
        "twice. Orders of this day may be missing. Run again; if this comes again, ask Stripe's support."
    )
    return Problem(ProblemClass.STRIPE_NOT_READ, sentence, {"day": str(day)})
