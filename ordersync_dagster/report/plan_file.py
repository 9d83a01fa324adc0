"""The plan of a dry run as a file, so that a run can apply exactly what was shown: ids and digests, no names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ordersync_dagster import __version__
from ordersync_dagster.core.errors import SavedFileError
from ordersync_dagster.core.planned import PlannedChange
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.report.saved_file import sealed, unsealed

PLAN_KIND = "ordersync plan"
PLAN_VERSION = 1  # changes whenever a field or the content of a digest does


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it was saved, for the database and the mode that it names."""

    made_at: datetime
    database: str
    is_live: bool
    window: Window
    printful: str
    changes: tuple[PlannedChange, ...]

    @property
    def mode(self) -> str:
        """Stripe's mode, as people call it."""
        return mode_name(is_live=self.is_live)


def mode_name(*, is_live: bool) -> str:
    return "live" if is_live else "test"


def plan_text(outcome: Outcome, made_at: datetime, database: str, printful: str, *, is_live: bool) -> str:
    """The file of a dry run that kept its plan."""
    window = {"start": outcome.window.start.isoformat(), "end": outcome.window.end.isoformat()}
    facts: dict[str, Any] = {
        "made_at": made_at.isoformat(),
        "database": database,
        "stripe_mode": mode_name(is_live=is_live),
        "window": window,
        "printful": printful,
        "summary": outcome.summary.as_dict(),
        "changes": [
            {
                "digest": each.change.digest,
                "change": "insert_order" if each.change.is_insert else "update_order",
                "order_id": each.change.order_id,
                "stripe_session_id": each.change.session_id,
                "fields": [{name: row[name] for name in ("field", "before", "after", "why")} for row in each.rows],
            }
            for each in outcome.planned
        ],
    }
    return sealed(PLAN_KIND, PLAN_VERSION, facts)


def read_plan(path: Path) -> SavedPlan:
    """Raises SavedFileError where the file is no plan of this release, or was edited."""
    document = unsealed(path, PLAN_KIND, PLAN_VERSION)
    if document.get("version") != __version__:
        made_by = str(document.get("version"))[:20]
        raise SavedFileError(f"{path} was made by ordersync {made_by}, and this is {__version__}: make a new dry run")
    try:
        window = Window(*(datetime.fromisoformat(document["window"][name]) for name in ("start", "end")))
        return SavedPlan(
            datetime.fromisoformat(document["made_at"]),
            str(document["database"]),
            document["stripe_mode"] == "live",
            window,
            str(document["printful"]),
            _changes(document["changes"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SavedFileError(f"{path} is damaged: something of it is missing. Make a new dry run.") from None


def _changes(rows: Sequence[dict[str, Any]]) -> tuple[PlannedChange, ...]:
    return tuple(
        PlannedChange(
            str(row["digest"]),
            str(row["order_id"]),
            str(row["stripe_session_id"]),
            is_insert=row["change"] == "insert_order",
        )
        for row in rows
    )
