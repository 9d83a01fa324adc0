"""Items whose price nobody knows but the session, for a run that could not read all sessions."""

from dataclasses import replace

from ordersync_dagster.core.changes import AddItems, Change
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.text import counted

_SURE = ("retail_price", "stripe_line_item")


def without_guessed_prices(plan: Plan) -> Plan:
    """`plan` without the items that would get no price, or a guessed one: an item is never priced a second time."""
    kept = [replace(each, changes=tuple(filter(_is_sure, each.changes))) for each in plan.updates]
    count = sum(len(each.changes) for each in plan.updates) - sum(len(each.changes) for each in kept)
    if not count:
        return plan
    warning = (
        f"The items of {counted(count, 'order')} were left to the next run: their price is known to Stripe alone, "
        "whose sessions were not all read."
    )
    return replace(plan, updates=tuple(each for each in kept if each.changes), warnings=(*plan.warnings, warning))


def _is_sure(change: Change) -> bool:
    return not isinstance(change, AddItems) or all(item.metadata.get("price_source") in _SURE for item in change.items)
