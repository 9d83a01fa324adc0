"""The one JSON document that `--json` prints."""

import json
from collections.abc import Mapping, Sequence

from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.report.rows import problem_document

DOCUMENT_VERSION = 1  # changes only when a field's meaning does


def json_document(
    outcome: Outcome,
    traffic: Mapping[str, Mapping[str, int]],
    warnings: Sequence[str] = (),
    error: str | None = None,
) -> str:
    """`outcome` as JSON; `run.error` is the sentence that stopped the run, or null."""
    document = {
        "schema_version": DOCUMENT_VERSION,
        "run_id": outcome.run_id,
        "dry_run": outcome.is_dry_run,
        "window": {"start": outcome.window.start.isoformat(), "end": outcome.window.end.isoformat()},
        "summary": outcome.summary.as_dict(),
        "changes": outcome.changes,
        "problems": [problem_document(problem) for problem in outcome.problems],
        "warnings": list(warnings),
        **({"shadow": outcome.shadow.by_name if outcome.shadow else None} if outcome.is_shadow else {}),
        "run": {**outcome.run_figures(traffic), "error": error},
    }
    return json.dumps(document, ensure_ascii=True, indent=2)
