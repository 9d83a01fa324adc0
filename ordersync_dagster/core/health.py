"""How the runs of a shop went lately: which one succeeded last, and which ones failed since."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ordersync_dagster.core.history import PastRun


@dataclass(frozen=True, slots=True)
class RunHealth:
    """The runs of `ordersync sync` and of Dagster that wrote, or looked in shadow mode; no undo, purge or forget."""

    first: PastRun | None = None
    last: PastRun | None = None
    succeeded: PastRun | None = None  # the last that did
    first_failed: PastRun | None = None  # since `succeeded`
    last_failed: PastRun | None = None  # also before `succeeded`
    failures: int = 0  # since `succeeded`

    @property
    def run_ids(self) -> frozenset[str]:
        """Every run that is named here."""
        named = (self.first, self.last, self.succeeded, self.first_failed, self.last_failed)
        return frozenset(run.id for run in named if run)

    @property
    def is_failing(self) -> bool:
        """Whether a run failed and none succeeded since."""
        return self.first_failed is not None

    @property
    def quiet_since(self) -> datetime | None:
        """When the last successful run ended; the start of the first run where none succeeded."""
        if self.succeeded:
            return self.succeeded.ended_at or self.succeeded.started_at
        return self.first.started_at if self.first else None

    def not_looked(self, *, is_recorded: bool) -> str:
        """The sentence for a shop at which no run has looked; "" where one has.

        `is_recorded` is False where only a release before recorded its runs, and no problems.
        """
        if self.last is not None and is_recorded:
            return ""
        run = "No run has looked" if self.last is None else "No run of this release has looked"
        return f"{run} at this shop yet: run `ordersync sync --dry-run`, then `ordersync sync`."

    def is_silent(self, now: datetime, hours: int) -> bool:
        """Whether no run succeeded for more than `hours`, or none was ever made."""
        since = self.quiet_since
        return since is None or now - since > timedelta(hours=hours)
