"""The past of one order: which system says what, and when; oldest first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.explanation import Case, Facts, RowPast, ShopEvent
from ordersync_dagster.core.history import AuditRecord
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.timeline import shown_amount, timeline
from ordersync_dagster.sandbox import checkout_session, dispute, printful_order, refund, shipment

SECOND = 1_790_000_000
AT = datetime.fromtimestamp(SECOND, UTC)


def told(**facts: Any) -> list[tuple[int, str, str]]:
    """Seconds after AT, the system and the sentence of every moment."""
    moments = timeline(Facts(Case(), **facts))
    return [(round((each.at - AT).total_seconds()), each.system, each.sentence) for each in moments]


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def record(seconds: int = 0, action: str = "order_create", resource: str = "order", **changes: Any) -> AuditRecord:
    known: dict[str, Any] = {"reason": "why", "is_blanked": False} | changes
    return AuditRecord(1, "r7", after(seconds), action, resource, "x", "o1", {}, {}, **known)


def of_shop(**past: Any) -> list[tuple[int, str, str]]:
    return told(past=RowPast(**past))


def test_stripes_moments_are_the_session_its_refunds_and_its_disputes() -> None:
    assert told(
        session=checkout_session(created=SECOND, amount_total=123_456),
        refunds=[refund(id="re_1", amount=600, created=SECOND + 60)],
        disputes=[dispute(id="du_1", amount=2600, created=SECOND + 30)],
    ) == [
        (0, "Stripe", "session made, USD 1,234.56"),
        (30, "Stripe", "dispute du_1 of USD 26.00, now needs_response"),
        (60, "Stripe", "refund re_1 of USD 6.00, now succeeded"),
    ]


def test_what_stripe_leaves_out_is_shown_as_nothing_and_long_words_are_cut() -> None:
    assert told(
        refunds=[refund(id="", created=SECOND, status=None), refund(id="r" * 81, created=SECOND, amount=1)]
    ) == [
        (0, "Stripe", "refund (nothing) of USD 26.00, now (nothing)"),
        (0, "Stripe", f"refund {'r' * 80} of USD 0.01, now succeeded"),
    ]


def test_what_has_no_time_or_is_no_object_is_no_moment() -> None:
    assert not told(
        session={**checkout_session(), "created": None},
        refunds=["refund", refund(created="soon")],
        disputes=[None, dispute(created=0)],
        printful={"1": printful_order(created=None, shipments=[None, {"id": 1}])},
        named=[printful_order(created=None, shipments="none")],
    )


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (2600, "usd", "USD 26.00"),
        (800, "JPY", "JPY 800"),
        (-50, "eur", "EUR -0.50"),
        (2650, "isk", "2650 minor units of 'ISK'"),
        (2600, "abcdefghij", "2600 minor units of 'ABCDEFGH'"),
        (True, "usd", "no amount"),
        ("2600", "usd", "no amount"),
        (Decimal("26.00"), "usd", "no amount"),
        (2600, None, "no amount"),
    ],
)
def test_an_amount_is_shown_with_its_currency_or_as_stripe_sent_it(
    amount: object, currency: object, shown: str
) -> None:
    assert shown_amount({"total": amount, "currency": currency}, "total") == shown


def test_the_shops_moments_are_its_row_and_its_events() -> None:
    events = [
        ShopEvent(after(5), "label_printed", "success", is_ours=False),
        ShopEvent(after(6), "order_synced", "success", is_ours=True),
        ShopEvent(None, "lost", "failed", is_ours=False),
    ]
    assert of_shop(created_at=AT, updated_at=after(60), events=events) == [
        (0, "shop", "order made by the shop, as its created_at says"),
        (5, "shop", "event label_printed (success)"),
        (60, "shop", "order changed by another program, as its updated_at says"),
    ]


def test_an_order_that_a_run_added_was_not_made_by_the_shop() -> None:
    assert of_shop(created_at=AT, records=[record(30)]) == [
        (30, "ordersync", "added the order (run r7): why"),
    ]
    of_others = [record(30, "order_update"), record(30, resource="order_item")]
    assert (0, "shop", "order made by the shop, as its created_at says") in of_shop(created_at=AT, records=of_others)


@pytest.mark.parametrize(("seconds", "is_theirs"), [(7.9, True), (8, False), (10, False), (12, False), (12.1, True)])
def test_a_change_within_two_seconds_of_an_audited_one_is_ours(seconds: float, is_theirs: bool) -> None:
    changed = "order changed by another program, as its updated_at says"
    found = of_shop(updated_at=after(seconds), records=[record(10, "order_update")])
    assert (changed in [sentence for *_, sentence in found]) is is_theirs
    event = ShopEvent(after(10), "order_synced", "success", is_ours=True)
    assert bool(of_shop(updated_at=after(seconds), events=[event, ShopEvent(None, "", "", True)])) is is_theirs


def test_an_order_that_was_never_changed_was_only_made() -> None:
    assert [sentence for *_, sentence in of_shop(created_at=AT, updated_at=AT)] == [
        "order made by the shop, as its created_at says"
    ]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (record(), "added the order (run r7): why"),
        (record(action="order_update"), "changed the order (run r7): why"),
        (record(action="order_delete"), "took back the order (run r7): why"),
        (record(resource="order_item"), "added an item (run r7): why"),
        (record(action="order_paid"), "order_paid the order (run r7): why"),
        (record(reason=None, is_blanked=True), "added the order (run r7): (blanked)"),
    ],
)
def test_our_own_moments_name_the_run_and_its_reason(entry: AuditRecord, sentence: str) -> None:
    assert of_shop(records=[entry]) == [(0, "ordersync", sentence)]


def test_printfuls_moments_are_its_orders_and_their_parcels() -> None:
    parcels = [
        shipment(id=3, shipped_at=SECOND + 50, created=SECOND + 40, tracking_number="N1"),
        shipment(id=4, shipped_at=None, created=SECOND + 60, tracking_number=None),
        shipment(id=None, shipped_at=SECOND + 70, tracking_number="N2"),
    ]
    moved = printful_order(id=7, created=SECOND, updated=SECOND + 90, status="partial", shipments=parcels)
    new = printful_order(id=8, created=SECOND + 5)
    assert told(printful={"7": moved, "1": Missing("1"), "2": NotAsked("2", "no answer")}, named=[new]) == [
        (0, "Printful", "order 7 made"),
        (5, "Printful", "order 8 made"),
        (50, "Printful", "parcel 3 sent, tracking number N1"),
        (60, "Printful", "parcel 4 sent, tracking number none yet"),
        (70, "Printful", "parcel (no id) sent, tracking number N2"),
        (90, "Printful", "order 7 last changed, now partial"),
    ]


def test_a_parcel_is_delivered_when_printful_says_so_and_when() -> None:
    delivered = {"shipment_status": "shipped", "delivery_status": "delivered", "delivered_at": AT.isoformat()}
    parcels = [
        {"id": 3, **delivered},
        {"id": 4, **delivered, "delivered_at": None},
        {"id": 5, **delivered, "delivery_status": "in_transit"},
    ]
    assert told(parcels={"7": parcels, "8": NotAsked("8", "no answer"), "9": Missing("9")}) == [
        (0, "Printful", "parcel 3 delivered"),
    ]
