"""One run, from settings to outcome: what the command line and Dagster both do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Shop, Tools, open_for_preview, open_for_repair
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.sync.order_sync import PrintfulScope, Request


@dataclass(frozen=True, slots=True)
class Launch:
    """A run that is ready to go: going through `parts` carries it out and fills `outcome`."""

    shop: Shop
    outcome: Outcome
    parts: Iterator[Part]

    @property
    def traffic(self) -> Mapping[str, Mapping[str, int]]:
        """Requests, retries and 429s by vendor, so far."""
        return {vendor: dict(traffic.counts) for vendor, traffic in self.shop.traffic.items()}


def launch(
    settings: Settings,
    window_at: Callable[[datetime], Window],
    printful: PrintfulScope,
    *,
    reads_stripe: bool = True,
    dry_run: bool,
    limit: int | None = None,
    confirm: Callable[[Shop], Callable[[Sequence[Plan]], None] | None] = lambda shop: None,
    tools: Tools = Tools(),
    keeps_changes: bool = True,
) -> Launch:
    """Open the shop for a preview or a repair of the window that `window_at` gives for now.

    Raises UsageError before any request where settings or window cannot be.
    """
    window = window_at(tools.clock())
    shop = (open_for_preview if dry_run else open_for_repair)(settings, printful, tools)
    outcome = Outcome(shop.sync.run_id, window, dry_run, keeps_changes)
    request = Request(window, printful, reads_stripe)
    parts = shop.sync.preview(request) if dry_run else shop.sync.repair(request, limit=limit, confirm=confirm(shop))
    return Launch(shop, outcome, map(partial(_gathered, outcome), parts))


def _gathered(outcome: Outcome, part: Part) -> Part:
    outcome.add(part)
    return part
