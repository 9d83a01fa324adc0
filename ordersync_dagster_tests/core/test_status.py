"""The status map, the moves, and what becomes of an order's status."""

import pytest

from ordersync_dagster.core.changes import SetStatus
from ordersync_dagster.core.decide_printful import update_order
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import MOVES, OPEN, Status, can_move
from ordersync_dagster.core.printful_order import STATUS
from ordersync_dagster.core.problems import Problem
from ordersync_dagster_tests.support.builders import ORDER_ID, PRINTFUL_ID, printful_answer, stored_item, stored_order

DOCUMENTED = "draft pending inreview failed canceled inprocess onhold partial fulfilled archived"
UNMAPPED = {"inreview", "archived"}
PROMISED = {
    "draft": "processing",
    "pending": "processing",
    "onhold": "processing",
    "inprocess": "processing",
    "partial": "shipped",
    "fulfilled": "delivered",
    "failed": "failed",
    "canceled": "cancelled",
}
FINAL = ["delivered", "completed", "refunded", "returned", "cancelled"]


def test_each_word_that_printful_documents_is_mapped_or_left_out_on_purpose() -> None:
    undecided = set(DOCUMENTED.split()) - set(STATUS) - UNMAPPED
    unheard_of = set(STATUS) - set(DOCUMENTED.split())
    assert not undecided, f"Printful says {undecided}: give each a line in STATUS, or name it in UNMAPPED and say why."
    assert not unheard_of, (
        f"Printful does not document {unheard_of} (https://developers.printful.com/docs/#tag/Orders)."
    )


def test_the_map_is_the_promised_one() -> None:
    assert {word: str(status) for word, status in STATUS.items()} == PROMISED, (
        "Shops and their scripts rely on these words: change them only with a major version and its changelog."
    )


def test_the_moves_are_those_of_the_design() -> None:
    moves = {str(before): {str(after) for after in targets} for before, targets in MOVES.items()}
    assert moves == {
        "pending": {str(each) for each in Status if each is not Status.PENDING},
        "processing": {"failed", "shipped", "delivered", "cancelled"},
        "failed": {"processing", "shipped", "delivered", "cancelled"},
        "shipped": {"delivered"},
        **{final: set() for final in FINAL},
    }, "An order's status may only go forward; who loosens this loses refunds."


def test_an_order_that_printful_may_still_move_is_open() -> None:
    assert {before for before, targets in MOVES.items() if targets} == OPEN


@pytest.mark.parametrize("before", ["", "on-its-way", "Processing"])
def test_a_word_of_the_shops_own_is_never_moved(before: str) -> None:
    assert not any(can_move(before, after) for after in Status)


def status_change(before: str, word: str) -> SetStatus | Problem | None:
    """What becomes of an order in `before` with all its items when Printful says `word`."""
    stored = stored_order(status=before, items=(stored_item(),))
    update, problems = update_order(stored, printful_answer(status=word), (), Limits())
    found = [*(update.changes if update else ()), *problems]
    assert len(found) <= 1
    change = found[0] if found else None
    assert change is None or isinstance(change, SetStatus | Problem)
    return change


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        ("pending", "draft", "processing"),
        ("processing", "partial", "shipped"),
        ("processing", "fulfilled", "delivered"),
        ("processing", "failed", "failed"),
        ("failed", "inprocess", "processing"),
        ("failed", "fulfilled", "delivered"),
        ("processing", "canceled", "cancelled"),
        ("shipped", "fulfilled", "delivered"),
    ],
)
def test_an_order_follows_printful_forward(before: str, word: str, after: str) -> None:
    assert status_change(before, word) == SetStatus(before, after, word)


@pytest.mark.parametrize(("before", "word"), [("processing", "onhold"), ("shipped", "partial"), ("failed", "failed")])
def test_an_order_that_agrees_is_not_changed(before: str, word: str) -> None:
    assert status_change(before, word) is None


@pytest.mark.parametrize("word", ["draft", "inprocess", "partial", "fulfilled", "failed", "canceled"])
def test_whatever_printful_does_a_refunded_order_stays_so_without_a_word(word: str) -> None:
    assert status_change("refunded", word) is None


def test_a_completed_order_agrees_with_delivered() -> None:
    assert status_change("completed", "fulfilled") is None


@pytest.mark.parametrize(
    ("before", "word"),
    [
        *((final, "inprocess") for final in FINAL if final != "refunded"),
        ("returned", "fulfilled"),
        ("cancelled", "fulfilled"),
        ("delivered", "partial"),
        ("shipped", "inprocess"),
        ("shipped", "canceled"),
        ("shipped", "failed"),
        ("completed", "canceled"),
        ("on-its-way", "fulfilled"),
    ],
)
def test_a_step_back_is_reported_and_not_taken(before: str, word: str) -> None:
    problem = status_change(before, word)
    assert isinstance(problem, Problem)
    assert problem.problem_class == "regress_blocked"
    assert problem.sentence == f"Order {ORDER_ID} is {before} and stays so, although Printful says {word}."
    assert problem.ids == {"order_id": ORDER_ID, "printful_order_id": PRINTFUL_ID}
    assert not problem.is_error


@pytest.mark.parametrize("word", ["archived", "inreview", "on_mars", "", "Fulfilled", "cancelled"])
def test_an_unknown_word_changes_nothing_and_is_reported(word: str) -> None:
    problem = status_change("processing", word)
    assert isinstance(problem, Problem)
    assert problem.problem_class == "unknown_status"
    assert repr(word) in problem.sentence
    assert not problem.is_error
