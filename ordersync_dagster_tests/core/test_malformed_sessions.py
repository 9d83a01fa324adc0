"""A session that cannot be read is a problem that names it; it never stops the others."""

import time
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.stripe_session import NO_ID, SessionProblem, read_session
from ordersync_dagster.sandbox import ABSENT, checkout_session, customer_details
from ordersync_dagster.sandbox.world.sessions import SESSION_ID
from ordersync_dagster_tests.support.builders import TEST_MODE, problem_of

HUGE = pytest.param(10**5000, id="5001 digits")


@pytest.mark.parametrize("record", [None, "session", 5, 1.5, True, [], [checkout_session()]])
def test_what_is_no_session_is_a_problem(record: Any) -> None:
    assert problem_of(record).problem_class == "malformed_session"


@pytest.mark.parametrize("session_id", [None, ABSENT, "", 5, True, ["cs_test_1"], "cs_\0", "cs_\ud800"])
def test_a_session_without_an_id_that_can_be_stored_is_a_problem(session_id: Any) -> None:
    verdict = read_session(checkout_session(id=session_id), TEST_MODE)
    assert isinstance(verdict, SessionProblem)
    assert verdict.session_id == NO_ID
    assert "Stripe listed a session without an id" in verdict.problem.sentence


def test_a_session_without_an_id_is_named_by_the_time_when_it_was_created() -> None:
    problem = problem_of(checkout_session(id=None, created=1_795_357_800))
    assert problem.ids == {"stripe_session_id": NO_ID, "created": "2026-11-22T14:30:00Z"}
    assert problem.sentence == "Session (no id) became no order: Stripe listed a session without an id."
    assert problem_of(7).ids == {"stripe_session_id": NO_ID}


def test_the_time_of_a_row_without_an_id_is_told_in_utc_wherever_the_machine_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        problem = problem_of({"created": 1_700_000_000})
    time.tzset()
    assert problem.ids == {"stripe_session_id": NO_ID, "created": "2023-11-14T22:13:20Z"}


def test_a_problem_names_its_session_and_says_what_is_wrong() -> None:
    problem = problem_of({**checkout_session(), "created": None})
    assert problem.ids == {"stripe_session_id": SESSION_ID}
    assert problem.sentence == f"Session {SESSION_ID} became no order: its `created` is not a Unix time."
    assert problem.is_error


@pytest.mark.parametrize("email", [None, "", " ", 5])
def test_an_order_needs_an_email(email: Any) -> None:
    session = checkout_session(customer_details=customer_details(email=email), customer_email=email)
    assert problem_of(session).problem_class == "missing_email"
    assert problem_of(checkout_session(customer_details=None)).problem_class == "missing_email"


AMOUNTS = [None, ABSENT, "2600", "", True, False, 26.0, float("nan"), -1, Decimal("NaN"), Decimal(26), [], {}, 10**18]


@pytest.mark.parametrize("amount", [*AMOUNTS, Decimal("sNaN"), HUGE])
def test_an_amount_that_is_no_whole_number_of_minor_units_is_a_problem(amount: Any) -> None:
    assert problem_of(checkout_session(amount_total=amount)).problem_class == "malformed_session"


@pytest.mark.parametrize("currency", [None, ABSENT, 5, "", "xyz", "us", "\ud800\0", ["usd"]])
def test_a_currency_that_stripe_does_not_list_is_a_problem(currency: Any) -> None:
    assert problem_of(checkout_session(currency=currency)).problem_class == "unknown_currency"


@pytest.mark.parametrize("currency", ["ugx", "isk"])
def test_an_amount_that_its_currency_does_not_have_is_a_problem(currency: str) -> None:
    problem = problem_of(checkout_session(amount_total=501, currency=currency))
    assert problem.problem_class == "malformed_session"
    assert f"501 is no amount in {currency}" in problem.sentence


@pytest.mark.parametrize("created", [None, "1790000000", True, 0, -1, 1.79e9, 253402300800, Decimal("NaN"), [], HUGE])
def test_a_session_needs_a_moment(created: Any) -> None:
    assert problem_of({**checkout_session(), "created": created}).problem_class == "malformed_session"


def nested(depth: int) -> dict[str, Any]:
    """Metadata that is `depth` objects deep."""
    metadata: dict[str, Any] = {}
    for _ in range(depth):
        metadata = {"deeper": metadata}
    return metadata


@pytest.mark.parametrize(
    "metadata",
    ["text", [], 5, {"a": Decimal("1.5")}, {"a": float("nan")}, pytest.param(nested(100_000), id="deep")],
)
def test_metadata_that_no_database_keeps_as_it_is_is_a_problem(metadata: Any) -> None:
    assert problem_of(checkout_session(metadata=metadata)).problem_class == "malformed_session"


@pytest.mark.parametrize("bad", ["Zo\0", "Zo\ud83d"])
@pytest.mark.parametrize("field", ["email", "name", "address", "key", "value", "payment_intent"])
def test_text_that_no_database_stores_is_refused_and_not_repaired(field: str, bad: str) -> None:
    parcel = {"shipping_details": {"name": None, "address": {"line1": bad}}}
    overrides: dict[str, dict[str, Any]] = {
        "email": {"customer_details": customer_details(email=f"{bad}@example.com")},
        "name": {"customer_details": customer_details(name=bad)},
        "address": {"collected_information": parcel},
        "key": {"metadata": {bad: "value"}},
        "value": {"metadata": {"key": bad}},
        "payment_intent": {"payment_intent": bad},
    }
    problem = problem_of(checkout_session(**overrides[field]))
    assert problem.problem_class == "text_does_not_fit"
    assert bad not in problem.sentence


@pytest.mark.parametrize("status", [None, ABSENT, "", "processing", 5])
def test_a_payment_status_that_stripe_does_not_document_is_a_problem_not_a_guess(status: Any) -> None:
    problem = problem_of(checkout_session(payment_status=status))
    assert problem.problem_class == "malformed_session"
    assert "payment_status" in problem.sentence
