"""Tells monitoring about each writing run, also one that failed: after the command, the CronJob and Dagster alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ordersync_dagster import __version__
from ordersync_dagster.adapters.database.journal import runs
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.metrics.sinks import SHOP, MetricsFile, PushGateway
from ordersync_dagster.app.records import known_problems
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.errors import LockHeldError, OrderSyncError
from ordersync_dagster.core.metrics import EndedRun, Metric, Records, RunState, metrics_of
from ordersync_dagster.core.part import Part

if TYPE_CHECKING:
    from ordersync_dagster.report.outcome import Outcome


class MetricsSink(Protocol):
    """Where metrics go; `name` holds no secret."""

    name: str

    def publish(self, metrics: Sequence[Metric]) -> None: ...


def metrics_sinks(settings: Settings) -> list[MetricsSink]:
    """The sinks of the settings; mostly none."""
    labels = {SHOP: settings.ordersync_metrics_shop} if settings.ordersync_metrics_shop else {}
    found: list[MetricsSink] = []
    if settings.ordersync_metrics_file:
        found.append(MetricsFile(settings.ordersync_metrics_file, labels))
    if settings.metrics_pushgateway:
        found.append(PushGateway(settings.metrics_pushgateway, labels, settings.ordersync_ca_bundle))
    return found


class RunMetrics:
    """The metrics of one run. `store` is None until the database is open."""

    def __init__(self, sinks: Sequence[MetricsSink], clock: Callable[[], datetime]) -> None:
        self._sinks, self._clock = sinks, clock
        self.store: DatabaseStore | None = None

    @contextmanager
    def of_opening(self) -> Iterator[None]:
        """A run that stops before it begins is a failed run."""
        try:
            yield
        except OrderSyncError:
            self._publish(EndedRun(RunState.FAILED, self._clock(), __version__))
            raise

    def of_parts(
        self, parts: Iterator[Part], outcome: "Outcome", traffic: Callable[[], Mapping[str, Mapping[str, int]]]
    ) -> Iterator[Part]:
        """`parts`; when they end, or an error ends them, the metrics are published."""
        state = RunState.FAILED
        try:
            yield from parts
            state = RunState.WITH_ERRORS if outcome.summary.errors else RunState.SUCCEEDED
        except LockHeldError:  # another run is at work, and it will tell
            self._sinks = ()
            raise
        finally:
            run = EndedRun(state, self._clock(), __version__, outcome.seconds, outcome.summary, traffic())
            outcome.plan_warnings.extend(self._publish(run))

    def _publish(self, run: EndedRun) -> list[str]:
        """A sentence for each sink that did not take the metrics: that fails no run."""
        if not self._sinks:
            return []
        metrics, refused = metrics_of(run, self._records()), []
        for sink in self._sinks:
            try:
                sink.publish(metrics)
            except Exception as error:  # noqa: BLE001  # a sink that is down must not fail a run, whatever it raises
                refused.append(f"The metrics were not written to {sink.name} ({_why(error)}). The run is not affected.")
        return refused

    def _records(self) -> Records | None:
        """The records in the database; None where it does not answer."""
        store = self.store
        if store is None or not store.tables.has_own_tables:
            return None
        try:
            return Records(store.read(runs.last_success), known_problems(store))
        except OrderSyncError:
            return None


def _why(error: Exception) -> str:
    """The reason without any address or header."""
    reason = getattr(error, "strerror", None) or getattr(error, "reason", None)
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)
