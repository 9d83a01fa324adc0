"""Real payloads of both vendors, from a folder that ORDERSYNC_PAYLOADS names; none are kept here.

The folder holds `stripe/*.json` (sessions, or events around them) and `printful/*.json` (answers of the API,
or webhooks around orders).
"""

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.printful_order import PrintfulOrder, read_printful_order
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, SessionRules, Skip, Verdict, read_session

FOLDER = os.environ.get("ORDERSYNC_PAYLOADS", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="ORDERSYNC_PAYLOADS names no folder of real payloads")


def payloads(vendor: str) -> list[Any]:
    """A parameter for each file; one that is skipped where there is none."""
    paths = sorted(Path(FOLDER, vendor).glob("*.json")) if FOLDER else []
    return [pytest.param(path, id=path.stem) for path in paths]


def read(path: Path) -> Any:
    """The file as the adapters read an answer: fractions are exact."""
    return json.loads(path.read_text("utf-8"), parse_float=Decimal)


def session_in(payload: Any) -> dict[str, Any]:
    """The session, also where an event holds it."""
    data = payload.get("data", payload)
    inner = data.get("object", data)
    session = inner if isinstance(inner, dict) else data
    assert isinstance(session, dict)
    return session


def verdict_on(session: Mapping[str, Any]) -> Verdict:
    """The verdict of a key of the session's own mode, with every kind of session wanted."""
    return read_session(session, SessionRules(live=session.get("livemode") is True))


@pytest.mark.parametrize("path", payloads("stripe"))
def test_every_real_session_is_decided_by_its_payment_status(path: Path) -> None:
    session = session_in(read(path))
    verdict = verdict_on(session)
    is_paid = session["payment_status"] == "paid" and session.get("status") in ("complete", None)
    assert isinstance(verdict, Order | SessionProblem if is_paid else Skip), verdict
    if isinstance(verdict, Order):
        assert verdict.metadata == (session["metadata"] or {})
        assert verdict.session_id == session["id"]


@pytest.mark.parametrize("path", payloads("stripe"))
def test_a_real_paid_session_is_a_problem_only_where_it_lacks_what_an_order_needs(path: Path) -> None:
    session = session_in(read(path))
    verdict = verdict_on(session)
    details = session.get("customer_details") or {}
    needs = (details.get("email") or session.get("customer_email"), session.get("amount_total"), session.get("created"))
    assert not isinstance(verdict, SessionProblem) or None in needs, verdict


def orders_in(payload: Any) -> list[Any]:
    """Whatever the answer or webhook holds in the places of an order."""
    found = payload.get("result", payload.get("data"))
    if isinstance(found, Mapping):
        found = found.get("order", found)
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("path", payloads("printful"))
def test_every_real_printful_answer_is_read_or_named(path: Path) -> None:
    is_order_of_v1 = "_v1_" in path.name and "error" not in path.name
    for order in orders_in(read(path)):
        answer = read_printful_order(order)
        if is_order_of_v1:
            assert isinstance(answer, PrintfulOrder), answer
            assert len(answer.items) == len(order["items"])
        if "error" in path.name:
            assert isinstance(answer, Problem)
            assert answer.problem_class == "malformed_printful_order"
        assert isinstance(answer, PrintfulOrder | Problem)


def test_the_folder_holds_payloads_of_both_vendors() -> None:
    assert payloads("stripe"), f"{FOLDER} has no stripe/*.json"
    assert payloads("printful"), f"{FOLDER} has no printful/*.json"
