"""The report for scripts: one JSON document."""

import json
from collections import defaultdict
from dataclasses import asdict
from typing import Any

from ordersync_dagster.core.money import amount_text
from ordersync_dagster.report.drift.reconciled import Difference
from ordersync_dagster.report.drift.report import DriftReport, ReportedProblem
from ordersync_dagster.report.drift.verdict import verdict_of
from ordersync_dagster.report.history import run_document
from ordersync_dagster.report.rows import problem_document
from ordersync_dagster.report.webhooks import health_document

REPORT_VERSION = 1  # changes only when a field's meaning does


def drift_json(report: DriftReport) -> str:
    """All figures of the report; amounts are whole minor units, and text for people."""
    return json.dumps(drift_document(report), ensure_ascii=True, indent=2)


def drift_document(report: DriftReport) -> dict[str, Any]:
    """The same as a dict."""
    verdict, compared = verdict_of(report), report.reconciliation
    return {
        "schema_version": REPORT_VERSION,
        "made_at": report.made_at.isoformat(),
        "window": {"start": report.window.start.isoformat(), "end": report.window.end.isoformat()},
        "live": report.is_live,
        "complete": report.stopped_by is None,
        "error": report.stopped_by,
        "verdict": {"level": str(verdict.level), "sentence": verdict.sentence},
        "figures": figures_of(report),
        "money": _money(report),
        "disagreements": [each._asdict() for each in compared.disagreements],
        "problems": [_problem(each) for each in report.problems],
        "waiting": [each.problem.ids.get("order_id") for each in report.waiting],
        "days": [each._asdict() for each in compared.spans],
        "webhook": health_document(report.health) if report.health else None,
        "runs": [run_document(run) for run in report.runs],
        "repairs": [asdict(each) for each in report.repairs],
        "summary": report.summary.as_dict(),
        "warnings": list(report.warnings),
        "traffic": {vendor: dict(counts) for vendor, counts in (report.traffic or {}).items()},
    }


def figures_of(report: DriftReport) -> dict[str, int]:
    """The figures that can be plotted over many reports."""
    compared = report.reconciliation
    missing = sum(each.missing for each in compared.spans)
    return {
        "payments": compared.payments,
        "orders": compared.orders,
        "payments_without_order": missing,
        "orders_added_later": sum(each.recovered for each in compared.spans),
        "problems": len(report.problems),
        "problems_for_a_person": report.needing_person,
        "customers_waiting": len(report.waiting),
        "outages": len(report.health.outages) if report.health else 0,
        "orders_to_update": report.summary.printful_orders_updated + report.summary.orders_completed,
        "unreadable_amounts": compared.unreadable,
    }


def _money(report: DriftReport) -> list[dict[str, Any]]:
    why: dict[str, list[Difference]] = defaultdict(list)
    for each in report.reconciliation.differences:
        why[each.currency].append(each)
    return [
        {
            **each._asdict(),
            "difference": each.ordered - each.paid,
            "explained": [{"reason": d.reason, "number": d.number, "amount": d.amount} for d in why[each.currency]],
            "paid_text": amount_text(each.paid, each.currency),
            "ordered_text": amount_text(each.ordered, each.currency),
        }
        for each in report.reconciliation.money
    ]


def _problem(each: ReportedProblem) -> dict[str, Any]:
    amount = each.problem.amount
    return {
        **problem_document(each.problem),
        "needs_person": each.needs_person,
        "advice": each.problem_class.advice,
        "first_seen": each.first_seen.isoformat() if each.first_seen else None,
        "acknowledged": each.is_acknowledged,
        "amount": str(amount.amount) if amount else None,
        "currency": amount.currency if amount else None,
    }
