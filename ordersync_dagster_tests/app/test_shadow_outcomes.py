"""Shadow mode: the outcome of a change, by the shop's own later work."""

import pytest

from ordersync_dagster.core.shadow import ShadowOutcome
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.app.shadowing import counts, outcome_of, shadow_run, state, webhook
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost


def test_what_the_webhook_did_later_was_rightly_planned(each_shop: Shop, outage: World) -> None:
    shadow_run(each_shop)
    for session in lost(outage):
        webhook(each_shop, session)
    for session in lost(outage):
        assert outcome_of(each_shop, "insert_order", session["id"]) == (ShadowOutcome.BY_SHOP, "")
    run = shadow_run(each_shop)
    assert run.outcome.shadow is not None
    assert run.outcome.shadow.counts[ShadowOutcome.BY_SHOP] == len(lost(outage))
    assert run.outcome.shadow.counts[ShadowOutcome.WRONG] == 0


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"total_amount": "1.00"}, "total_amount"),
        ({"status": "cancelled"}, "status"),
        ({"currency": "chf"}, "currency"),
    ],
)
def test_an_order_that_the_webhook_made_otherwise_would_have_been_wrong(
    each_shop: Shop, outage: World, other: dict[str, str], why: str
) -> None:
    shadow_run(each_shop)
    session = lost(outage)[-1]
    webhook(each_shop, session, **other)
    outcome, reason = outcome_of(each_shop, "insert_order", session["id"])
    assert outcome is ShadowOutcome.WRONG
    assert reason.endswith(f"has another {why}")
    shadow_run(each_shop)
    assert outcome_of(each_shop, "insert_order", session["id"]) == (outcome, reason)


def test_an_order_that_went_on_is_no_contradiction(shop: Shop, outage: World) -> None:
    shadow_run(shop)
    webhook(shop, lost(outage)[-1], status="shipped")
    assert outcome_of(shop, "insert_order", lost(outage)[-1]["id"])[0] is ShadowOutcome.BY_SHOP


def test_a_payment_that_went_back_meanwhile_would_have_been_wrong(each_shop: Shop, outage: World) -> None:
    shadow_run(each_shop)
    session = lost(outage)[-1]
    refund = {**outage.refunds[0], "id": "re_all", "payment_intent": session["payment_intent"], "charge": None,
              "amount": session["amount_total"], "currency": session["currency"],
              "created": session["created"] + 9}  # fmt: skip
    each_shop.sandbox.replace(outage.with_refund(refund))
    shadow_run(each_shop)
    outcome, why = outcome_of(each_shop, "insert_order", session["id"])
    assert (outcome, why) == (ShadowOutcome.WRONG, "the whole payment went back before the shop had an order")


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("delivered", "done_by_shop"),
        ("completed", "done_by_shop"),
        ("processing", "open"),
        ("refunded", "would_be_wrong"),
    ],
)
def test_a_status_is_judged_by_what_the_row_became(each_shop: Shop, word: str, outcome: str) -> None:
    row = each_shop.of_printful("fulfilled")
    assert row["status"] == "processing"
    shadow_run(each_shop)
    each_shop.database.execute("UPDATE orders SET status = :word WHERE id = :id", word=word, id=row["id"])
    assert outcome_of(each_shop, "set_status", row["stripe_session_id"])[0] == outcome


def test_tracking_and_items_are_compared_with_what_was_planned(each_shop: Shop) -> None:
    row = each_shop.of_printful("fulfilled")
    shadow_run(each_shop)
    session = row["stripe_session_id"]
    planned = {each.intent.change: each.intent.planned for each in state(each_shop).records
               if each.intent.session_id == session}  # fmt: skip
    each_shop.database.execute("UPDATE orders SET tracking_number = 'X1' WHERE id = :id", id=row["id"])
    assert outcome_of(each_shop, "set_tracking", session) == (
        ShadowOutcome.WRONG, "the order has another tracking_number",
    )  # fmt: skip
    number = planned["set_tracking"]["numbers"][0]
    each_shop.database.execute("UPDATE orders SET tracking_number = :n WHERE id = :id", n=number, id=row["id"])
    assert outcome_of(each_shop, "set_tracking", session)[0] is ShadowOutcome.BY_SHOP
    assert outcome_of(each_shop, "add_items", session)[0] is ShadowOutcome.OPEN
    for place, (variant, _, quantity) in enumerate(planned["add_items"]["items"]):
        each_shop.database.execute(
            "INSERT INTO order_items (id, order_id, printful_product_id, printful_variant_id, name, quantity,"
            " created_at) VALUES (:id, :order_id, '1', :variant, 'x', :quantity, '2026-11-23 10:00:00')",
            id=f"i{place}", order_id=row["id"], variant=variant, quantity=quantity,
        )  # fmt: skip
    assert outcome_of(each_shop, "add_items", session)[0] is ShadowOutcome.BY_SHOP


def test_a_field_that_the_shop_fills_is_compared_by_its_hash(each_shop: Shop, outage: World) -> None:
    row = each_shop.of_printful("inprocess")
    each_shop.database.execute("UPDATE orders SET customer_name = NULL WHERE id = :id", id=row["id"])
    shadow_run(each_shop)
    session = row["stripe_session_id"]
    assert outcome_of(each_shop, "fill_fields", session)[0] is ShadowOutcome.OPEN
    assert row["customer_name"] not in str(each_shop.database.rows("SELECT * FROM ordersync_shadow"))
    each_shop.database.execute("UPDATE orders SET customer_name = 'Somebody' WHERE id = :id", id=row["id"])
    assert outcome_of(each_shop, "fill_fields", session) == (
        ShadowOutcome.WRONG, "the order has another customer_name",
    )  # fmt: skip
    each_shop.database.execute(
        "UPDATE orders SET customer_name = :name WHERE id = :id", name=row["customer_name"], id=row["id"]
    )
    assert outcome_of(each_shop, "fill_fields", session)[0] is ShadowOutcome.BY_SHOP


def test_what_ordersync_repairs_itself_is_no_merit_of_the_webhook(each_shop: Shop) -> None:
    shadow_run(each_shop)
    each_shop.run()
    assert set(counts(each_shop)) <= {"dropped", "open"}
    assert counts(each_shop)["dropped"] > 0


def test_what_a_later_run_no_longer_plans_is_dropped(each_shop: Shop, outage: World) -> None:
    shadow_run(each_shop)
    session = lost(outage)[-1]
    each_shop.sandbox.replace(outage.with_session({**session, "payment_status": "unpaid"}))
    shadow_run(each_shop)
    assert outcome_of(each_shop, "insert_order", session["id"])[0] is ShadowOutcome.DROPPED
