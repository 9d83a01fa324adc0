"""Tells a Dagster instance about days that the command line repaired, so that its pages stay true."""

from collections.abc import Iterator

import dagster as dg

from ordersync_dagster.orchestration import metadata
from ordersync_dagster.orchestration.partitions import daily
from ordersync_dagster.report.outcome import Outcome


def report(outcome: Outcome, *, looked_at_printful: bool) -> int:
    """Log the finished days of `outcome` to the instance of DAGSTER_HOME; returns how many turned green."""
    with dg.DagsterInstance.get() as instance:
        count = 0
        for event in _events(outcome, looked_at_printful=looked_at_printful):
            instance.report_runless_asset_event(event)
            count += event.asset_key == dg.AssetKey("orders")
        return count


def _events(outcome: Outcome, *, looked_at_printful: bool) -> Iterator[dg.AssetMaterialization]:
    keys = set(daily.get_partition_keys())
    for day in outcome.window.whole_days:
        figures = outcome.days.get(day)
        if figures is not None and not figures.errors and str(day) in keys:
            facts = (("stripe_sessions", metadata.day_sessions(figures)), ("orders", metadata.day_orders(figures)))
            for name, values in facts:
                yield dg.AssetMaterialization(name, partition=str(day), metadata=dict(values))
    if looked_at_printful and outcome.is_printful_done:
        yield dg.AssetMaterialization("printful_orders", metadata=dict(metadata.printful_orders(outcome.summary)))
        yield dg.AssetMaterialization("order_items", metadata=dict(metadata.order_items(outcome.summary)))
