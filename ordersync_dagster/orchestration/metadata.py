"""Metadata of the events in Dagster: figures, a report, tables, a chart, links. No names, no addresses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from ordersync_dagster.core.proof import DayProof
from ordersync_dagster.core.summary import Summary
from ordersync_dagster.orchestration.names import ShopNames
from ordersync_dagster.report.charts import as_markdown_image, gap_chart
from ordersync_dagster.report.links import PRINTFUL_DASHBOARD, payments_link
from ordersync_dagster.report.markdown import markdown_report
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.report.proof_text import proof_sentence
from ordersync_dagster.report.tables import CHANGE_COLUMNS, PROBLEM_COLUMNS, change_table_rows, problem_table_rows

Metadata = Mapping[str, Any]
NOT_LOOKED_AT: Metadata = {"looked_at": False, "why": "The run was launched with printful: none."}
TABLE_ROWS = 200  # a table is one row of Dagster's event log; --json has all


def day_sessions(figures: Summary) -> Metadata:
    """One day of `stripe_sessions`."""
    skipped = {name: count for name, count in figures.as_dict().items() if name.startswith("skipped_")}
    return {"dagster/row_count": figures.stripe_sessions_checked, "checked": figures.stripe_sessions_checked, **skipped}


def day_orders(figures: Summary, proof: DayProof) -> Metadata:
    """One day of `orders`, with its proof: number, sum and hash of ids on both sides (docs/proof.md)."""
    return {
        **_proof(proof),
        "added": figures.stripe_sessions_added,
        "completed": figures.orders_completed,
        "already_there": figures.skipped_order_exists,
        "errors": figures.errors,
    }


def _proof(proof: DayProof) -> Metadata:
    facts: dict[str, Any] = {"proof": proof_sentence(proof)}
    for name, side in (("stripe", proof.stripe), ("shop", proof.shop)):
        facts[f"{name}_paid"] = side.count
        facts |= {f"{name}_{currency}_minor": amount for currency, amount in side.sums.items()}
        facts[f"{name}_ids_sha256"] = side.ids_sha256
    return facts


def printful_orders(figures: Summary) -> Metadata:
    """The Printful orders that were looked up."""
    return {"checked": figures.printful_orders_checked, "updated": figures.printful_orders_updated}


def order_items(figures: Summary) -> Metadata:
    """The items that were missing."""
    return {"added": figures.printful_items_added}


def summary(
    outcome: Outcome,
    *,
    is_live: bool,
    traffic: Mapping[str, Mapping[str, int]],
    job: dg.MetadataValue[Any] | None,
    apply_with: Mapping[str, object] | None = None,
    in_words: Callable[[str], str] = str,
) -> Metadata:
    """The whole run. A dry run's figures are called `preview_*`, so that they stay out of the plots of real runs.

    `job` is a link to the job that people launch, `apply_with` the configuration of the run that writes what a dry run
    showed. Sentences are `in_words` of the shop.
    """
    prefix = "preview_" if outcome.is_dry_run else ""
    figures = {f"{prefix}{name}": count for name, count in outcome.summary.as_dict().items()}
    return {
        "report": dg.MetadataValue.md(in_words(markdown_report(outcome))),
        "chart": dg.MetadataValue.md(as_markdown_image(gap_chart(outcome), "paid sessions and orders by day")),
        **({"apply_with": dg.MetadataValue.json(apply_with)} if apply_with else {}),
        **figures,
        **(outcome.shadow.by_name if outcome.shadow else {}),
        "stripe": dg.MetadataValue.url(payments_link(is_live=is_live)),
        "printful": dg.MetadataValue.url(PRINTFUL_DASHBOARD),
        **({"job": job} if job else {}),
        f"{prefix}seconds": round(outcome.seconds, 3),
        f"{prefix}requests": sum(counts.get("requests", 0) for counts in traffic.values()),
        "ordersync_run": outcome.run_id,
        "changes": table_value(CHANGE_COLUMNS, change_table_rows(outcome, TABLE_ROWS)),
        "problems": table_value(
            PROBLEM_COLUMNS, [[*map(in_words, row)] for row in problem_table_rows(outcome, TABLE_ROWS)]
        ),
    }


def job_link(names: ShopNames, run: dg.DagsterRun) -> dg.MetadataValue[Any] | None:
    """A link to the job `order_sync` of a shop; None where the run knows no code location."""
    origin = run.remote_job_origin
    return dg.MetadataValue.job(names.of("order_sync"), location_name=origin.location_name) if origin else None


def table_value(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dg.MetadataValue[Any]:
    """Rows of text as a table."""
    records = [dg.TableRecord(dict(zip(columns, row, strict=True))) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=[dg.TableColumn(name) for name in columns]))
