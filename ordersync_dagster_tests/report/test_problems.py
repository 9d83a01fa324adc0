"""Known problems as a person reads them: few or thousands."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ordersync_dagster.core.known_problems import Acknowledgement, FoundBy, KnownProblem
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.report.problems import problems_text

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
SEEN = Acknowledgement("ann", NOW, "asked", NOW + timedelta(days=3))


def known(
    problem_id: str, kind: ProblemClass, days: int, *, seen: Acknowledgement | None = None, ended: str | None = None
) -> KnownProblem:
    since, price = NOW - timedelta(days=days), Price(Decimal(34), "eur")
    ids, at = {"order_id": problem_id[1:]}, NOW if ended else None
    sentence = f"Order {problem_id[1:]} is odd."
    return KnownProblem(
        problem_id, kind, sentence, ids, price, FoundBy.LINKS, None, since, NOW, "r", 2, seen, at, ended
    )


def test_the_list_is_by_class_with_what_needs_a_person_first() -> None:
    found = [
        known("p1", ProblemClass.NOT_LOOKED_AT, 9),
        known("p2", ProblemClass.UNFULFILLED, 5, seen=SEEN),
        known("p3", ProblemClass.UNFULFILLED, 3),
        known("p4", ProblemClass.DISPUTED, 2, ended="gone"),
    ]
    assert (
        problems_text(found, NOW)
        == """\
3 open problems, 1 needs a person.

unfulfilled: 2, EUR 68.00, the oldest for 5 days
  → Send the order to Printful: its customer waits.

  p3  for 3 days (2 runs)  EUR 34.00
    Order 3 is odd.

  p2  for 5 days (2 runs)  EUR 34.00
    Order 2 is odd.
    Acknowledged by ann until 2026-11-26 14:30 UTC: asked

not_looked_at: 1, EUR 34.00, for 9 days
  → Run again with Printful before you send anything.

  p1  for 9 days (2 runs)  EUR 34.00
    Order 1 is odd.

disputed: 1, EUR 34.00

  p4  ended 2026-11-23 14:30 UTC: gone  EUR 34.00
    Order 4 is odd."""
    )


def test_goods_that_printful_must_stop_come_first_of_all() -> None:
    found = [known("p1", ProblemClass.DISPUTED, 9), known("p2", ProblemClass.ORPHAN_PRINTFUL, 1)]
    assert problems_text(found, NOW).index("orphan_printful: 1") < problems_text(found, NOW).index("disputed: 1")


def test_a_large_class_hides_no_other_and_its_rest_has_a_command() -> None:
    many = [known(f"p{number}", ProblemClass.NOT_LOOKED_AT, 9) for number in range(2000)]
    text = problems_text([*many, known("p5000", ProblemClass.DOUBLE_PAYMENT, 1)], NOW)
    assert text.splitlines()[2] == "double_payment: 1, EUR 34.00, for 24 hours"
    assert text.endswith("\n\n  … and 1,980 more: ordersync problems --class not_looked_at")
    assert len(text.splitlines()) < 80
    assert len(problems_text(many, NOW, most=None).splitlines()) > 2000 * 2


def test_ended_problems_left_out_have_a_command_that_shows_them() -> None:
    many = [known(f"p{number}", ProblemClass.DISPUTED, 9, ended="gone") for number in range(21)]
    assert problems_text(many, NOW).endswith("… and 1 more: ordersync problems --all --class disputed")
