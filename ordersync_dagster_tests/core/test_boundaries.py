"""The last value that is allowed, and the first that is not."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.orders import LineItem, Order, as_stored
from ordersync_dagster.core.payment_state import payment_state
from ordersync_dagster.core.printful_order_fields import created_at
from ordersync_dagster.core.privacy import hashed_email, masked_email
from ordersync_dagster.core.recipient import Recipient
from ordersync_dagster.core.reversals import read_reversals
from ordersync_dagster.core.stripe_session import SessionRules, read_session
from ordersync_dagster.core.stripe_session_fields import line_items_of, printful_order_id_of
from ordersync_dagster.core.text import visible
from ordersync_dagster.core.unlinked import DAY, Unlinked, unfulfilled
from ordersync_dagster.core.window import LAST_SECOND, MAX_DAYS, Window, WindowError, day_of
from ordersync_dagster.sandbox import checkout_session, line_item, printful_item, refund
from ordersync_dagster.sandbox.world.sessions import PAYMENT_INTENT
from ordersync_dagster_tests.support.builders import new_order, printful_answer, stored_order

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own day begins half a day earlier."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_a_day_is_a_utc_day_wherever_the_machine_is() -> None:
    assert day_of(int(NOW.timestamp()) - 1) == date(2026, 11, 22)


def test_ten_years_are_a_window_and_a_day_more_is_none() -> None:
    assert len(Window.last_days(MAX_DAYS, NOW).whole_days) == MAX_DAYS
    with pytest.raises(WindowError, match=str(MAX_DAYS)):
        Window.last_days(MAX_DAYS + 1, NOW)


def test_a_day_that_begins_this_moment_has_not_begun() -> None:
    with pytest.raises(WindowError, match="has not begun yet"):
        Window.between(NOW.date(), NOW.date(), NOW)


@pytest.mark.parametrize(
    ("given", "read"), [(1, 1), (2**37 - 1, 2**37 - 1), (2**37, None), (0, None), (True, None), ("1", None)]
)
def test_a_printful_time_is_a_whole_second_after_1970(given: object, read: int | None) -> None:
    assert created_at({"created": given}) == read


def test_text_of_exactly_the_width_fits() -> None:
    limits = Limits(widths={"orders.status": 4})
    assert limits.too_narrow("orders", {"status": "four"}) is None
    assert limits.too_narrow("orders", {"status": "fiver"}) == "orders.status"


def test_a_paid_order_waits_after_a_day_and_not_before() -> None:
    order = new_order(created=NOW - timedelta(seconds=DAY))
    waiting = Unlinked(stored_order(printful_order_id=None), order)
    assert unfulfilled([waiting], int(NOW.timestamp())) == []
    assert len(unfulfilled([waiting], int(NOW.timestamp()) + 1)) == 1


def test_a_recovered_order_waits_at_once() -> None:
    assert len(unfulfilled([Unlinked(as_stored(new_order()), new_order())], 0)) == 1


@pytest.mark.parametrize("unreadable", [None, {"status": "failed"}, {"currency": "xyz"}])
def test_a_refund_that_cannot_be_read_does_not_stop_the_next(unreadable: dict[str, str] | None) -> None:
    first = refund(**unreadable) if unreadable else None
    assert read_reversals([first, refund()], []).returned[PAYMENT_INTENT] == {"usd": Decimal("26.00")}


@pytest.mark.parametrize(("given_back", "whole"), [([], False), ([99], False), ([100], True), ([50, 50], True)])
def test_a_payment_of_one_is_given_back_when_all_of_it_went_back(given_back: list[int], whole: bool) -> None:
    reversals = read_reversals([refund(id=f"re_{n}", amount=amount) for n, amount in enumerate(given_back)], [])
    assert payment_state(new_order(total=Decimal("1.00")), reversals).is_refunded is whole


def test_an_address_with_two_at_signs_is_masked_by_its_host() -> None:
    assert masked_email('"a@b"@example.com') == '"***@e***.com'


@pytest.mark.parametrize("hidden", ["\u2028", "\u2029", "\u202e", "\x07", "\ud800"])
def test_what_would_not_show_or_would_break_a_line_is_escaped(hidden: str) -> None:
    assert visible(f"a{hidden}b") == f"a\\u{ord(hidden):04x}b"


def test_an_address_is_recognised_in_any_spelling_and_with_half_a_surrogate_pair() -> None:
    assert hashed_email(" Mara@Example.com ") == hashed_email("mara@example.com") != hashed_email("tara@example.com")
    assert re.fullmatch("[0-9a-f]{16}", hashed_email("\ud800@example.com"))


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (0, "0"),
        (10**20 - 1, str(10**20 - 1)),
        (10**20, None),
        pytest.param(10**5000, None, id="5001 digits"),
        ("9" * 20, "9" * 20),
        ("9" * 21, None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_a_noted_printful_id_is_at_most_twenty_digits(given: object, read: str | None) -> None:
    assert printful_order_id_of({"printfulOrderId": given}) == read


def test_a_line_that_cost_nothing_is_a_line() -> None:
    session = {"line_items": {"data": [line_item(quantity=3, amount_subtotal=0)]}}
    assert line_items_of(session, "usd") == (LineItem(3, Decimal(0)),)


@pytest.mark.parametrize(("given", "is_time"), [(0, False), (1, True), (LAST_SECOND, True), (LAST_SECOND + 1, False)])
def test_a_session_is_created_between_1970_and_the_last_second_that_a_date_holds(given: int, is_time: bool) -> None:
    rules = SessionRules(live=False, settled_before=2**62)
    assert isinstance(read_session(checkout_session(created=given), rules), Order) is is_time


@pytest.mark.parametrize("recipient", [None, [], {"email": None}, {"email": " "}])
def test_a_printful_order_for_nobody_known_is_read_without_a_recipient(recipient: object) -> None:
    assert printful_answer(recipient=recipient).recipient == Recipient()


@pytest.mark.parametrize("quantity", [1, 1000, 2**31 - 1])
def test_any_quantity_that_the_column_holds_is_an_items(quantity: int) -> None:
    (item,) = printful_answer(items=[printful_item(quantity=quantity)]).items
    assert item.quantity == quantity
