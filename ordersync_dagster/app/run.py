"""One run, from its start to its outcome, for the command line and for Dagster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.app.wiring import ReadyRun
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.sync.order_sync import Request


@dataclass(frozen=True, slots=True)
class Run:
    """A run under way: going through `parts` carries it out and fills `outcome`."""

    ready: ReadyRun
    outcome: Outcome
    parts: Iterator[Part]

    @property
    def traffic(self) -> Mapping[str, Mapping[str, int]]:
        """Requests, retries and 429s by vendor, until now."""
        return counts_of(self.ready.traffic)


def start_run(
    ready: ReadyRun,
    window: Window,
    *,
    reads_stripe: bool = True,
    limit: int | None = None,
    confirm: Callable[[Sequence[Plan]], None] | None = None,
    keeps_changes: bool = True,
) -> Run:
    """Preview or repair `window`; `limit` and `confirm` as in `OrderSync.repair`."""
    outcome = Outcome(ready.sync.run_id, window, ready.is_dry_run, keeps_changes)
    request = Request(window, ready.scope, reads_stripe)
    sync = ready.sync
    parts = sync.preview(request) if ready.is_dry_run else sync.repair(request, limit=limit, confirm=confirm)
    gathered = map(partial(_gathered, outcome, lambda: ready.stripe.period(window)), parts)
    return Run(ready, outcome, ready.metrics.of_parts(gathered, outcome, lambda: counts_of(ready.traffic)))


def counts_of(traffic: Mapping[str, Traffic]) -> Mapping[str, Mapping[str, int]]:
    """Requests, retries and 429s by vendor, until now."""
    return {vendor: dict(each.counts) for vendor, each in traffic.items()}


def _gathered(outcome: Outcome, period: Callable[[], Window], part: Part) -> Part:
    outcome.window = period()
    outcome.add(part)
    return part
