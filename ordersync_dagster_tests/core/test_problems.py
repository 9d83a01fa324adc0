"""Classes of problems."""

from ordersync_dagster.core.problems import Problem, ProblemClass, Severity

NOTICES = {
    "missing_at_printful",
    "unknown_status",
    "regress_blocked",
    "items_mismatch",
    "ambiguous_match",
    "duplicate_order",
    "superseded_session",
    "double_payment",
    "paid_but_not_live",
    "order_without_payment",
    "disputed",
    "partly_refunded",
    "payment_refunded",
    "refund_unknown",
    "order_disagrees",
    "other_email",
    "unreadable_column",
    "possible_link",
    "unfulfilled",
    "not_looked_at",
    "stuck_at_printful",
    "cancelled_at_printful",
    "goods_missing",
}


def test_only_what_a_run_could_not_do_makes_it_fail() -> None:
    notices = {each for each in ProblemClass if each.severity is Severity.NOTICE}
    assert notices == NOTICES, "A script's exit code depends on this: a class moves only with a major version."


def test_a_problem_says_whether_it_is_an_error() -> None:
    assert Problem(ProblemClass.MISSING_EMAIL, "").is_error
    assert not Problem(ProblemClass.UNFULFILLED, "").is_error
