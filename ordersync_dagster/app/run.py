"""One run, from its start to its outcome, for the command line and for Dagster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ordersync_dagster.adapters.http.client import Traffic
from ordersync_dagster.app.shadow import current_records
from ordersync_dagster.app.wiring import ReadyRun
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.planned import PlannedChange
from ordersync_dagster.core.shadow import ShadowFigures
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
    keeps_plan: bool = False,
    planned: Sequence[PlannedChange] | None = None,
    expected: str | None = None,
) -> Run:
    """Preview or repair `window`; `limit`, `confirm` and `expected` as in `OrderSync.repair`.

    `planned` are the changes of a saved plan: nothing else is done. `keeps_plan` lets the outcome keep such changes.
    """
    is_dry_run = ready.is_dry_run or ready.is_shadow
    outcome = Outcome(ready.sync.run_id, window, is_dry_run, keeps_changes, keeps_plan, is_shadow=ready.is_shadow)
    request = Request(window, ready.scope, reads_stripe, planned=planned)
    sync = ready.sync
    if ready.is_dry_run:
        parts = sync.preview(request)
    else:
        parts = sync.repair(request, limit=limit, confirm=confirm, expected=expected)
    gathered = map(partial(_gathered, outcome, lambda: ready.stripe.period(window)), parts)
    whole = _in_shadow(ready, outcome, gathered) if ready.is_shadow else gathered
    return Run(ready, outcome, ready.metrics.of_parts(whole, outcome, lambda: counts_of(ready.traffic)))


def counts_of(traffic: Mapping[str, Traffic]) -> Mapping[str, Mapping[str, int]]:
    """Requests, retries and 429s by vendor, until now."""
    return {vendor: dict(each.counts) for vendor, each in traffic.items()}


def _in_shadow(ready: ReadyRun, outcome: Outcome, parts: Iterator[Part]) -> Iterator[Part]:
    """The same parts; at the end the figures of shadow mode are known."""
    yield from parts
    outcome.shadow = ShadowFigures.of(current_records(ready.store))


def _gathered(outcome: Outcome, period: Callable[[], Window], part: Part) -> Part:
    outcome.window = period()
    outcome.add(part)
    return part
