"""The options of a run in Dagster's Launchpad. No secrets: those come from the environment alone."""

import dagster as dg
from pydantic import Field

from ordersync_dagster.core.planned import PlanReference
from ordersync_dagster.core.window import DEFAULT_DAYS
from ordersync_dagster.sync.order_sync import PrintfulScope

LAUNCHPAD_MAX_DAYS = 365  # the default range of the partitions; `ordersync sync` goes further
NO_LIMIT = -1  # the Launchpad prefills numbers only, not null
PRINTFUL = "Orders to look up at Printful: all, open (those that can still move, and new ones), or none."


class DailyConfig(dg.Config):
    """A run over chosen days, and the options that every run has."""

    # Without `None` a null would stop the run with a traceback and not with our sentence.
    dry_run: bool | None = Field(default=False, description="Show what would change, and write nothing.")
    printful: PrintfulScope | None = Field(default=PrintfulScope.open, description=PRINTFUL)
    max_changes: int | None = Field(
        default=NO_LIMIT, description="Write nothing at all if more rows than this would change; -1 for no limit."
    )
    plan: str | None = Field(
        default="",
        description="From apply_with of a dry run: write exactly what it showed, or nothing if that moved since.",
    )

    @property
    def limit(self) -> int | None:
        """`max_changes`, or None for no limit."""
        return None if self.max_changes == NO_LIMIT else self.max_changes

    @property
    def reference(self) -> PlanReference | None:
        """The plan that is to be carried out; raises ValueError where `plan` names none."""
        return PlanReference.parse(self.plan) if self.plan and self.plan.strip() else None

    def applying(self, plan: PlanReference) -> dict[str, object]:
        """The same options, for the run that writes what this dry run showed."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        plain = {name: value.value if isinstance(value, PrintfulScope) else value for name, value in given.items()}
        return {**plain, "dry_run": False, "plan": str(plan)}

    @property
    def problem(self) -> str | None:
        """One sentence where a value is empty or out of range; Dagster itself does not check ranges."""
        if self.dry_run is None:
            return _sentence("dry_run", "true or false", None)
        if self.printful is None:
            return _sentence("printful", "all, open or none", None)
        if self.limit is not None and self.limit < 0:
            return _sentence("max_changes", f"0 or more, or {NO_LIMIT} for no limit", self.limit)
        return self._problem_with_plan()

    def _problem_with_plan(self) -> str | None:
        try:
            reference = self.reference
        except ValueError:
            return "plan must be copied from apply_with of a dry run, or be empty; nothing was asked or written."
        if reference is not None and self.dry_run:
            return "plan goes with dry_run: false: a dry run makes a new plan; nothing was asked or written."
        return None


class OrderSyncConfig(DailyConfig):
    """A run over the last days."""

    days: int | None = Field(
        default=DEFAULT_DAYS, description=f"Whole UTC days back, and today: 1 to {LAUNCHPAD_MAX_DAYS}."
    )
    printful: PrintfulScope | None = Field(default=PrintfulScope.all, description=PRINTFUL)

    @property
    def problem(self) -> str | None:
        if self.days is not None and 1 <= self.days <= LAUNCHPAD_MAX_DAYS:
            return super().problem
        return _sentence("days", f"a whole number from 1 to {LAUNCHPAD_MAX_DAYS}", self.days)


def _sentence(name: str, limits: str, value: int | None) -> str:
    return f"{name} must be {limits}, not {'null' if value is None else value}; nothing was asked or written."
