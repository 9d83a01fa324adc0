"""Shadow mode: runs write nothing of the shop's, keep what they would have changed, and say what became of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import make_url

from ordersync_dagster.app.history import History
from ordersync_dagster.app.problems import Problems
from ordersync_dagster.app.run import Run
from ordersync_dagster.app.schema import ShopSchema
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.shadow import ShadowState, shadow_state
from ordersync_dagster.core.errors import DatabaseRefusedError, SchemaError, UsageError
from ordersync_dagster.core.money import from_minor
from ordersync_dagster.core.shadow import ShadowOutcome
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.databases import Database, everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched
from ordersync_dagster_tests.support.world import lost

SHOP_TABLES = ("orders", "order_items", "order_events", "audit_logs")


def in_shadow(shop: Shop, **changes: str) -> Settings:
    return settings_for(shop.sandbox, shop.database.url, ORDERSYNC_SHADOW="true", **changes)


def shadow_run(shop: Shop) -> Run:
    run = launched(in_shadow(shop), tools=shop.time.tools())
    for _ in run.parts:
        continue
    shop.time.elapsed += 60
    return run


def state(shop: Shop) -> ShadowState:
    return shadow_state(in_shadow(shop), tools=shop.time.tools())


def counts(shop: Shop) -> dict[str, int]:
    return {outcome: count for outcome, count in state(shop).figures.counts.items() if count}


def outcome_of(shop: Shop, change: str, session_id: str) -> tuple[ShadowOutcome, str]:
    (found,) = [
        each for each in state(shop).records
        if (each.intent.change, each.intent.session_id) == (change, session_id)
    ]  # fmt: skip
    return found.outcome, found.why


def shop_rows(shop: Shop) -> dict[str, Any]:
    rows = everything(shop.database)
    return {name: rows[name] for name in SHOP_TABLES}


def webhook(shop: Shop, session: Mapping[str, Any], **other: Any) -> None:
    """The shop's own order of a session, a day late; `other` columns differ from what the session says."""
    row = {
        "id": f"late-{session['id'][-8:]}", "stripe_session_id": session["id"], "status": "processing",
        "stripe_payment_intent_id": session["payment_intent"],
        "customer_email": session["customer_details"]["email"], "currency": session["currency"],
        "total_amount": str(from_minor(session["amount_total"], session["currency"])), **other,
    }  # fmt: skip
    shop.database.execute(
        f"INSERT INTO orders ({', '.join(row)}, created_at, updated_at) VALUES"
        f" ({', '.join(f'CAST(:{name} AS numeric)' if name == 'total_amount' and shop.database.is_postgres else f':{name}' for name in row)},"  # noqa: E501
        " '2026-11-23 10:00:00', '2026-11-23 10:00:00')",
        **row,
    )


def test_a_run_in_shadow_counts_as_a_dry_run_and_writes_only_our_tables(each_shop: Shop) -> None:
    before, preview = shop_rows(each_shop), each_shop.run(dry_run=True)
    run = shadow_run(each_shop)
    assert shop_rows(each_shop) == before
    assert run.outcome.summary == preview.outcome.summary
    assert run.outcome.changes == preview.outcome.changes
    assert run.outcome.is_dry_run
    assert not any(run.outcome.rows.values())
    (past,) = History(in_shadow(each_shop)).runs(5)
    assert (past.kind, past.state) == ("shadow", "succeeded")
    assert past.summary["shadow_repairs"] == past.summary["shadow_open"] == sum(counts(each_shop).values()) > 0
    assert each_shop.database.count("ordersync_audit") == 0


def test_the_same_drift_is_kept_once_however_many_runs_see_it(each_shop: Shop) -> None:
    shadow_run(each_shop)
    first = counts(each_shop)
    shadow_run(each_shop)
    assert counts(each_shop) == first
    assert set(each_shop.database.column("SELECT runs FROM ordersync_shadow")) == {2}


def test_problems_are_recorded_as_by_any_run(each_shop: Shop) -> None:
    run = shadow_run(each_shop)
    known = Problems(in_shadow(each_shop), each_shop.time.tools()).known()
    assert {each.problem_class for each in known} == {each.problem_class for each in run.outcome.problems}


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


def test_the_engine_of_a_shadow_run_refuses_to_write_the_shop(each_shop: Shop) -> None:
    run = launched(in_shadow(each_shop), tools=each_shop.time.tools())
    before = shop_rows(each_shop)
    for statement in (
        "UPDATE orders SET status = 'x'",
        'DELETE FROM "order_items"',
        "INSERT INTO audit_logs (id) VALUES (1)",
    ):
        with (
            pytest.raises(DatabaseRefusedError, match="ORDERSYNC_SHADOW is set"),
            run.ready.store.transaction() as connection,
        ):
            connection.exec_driver_sql(statement)
    assert shop_rows(each_shop) == before


def test_an_undo_is_refused_and_a_shadow_run_needs_none(each_shop: Shop) -> None:
    written = each_shop.run()
    shadowed = shadow_run(each_shop)
    with pytest.raises(UsageError, match="an undo writes the shop's tables"):
        History(in_shadow(each_shop)).undo(written.outcome.run_id, dry_run=False)
    with pytest.raises(UsageError, match="nothing to undo"):
        History(settings_for(each_shop.sandbox, each_shop.database.url)).undo(shadowed.outcome.run_id, dry_run=False)


def test_purge_and_forget_clear_what_shadow_mode_kept(each_shop: Shop, outage: World) -> None:
    shadow_run(each_shop)
    session, history = lost(outage)[-1], History(in_shadow(each_shop), each_shop.time.tools())
    webhook(each_shop, session)
    email = session["customer_details"]["email"]
    expected = history.forget(email, dry_run=True).counts.shadows
    assert history.forget(email, dry_run=False).counts.shadows == expected > 0
    left = each_shop.database.column("SELECT stripe_session_id FROM ordersync_shadow")
    assert session["id"] not in left
    each_shop.time.elapsed += 3 * 86_400
    assert history.purge(1, dry_run=False).counts.shadows == len(left)
    assert each_shop.database.count("ordersync_shadow") == 0


def test_a_database_without_a_shop_gets_none(sandbox_shop: Shop) -> None:
    with pytest.raises(SchemaError, match="ORDERSYNC_SHADOW makes none"):
        launched(in_shadow(sandbox_shop), tools=sandbox_shop.time.tools())
    assert sandbox_shop.database.is_postgres or not sandbox_shop.database.path.exists()


@pytest.fixture
def sandbox_shop(sandbox: Any, database_url: str, time: Any) -> Shop:
    return Shop(sandbox, Database(database_url), time)


def test_the_role_of_shadow_mode_needs_no_right_to_write_the_shop(postgres_shop: Shop) -> None:
    name = f"shade_{make_url(postgres_shop.database.url).database}"
    postgres_shop.database.execute(f"CREATE ROLE {name} LOGIN")
    try:
        printed = ShopSchema(settings_for(postgres_shop.sandbox, postgres_shop.database.url)).grants(
            name, is_writing=True, is_undoing=False, is_shadow=True
        )
        for grant in printed:
            postgres_shop.database.execute(grant)
        url = make_url(postgres_shop.database.url).set(username=name).render_as_string(hide_password=False)
        shop = Shop(postgres_shop.sandbox, Database(url), postgres_shop.time)
        assert shadow_run(shop).outcome.shadow is not None
        held = postgres_shop.database.column(
            "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = :name AND table_name IN ('orders', 'order_items', 'order_events', 'audit_logs')",
            name=name,
        )
        assert held == ["SELECT"]
    finally:
        postgres_shop.database.script(f"DROP OWNED BY {name};\nDROP ROLE {name};\n")
