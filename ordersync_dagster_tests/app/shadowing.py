"""Runs in shadow mode, and the webhook that does the same later."""

from collections.abc import Mapping
from typing import Any

from ordersync_dagster.app.run import Run
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.shadow import ShadowState, shadow_state
from ordersync_dagster.core.money import from_minor
from ordersync_dagster.core.shadow import ShadowOutcome
from ordersync_dagster_tests.support.databases import everything
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, launched

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
