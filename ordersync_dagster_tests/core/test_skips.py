"""Which sessions are rightly no new order, and the one that stops a run."""

from typing import Any

import pytest

from ordersync_dagster.core.errors import WrongModeError
from ordersync_dagster.core.orders import Order
from ordersync_dagster.core.stripe_session import SessionMatch, SessionRules, Skip, SkipReason, read_session
from ordersync_dagster.sandbox import checkout_session
from ordersync_dagster.sandbox.world.sessions import CREATED, SESSION_ID
from ordersync_dagster_tests.support.builders import order_of, skip_reason_of

ANOTHER_SHOP = SessionRules(live=False, match=SessionMatch("shop", "prints"))
TOO_YOUNG = SessionRules(live=False, settled_before=CREATED)
SKIPPED: list[tuple[str, dict[str, Any], SessionRules]] = [
    ("not_complete", {"status": "open"}, SessionRules(live=False)),
    ("not_complete", {"status": "expired"}, SessionRules(live=False)),
    ("not_this_shop", {}, ANOTHER_SHOP),
    ("other_mode", {"mode": "setup", "payment_status": "no_payment_required"}, SessionRules(live=False)),
    ("other_mode", {"mode": "subscription"}, SessionRules(live=False, modes=frozenset({"payment"}))),
    ("free", {"payment_status": "no_payment_required"}, SessionRules(live=False)),
    ("free", {"amount_total": 0}, SessionRules(live=False)),
    ("unpaid", {"payment_status": "unpaid"}, SessionRules(live=False)),
    ("unpaid", {"payment_status": "unpaid"}, SessionRules(live=False, include_free=True)),
    ("too_recent", {}, TOO_YOUNG),
]


@pytest.mark.parametrize(("reason", "overrides", "rules"), SKIPPED)
def test_fault_22_a_session_is_skipped_with_its_reason(
    reason: str, overrides: dict[str, Any], rules: SessionRules
) -> None:
    assert read_session(checkout_session(**overrides), rules) == Skip(SESSION_ID, SkipReason(reason))


def test_every_reason_that_a_session_alone_can_have_is_tried_above() -> None:
    tried = {reason for reason, *_ in SKIPPED}
    of_the_shop = {SkipReason.ORDER_EXISTS, SkipReason.ERASED, SkipReason.NOT_IN_PLAN}
    assert tried == set(SkipReason) - of_the_shop, "A new reason needs a line in SKIPPED."


def test_a_subscription_is_an_order_by_default_as_for_most_webhook_handlers() -> None:
    assert order_of(checkout_session(mode="subscription", payment_intent=None)).session_id == SESSION_ID


def test_a_session_of_another_shop_is_not_even_looked_at() -> None:
    broken = {**checkout_session(customer_details=None, amount_total="many"), "created": None}
    assert skip_reason_of(broken, ANOTHER_SHOP) == "not_this_shop"


@pytest.mark.parametrize(
    ("match", "session", "is_ours"),
    [
        (SessionMatch("shop"), {"metadata": {"shop": "prints"}}, True),
        (SessionMatch("shop"), {"metadata": {"shop": ""}}, True),
        (SessionMatch("shop"), {"metadata": {"shop": None}}, False),
        (SessionMatch("shop"), {"metadata": {}}, False),
        (SessionMatch("shop"), {"metadata": None}, False),
        (SessionMatch("shop"), {"metadata": "shop"}, False),
        (SessionMatch("shop", "prints"), {"metadata": {"shop": "prints"}}, True),
        (SessionMatch("shop", "prints"), {"metadata": {"shop": "Prints"}}, False),
        (SessionMatch("shop", "prints"), {}, False),
        (SessionMatch(value="plink_1"), {"payment_link": "plink_1"}, True),
        (SessionMatch(value="plink_1"), {"payment_link": {"id": "plink_1"}}, True),
        (SessionMatch(value="plink_1"), {"payment_link": "plink_2"}, False),
        (SessionMatch(value="plink_1"), {"payment_link": None}, False),
        (SessionMatch(value="plink_1"), {}, False),
    ],
)
def test_a_shop_knows_its_sessions_by_metadata_or_payment_link(
    match: SessionMatch, session: dict[str, Any], is_ours: bool
) -> None:
    assert match.accepts(session) is is_ours


@pytest.mark.parametrize(("key_is_live", "modes"), [(True, "live key.*test mode"), (False, "test key.*live mode")])
def test_a_session_of_the_other_mode_stops_the_run(key_is_live: bool, modes: str) -> None:
    stranger = checkout_session(livemode=not key_is_live, payment_status="unpaid")
    with pytest.raises(WrongModeError, match=modes):
        read_session(stranger, SessionRules(live=key_is_live))


def test_live_sessions_are_read_with_a_live_key() -> None:
    assert isinstance(read_session(checkout_session(livemode=True), SessionRules(live=True)), Order)
