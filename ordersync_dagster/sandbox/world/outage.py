"""A shop of prints and downloads whose webhooks were down for two days, from four to two days ago."""

from datetime import datetime

from ordersync_dagster.sandbox.world.catalogue import PRODUCTS, Pick
from ordersync_dagster.sandbox.world.draft import Draft
from ordersync_dagster.sandbox.world.people import PEOPLE
from ordersync_dagster.sandbox.world.sales import PRINTFUL_DELAY, Sale, add_downloads, add_sales
from ordersync_dagster.sandbox.world.world import World

JAPANESE = next(person for person in PEOPLE if person.country == "JP")
BEHIND = (  # the shop missed a status or items of Printful
    Sale(19.3, "processing", "fulfilled", items=4, known=0, parcels=1),
    Sale(16.1, "shipped", "fulfilled", items=5, known=2, parcels=1, knows_tracking=True, currency="eur"),
    Sale(13.6, "processing", "canceled", items=2, known=2),
    Sale(11.2, "processing", "failed", items=1, known=1, is_legacy=True),
    Sale(9.8, "processing", "partial", items=6, known=1, parcels=2, is_complete=False),
    Sale(6.4, "processing", "inprocess", items=5, known=0, unpriced=1),
    Sale(8.7, "shipped", "partial", items=4, known=0, parcels=1, is_complete=False, currency="eur"),
)
AGREEING = (
    Sale(1.4, "processing", "inprocess", items=2, known=2),
    Sale(0.6, "processing", "pending", items=1, known=1, currency="gbp"),
    Sale(24.9, "delivered", "fulfilled", items=3, known=3, parcels=1, knows_tracking=True, is_legacy=True),
    Sale(7.5, "shipped", "partial", items=2, known=2, parcels=1, is_complete=False, knows_tracking=True),
    Sale(22.2, "refunded", "fulfilled", items=1, known=1, parcels=1, knows_tracking=True, is_refunded=True),
    Sale(27.4, "processing", None, items=1, known=1),
    Sale(5.3, "processing", "inreview", items=2, known=2, unpriced=1, is_legacy=True),
)
DOWNLOAD_AGES = (
    28.6, 27.9, 26.3, 25.5, 23.8, 22.7, 20.6, 18.5, 17.2, 15.9, 14.4, 12.8, 11.7, 10.3, 8.2, 6.9, 5.8,
)  # fmt: skip
RECENT_DOWNLOAD_AGES = (1.8, 1.1, 0.4, 0.05)
OLD_DOWNLOAD_AGES = (33.5, 36.2, 39.8, 44.1, 52.7, 61.3)
ABANDONED_AGES = (26.6, 19.9, 12.3, 3.6, 2.8)
OTHER_CHANNELS = (
    ("draft", 0), ("pending", 0), ("inprocess", 0), ("inprocess", 0), ("onhold", 0), ("partial", 1),
    ("fulfilled", 1), ("fulfilled", 2), ("canceled", 0), ("archived", 1),
)  # fmt: skip


def build_outage(seed: int, now: datetime) -> World:
    """The sales of two months, with three paid sessions that the shop never stored."""
    draft = Draft(seed, now)
    add_sales(draft, BEHIND + AGREEING)
    downloads = add_downloads(draft, DOWNLOAD_AGES + RECENT_DOWNLOAD_AGES)
    draft.refund(downloads[0], downloads[0]["amount_total"] // 2)
    add_downloads(draft, OLD_DOWNLOAD_AGES)
    debit = draft.sell_download(
        draft.ago(days=21.4), payment_method_types=["sepa_debit"], payment_method_options={}, currency="eur"
    )
    draft.record(debit, "completed")
    _lose_paid(draft)
    _add_unpaid(draft)
    _add_unfinished(draft)
    _add_other_channels(draft)
    return draft.finish()


def _lose_paid(draft: Draft) -> None:
    """Sessions paid while the webhooks were down: at Stripe, one also at Printful, but not in the shop."""
    person, picks = PEOPLE[10], draft.basket(3)
    created = draft.ago(days=3.4)
    order = draft.parcels.order(
        created + PRINTFUL_DELAY, picks, status="partial", parcels=1, is_complete=False, person=person
    )
    order["shipments"][0].update(created=draft.ago(hours=20), shipped_at=draft.ago(hours=20))
    draft.send_to_printful(order)
    draft.sell_prints(created, picks, person=person, metadata={"printfulOrderId": str(order["id"])})
    draft.sell_prints(draft.ago(days=2.9), [Pick(PRODUCTS[0])], person=JAPANESE, currency="jpy")
    draft.sell_prints(draft.ago(days=2.3), draft.basket(1), currency="eur", person=PEOPLE[1])


def _add_unpaid(draft: Draft) -> None:
    """Complete sessions that must not have an order yet: unpaid, free, too recent."""
    draft.sell_prints(
        draft.ago(days=1.2), draft.basket(1), currency="eur", payment_method_types=["sepa_debit"],
        payment_method_options={}, payment_status="unpaid", person=PEOPLE[6],
    )  # fmt: skip
    no_money = {"amount_discount": 1200, "amount_shipping": 0, "amount_tax": 0}
    draft.sell_download(
        draft.ago(days=4.7), payment_status="no_payment_required", payment_intent=None, amount_subtotal=1200,
        amount_total=0, total_details=no_money, customer_email="ilze@example.com",
    )  # fmt: skip
    draft.sell_download(draft.ago(minutes=5))


def _add_unfinished(draft: Draft) -> None:
    """Open sessions, and expired ones."""
    unpaid = {"payment_status": "unpaid", "payment_intent": None, "collected_information": None}
    for minutes in (3, 50, 400):
        draft.sell_prints(
            draft.ago(minutes=minutes), draft.basket(1), **unpaid, status="open", customer_details=None,
            url="https://checkout.example.com/c/pay/" + draft.ids.token("", 40),
        )  # fmt: skip
    for age in ABANDONED_AGES:
        draft.sell_prints(draft.ago(days=age), draft.basket(2), **unpaid, status="expired")


def _add_other_channels(draft: Draft) -> None:
    """Printful orders from other sales channels."""
    for turn, (status, parcels) in enumerate(OTHER_CHANNELS):
        created = draft.ago(days=2.7 * turn + 0.3) if parcels == 0 else draft.ago(days=2.7 * turn + 4.3)
        draft.send_to_printful(
            draft.parcels.order(
                created,
                draft.basket(1 + turn % 2 + (parcels > 1)),
                status=status,
                parcels=parcels,
                external_id=f"market-{4200 + turn}",
                person=draft.person(),
            )
        )
