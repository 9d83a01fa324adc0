"""The proof of a day against what the pretend shop holds, computed by another way; and what changed since."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.app.proofs import Proofs, Proved
from ordersync_dagster.core.errors import SavedFileError
from ordersync_dagster.core.proof import DayProof, DayState
from ordersync_dagster.core.window import Window, day_of
from ordersync_dagster.report.proof_file import proof_file_text, read_proof
from ordersync_dagster.report.proof_text import proofs_text
from ordersync_dagster.sandbox import World, refund
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import in_window, lost, lost_ids

TODAY = NOW.date()
FIRST = TODAY - timedelta(days=29)


def proofs(shop: Shop) -> Proofs:
    return Proofs(settings_for(shop.sandbox, shop.database.url), shop.time.tools())


def proved(shop: Shop, first: date = FIRST, last: date = TODAY - timedelta(days=1)) -> Proved:
    return proofs(shop).prove(Window.between(first, last, NOW))


def by_day(made: Proved) -> dict[date, DayProof]:
    return {each.day: each for each in made.proof.days}


def checked(shop: Shop, before: Proved, folder: Path, *, is_moved: bool = False) -> Proved:
    """The check of a proof that was kept in a file."""
    path = folder / "proof.json"
    path.write_text(proof_file_text(before.proof))
    return proofs(shop).check(read_proof(path), path, is_moved=is_moved)


def paid_by_day(world: World) -> Iterator[tuple[date, list[dict[str, Any]]]]:
    """The paid sessions of the days that are over, as the world has them."""
    for back in range(1, 30):
        day = TODAY - timedelta(days=back)
        yield (
            day,
            [
                each
                for each in in_window(world)
                if each["payment_status"] == "paid" and each["amount_total"] and day_of(each["created"]) == day
            ],
        )


def test_both_sides_are_those_of_the_world_and_days_with_lost_webhooks_do_not_hold(
    each_shop: Shop, outage: World
) -> None:
    found, missing = by_day(proved(each_shop)), set(lost_ids(outage))
    for day, sessions in paid_by_day(outage):
        sums = Counter[str]()
        for each in sessions:
            sums[each["currency"]] += each["amount_total"]
        ids = sorted(each["id"] for each in sessions)
        proof = found[day]
        assert (proof.stripe.count, proof.stripe.sums) == (len(sessions), dict(sums))
        assert proof.stripe.ids_sha256 == hashlib.sha256("".join(f"{each}\n" for each in ids).encode()).hexdigest()
        assert proof.is_proved is missing.isdisjoint(ids)
        assert proof.shop.count == len(set(ids) - missing)
        assert (proof.shop == proof.stripe) is proof.is_proved
    assert {name for each in found.values() for name in missing if name in " ".join(each.faults)} == missing


def test_after_the_repair_every_day_holds_and_the_proof_wrote_nothing(each_shop: Shop) -> None:
    each_shop.run()
    before = everything(each_shop.database)
    made = proved(each_shop)
    assert made.holds
    assert everything(each_shop.database) == before


def test_a_run_has_the_proof_that_is_made_afterwards(each_shop: Shop) -> None:
    run = each_shop.run()
    for day, proof in by_day(proved(each_shop)).items():
        known = run.outcome.proofs[day]
        assert (known.state, known.stripe, known.shop) == (proof.state, proof.stripe, proof.shop)


def test_an_order_that_a_webhook_inserted_meanwhile_is_proved_as_it_is(each_shop: Shop, outage: World) -> None:
    session = lost(outage)[0]
    insert = (
        "INSERT INTO orders (id, stripe_session_id, status, customer_email, total_amount, currency) VALUES"
        " ('theirs', :session, 'processing', 'kim@example.com', '1.00', 'usd')"
    )
    run = each_shop.run(meanwhile=lambda: each_shop.database.execute(insert, session=session["id"]))
    proof = run.outcome.proofs[day_of(session["created"])]
    assert proof.state is DayState.DOES_NOT_HOLD
    assert "Order theirs says USD 1.00" in " ".join(proof.faults)


def test_a_day_that_is_not_over_is_not_proved_nor_one_with_sessions_too_recent(shop: Shop, outage: World) -> None:
    assert by_day(proved(shop, TODAY, TODAY))[TODAY].state is DayState.NOT_OVER
    session = {**lost(outage)[0], "id": "cs_test_night", "payment_intent": "pi_night"}
    midnight = NOW.replace(hour=0, minute=0)
    shop.sandbox.put_session({**session, "created": int(midnight.timestamp()) - 300})
    shop.time.now = midnight + timedelta(minutes=5)
    yesterday = TODAY - timedelta(days=1)
    made = proofs(shop).prove(Window.between(yesterday, yesterday, shop.time.now))
    assert [each.state for each in made.proof.days] == [DayState.TOO_RECENT]
    assert not made.holds


def test_what_was_refunded_since_is_told_and_breaks_nothing(each_shop: Shop, outage: World, tmp_path: Path) -> None:
    each_shop.run()
    before = proved(each_shop)
    session = next(each for each in paid_by_day(outage) if each[1])[1][0]
    day = day_of(session["created"])
    then = by_day(before)[day].refunded or {}
    each_shop.sandbox.put_refund(
        refund(
            payment_intent=session["payment_intent"],
            amount=100,
            currency=session["currency"],
            created=int(NOW.timestamp()),
        )
    )
    now = checked(each_shop, before, tmp_path)
    assert now.holds
    assert (by_day(now)[day].refunded or {})[session["currency"]] == then.get(session["currency"], 0) + 100
    text = proofs_text(now.proof.days, now.changes, now.refunded)
    assert text.count(" when the proof was made)") == 1
    assert "days hold. Nothing changed since the proof, but refunds of 1 day." in text
    again = checked(each_shop, now, tmp_path)
    assert "when the proof was made" not in proofs_text(again.proof.days, again.changes, again.refunded)


def test_what_came_went_and_changed_is_named_by_its_side(each_shop: Shop, outage: World, tmp_path: Path) -> None:
    each_shop.run()
    before = proved(each_shop)
    assert checked(each_shop, before, tmp_path).holds
    first, second = [order.order_id for day in before.proof.days for each in day.entries for order in each.orders][:2]
    for table in ("order_items", "order_events"):
        each_shop.database.execute(f"DELETE FROM {table} WHERE order_id = :id", id=first)
    each_shop.database.execute("DELETE FROM orders WHERE id = :id", id=first)
    each_shop.database.execute("UPDATE orders SET total_amount = '0.01' WHERE id = :id", id=second)
    later = {**lost(outage)[0], "id": "cs_test_settled", "payment_intent": "pi_settled"}
    each_shop.sandbox.put_session(later)
    now = checked(each_shop, before, tmp_path)
    assert {(each.side, each.what, each.id) for each in now.changes or ()} == {
        ("shop", "went", first),
        ("shop", "changed", second),
        ("stripe", "came", later["id"]),
    }
    assert not now.holds


def test_a_second_order_of_one_payment_does_not_hold(each_shop: Shop, outage: World) -> None:
    each_shop.run()
    session = next(each for each in paid_by_day(outage) if each[1])[1][0]
    each_shop.database.execute(
        "INSERT INTO orders (id, stripe_session_id, stripe_payment_intent_id, status, customer_email, total_amount,"
        " currency) VALUES ('twin', 'cs_test_abandoned', :intent, 'processing', 'kim@example.com', '1.00', 'usd')",
        intent=session["payment_intent"],
    )
    proof = by_day(proved(each_shop))[day_of(session["created"])]
    assert f"Session {session['id']} has 2 orders" in " ".join(proof.faults)
    assert proof.shop.count == proof.stripe.count + 1


def test_a_proof_of_another_shop_is_refused_unless_its_database_moved(shop: Shop, tmp_path: Path) -> None:
    before = proved(shop)
    copy = tmp_path / "copy.db"
    copy.write_bytes(shop.database.path.read_bytes())
    elsewhere = Shop(shop.sandbox, type(shop.database)(f"sqlite:///{copy}"), shop.time)
    with pytest.raises(SavedFileError, match="add --moved"):
        checked(elsewhere, before, tmp_path)
    assert checked(elsewhere, before, tmp_path, is_moved=True).changes == []
