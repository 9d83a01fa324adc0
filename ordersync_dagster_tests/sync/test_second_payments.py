"""A second payment for one purchase is found in the shop's rows too, whatever days a run reads, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.sandbox import World, dispute, refund
from ordersync_dagster_tests.support.outcomes import of_class
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.sync.second_payments import midnight, of_day, paid

LEFT = "cs_test_left"  # a session that the customer opened and left


@pytest.mark.parametrize("is_other_customer", [False, True])
@pytest.mark.parametrize("is_newer_first", [False, True])
def test_a_second_payment_of_a_reference_gets_its_own_order_in_a_later_run(
    each_shop: Shop, outage: World, is_newer_first: bool, is_other_customer: bool
) -> None:
    at = midnight(each_shop)
    row = next(row for row in each_shop.database.rows("SELECT * FROM orders") if row["status"] == "delivered")
    reference = {"client_reference_id": row["id"]}
    first = paid(each_shop, outage, at - timedelta(hours=20), "first", **reference)
    email = first["customer_details"]["email"]
    payer = {
        "customer_details": {
            **first["customer_details"],
            "email": "partner@example.com" if is_other_customer else email,
        }
    }
    second = paid(each_shop, outage, at + timedelta(hours=20), "second", **reference, **payer)
    each_shop.database.execute(
        "UPDATE orders SET stripe_session_id = :left, stripe_payment_intent_id = 'pi_tried', status = 'pending', "
        "total_amount = :total, currency = :currency, printful_order_id = NULL, customer_email = :email WHERE id = :id",
        left=LEFT,
        email=email if is_other_customer else row["customer_email"],
        total=first["amount_total"] / 100,
        currency=first["currency"],
        id=row["id"],
    )
    days = [at, at - timedelta(days=1)] if is_newer_first else [at - timedelta(days=1), at]
    runs = [of_day(each_shop, day) for day in days]
    told = [ids for run in runs for ids in of_class(run, "double_payment")]
    assert {ids["stripe_session_ids"] for ids in told} == {", ".join(sorted((first["id"], second["id"])))}
    assert each_shop.order(second["id"])["id"] != row["id"]
    assert each_shop.database.column("SELECT id FROM orders WHERE stripe_session_id = :id", id=first["id"]) == []
    (status,) = each_shop.database.column("SELECT status FROM orders WHERE id = :id", id=row["id"])
    assert status == "processing"
    again = [of_day(each_shop, day) for day in days]
    assert [run.outcome.rows for run in again] == [dict.fromkeys(run.outcome.rows, 0) for run in again]


def test_an_order_whose_own_session_is_paid_too_keeps_it(each_shop: Shop, outage: World) -> None:
    at = midnight(each_shop)
    row = next(row for row in each_shop.database.rows("SELECT * FROM orders") if row["status"] == "delivered")
    own = paid(each_shop, outage, at + timedelta(hours=3), "own")
    first, second = (
        paid(each_shop, outage, at + timedelta(hours=hours), name, client_reference_id=row["id"])
        for hours, name in ((1, "first"), (2, "second"))
    )
    each_shop.database.execute(
        "UPDATE orders SET stripe_session_id = :own, stripe_payment_intent_id = NULL, total_amount = :total, "
        "currency = :currency, customer_email = :email WHERE id = :id",
        own=own["id"],
        total=own["amount_total"] / 100,
        currency=own["currency"],
        email=own["customer_details"]["email"],
        id=row["id"],
    )
    run = of_day(each_shop, at)
    assert len({row["id"], *(each_shop.order(each["id"])["id"] for each in (first, second))}) == 3
    assert "superseded_session" not in {str(problem.problem_class) for problem in run.outcome.problems}


def leave(shop: Shop, row: dict[str, Any], session: dict[str, Any], **values: Any) -> None:
    """The row becomes an order that fits `session` and names one that was left."""
    columns = {
        "stripe_session_id": LEFT,
        "stripe_payment_intent_id": None,
        "status": "pending",
        "printful_order_id": None,
        "total_amount": session["amount_total"] / 100,
        "currency": session["currency"],
        "customer_email": session["customer_details"]["email"],
        **values,
    }
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    shop.database.execute(f"UPDATE orders SET {assignments} WHERE id = :id", id=row["id"], **columns)


def delivered(shop: Shop) -> dict[str, Any]:
    return next(row for row in shop.database.rows("SELECT * FROM orders") if row["status"] == "delivered")


def test_a_second_payment_is_told_by_every_run_and_neither_order_is_said_to_wait(shop: Shop, outage: World) -> None:
    row, at = delivered(shop), midnight(shop)
    first, second = (
        paid(shop, outage, at + timedelta(hours=hours), name, client_reference_id=row["id"])
        for hours, name in ((-20, "first"), (20, "second"))
    )
    leave(shop, row, first)
    for dry_run in (True, False, False):
        run = shop.run(dry_run=dry_run)
        (ids,) = of_class(run, "double_payment")
        assert ids["stripe_session_ids"] == ", ".join(sorted((first["id"], second["id"])))
        assert not {each["order_id"] for each in of_class(run, "unfulfilled")} & set(ids["order_ids"].split(", "))


@pytest.mark.parametrize("is_disputed", [False, True])
def test_a_payment_that_went_back_before_the_period_does_not_pay_the_order(
    shop: Shop, outage: World, is_disputed: bool
) -> None:
    row, at = delivered(shop), midnight(shop)
    reference = {"client_reference_id": row["id"]}
    old = paid(shop, outage, at - timedelta(days=60), "old", **reference)
    new = paid(shop, outage, at, "new", **reference)
    leave(shop, row, new)
    about = {"payment_intent": old["payment_intent"], "amount": old["amount_total"], "currency": old["currency"]}
    went_back = {**about, "created": old["created"] + 60}
    if is_disputed:
        shop.sandbox.put_dispute(dispute(status="lost", **went_back))
    else:
        shop.sandbox.put_refund(refund(**went_back))
    for run in (shop.run(dry_run=True), shop.run(), shop.run()):
        assert of_class(run, "double_payment") == []
        assert new["id"] in {each["stripe_session_id"] for each in of_class(run, "superseded_session")}
    (now,) = shop.database.rows("SELECT * FROM orders WHERE id = :id", id=row["id"])
    assert (now["status"], now["stripe_payment_intent_id"]) == ("processing", new["payment_intent"])


@pytest.mark.parametrize("is_disputed", [False, True])
def test_a_payment_under_another_session_that_goes_back_after_the_period_is_seen(
    each_shop: Shop, outage: World, is_disputed: bool
) -> None:
    row = each_shop.of_printful("inprocess")
    session = paid(each_shop, outage, midnight(each_shop) - timedelta(days=60), "old")
    held = {"status": "processing", "printful_order_id": row["printful_order_id"]}
    leave(each_shop, row, session, stripe_payment_intent_id=session["payment_intent"], **held)
    about = {"payment_intent": session["payment_intent"], "currency": session["currency"]}
    went_back = {**about, "amount": session["amount_total"], "created": int(midnight(each_shop).timestamp())}
    if is_disputed:
        each_shop.sandbox.put_dispute(dispute(**went_back))
    else:
        each_shop.sandbox.put_refund(refund(**went_back))
    told = "disputed_but_shipping" if is_disputed else "refunded_but_shipping"
    for run in (each_shop.run(dry_run=True), each_shop.run(), each_shop.run()):
        assert [ids["order_id"] for ids in of_class(run, told)] == [row["id"]]
        assert of_class(run, "superseded_session") == []
    (status,) = each_shop.database.column("SELECT status FROM orders WHERE id = :id", id=row["id"])
    assert status == ("processing" if is_disputed else "refunded")
