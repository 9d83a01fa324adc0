"""Classes of problems."""

from ordersync_dagster.core.problem_classes import CLASSES, ProblemClass, Severity
from ordersync_dagster.core.problems import Problem, with_numbers

NOTICES = {
    "not_delivered",
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
    "refunded_but_shipping",
    "disputed_but_shipping",
    "negative_margin",
    "late_payment",
    "orphan_printful",
    "duplicate_fulfilment",
}


def test_only_what_a_run_could_not_do_makes_it_fail() -> None:
    notices = {each for each in ProblemClass if each.severity is Severity.NOTICE}
    assert notices == NOTICES, "A script's exit code depends on this: a class moves only with a major version."


def test_a_problem_says_whether_it_is_an_error() -> None:
    assert Problem(ProblemClass.MISSING_EMAIL, "").is_error
    assert not Problem(ProblemClass.UNFULFILLED, "").is_error


def test_a_problem_keeps_its_id_when_its_order_gets_a_number() -> None:
    planned = Problem(ProblemClass.UNFULFILLED, "", {"order_id": "new:cs_1", "stripe_session_id": "cs_1"})
    written = Problem(ProblemClass.UNFULFILLED, "It waits longer.", {"order_id": "17", "stripe_session_id": "cs_1"})
    assert planned.id == written.id


def test_problems_of_other_classes_orders_or_columns_have_other_ids() -> None:
    problems = [
        Problem(ProblemClass.UNFULFILLED, "", {"order_id": "1"}),
        Problem(ProblemClass.DISPUTED, "", {"order_id": "1"}),
        Problem(ProblemClass.UNFULFILLED, "", {"order_id": "2"}),
        Problem(ProblemClass.UNFULFILLED, "", {"printful_order_id": "1"}),
        Problem(ProblemClass.ORDER_DISAGREES, "", {"order_id": "1", "column": "currency"}),
        Problem(ProblemClass.ORDER_DISAGREES, "", {"order_id": "1", "column": "total_amount"}),
        Problem(ProblemClass.MALFORMED_SESSION, "one", {}),
        Problem(ProblemClass.MALFORMED_SESSION, "two", {}),
    ]
    assert len({each.id for each in problems}) == len(problems)


def test_every_class_says_what_to_do_in_a_sentence() -> None:
    assert [each for each in ProblemClass if not (each.advice[0].isupper() and each.advice.endswith("."))] == []


def test_a_planned_order_and_the_row_that_it_became_are_the_same_subject() -> None:
    planned, stored = (
        Problem(ProblemClass.UNFULFILLED, "It waits.", {"order_id": each}) for each in ("new:cs_1", "cs_1")
    )
    assert planned.id == stored.id


def test_the_id_of_a_recorded_problem_is_the_same_in_every_version() -> None:
    """Databases hold these ids, and people acknowledged problems by them."""
    of_order = Problem(ProblemClass.UNFULFILLED, "", {"order_id": "1", "stripe_session_id": "cs_1", "recovered": "yes"})
    of_column = Problem(ProblemClass.ORDER_DISAGREES, "", {"order_id": "1", "column": "currency"})
    of_day = Problem(ProblemClass.STRIPE_NOT_READ, "", {"day": "2026-11-03"})
    unnamed = Problem(ProblemClass.MALFORMED_SESSION, "one \ud800", {})
    assert [each.id for each in (of_order, of_column, of_day, unnamed)] == [
        "p2065e7926778",
        "p0a3af962e41f",
        "pf03871b98b42",
        "pab72ae4c44af",
    ]


def test_the_first_subject_that_is_there_names_a_problem() -> None:
    def named(**ids: str) -> str:
        return Problem(ProblemClass.DISPUTED, "", ids).id

    assert named(stripe_session_id="cs_1", order_id="1") == named(stripe_session_id="cs_1", order_id="2")
    assert named(stripe_session_id="", order_id="1") == named(order_id="1", printful_order_id="7")
    assert named(order_id="1", column="") == named(order_id="1")
    assert named(payment="a", row="b") == named(row="b", payment="a") != named(payment="a")


def test_a_planned_order_gets_its_number_in_the_sentence_and_in_the_ids() -> None:
    ids = {"order_ids": "new:cs_1, new:cs_2", "stripe_session_id": "cs_1"}
    problem = Problem(ProblemClass.DOUBLE_PAYMENT, "Orders new:cs_1 and new:cs_2, and new:cs_12.", ids)
    written = with_numbers(problem, {"new:cs_1": "17", "new:cs_12": "18"})
    assert written.sentence == "Orders 17 and new:cs_2, and 18."
    assert written.ids == {"order_ids": "17, new:cs_2", "stripe_session_id": "cs_1"}
    only_in_ids = with_numbers(Problem(ProblemClass.DISPUTED, "", {"order_id": "new:cs_1"}), {"new:cs_1": "17"})
    assert only_in_ids.ids == {"order_id": "17"}
    unplanned = Problem(ProblemClass.DISPUTED, "Order 5.", {"order_id": "5"})
    assert with_numbers(unplanned, {"5": "6"}) is unplanned


def test_a_class_is_found_by_its_name() -> None:
    assert {name: str(each) for name, each in CLASSES.items()} == {str(each): str(each) for each in ProblemClass}
