"""What a run says: the summary that people know, the document for scripts, the tables."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from ordersync_dagster.core.changes import InsertOrder
from ordersync_dagster.core.orders import Status
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.stripe_session import Skip, SkipReason
from ordersync_dagster.core.summary import COUNTERS, Summary, summarise
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.document import json_document
from ordersync_dagster.report.markdown import markdown_report
from ordersync_dagster.report.outcome import Outcome
from ordersync_dagster.report.tables import changes_table, problem_table_rows
from ordersync_dagster.report.text import summary_text
from ordersync_dagster_tests.report.parts import NOW, ORDER, PRINTFUL, SESSIONS, outcome, problem


def document(of: Outcome, error: str | None = None) -> Any:
    return json.loads(json_document(of, {"stripe": {"requests": 3}}, ["Mind the gap."], error))


def test_the_text_is_what_people_know() -> None:
    assert summary_text(outcome(SESSIONS, PRINTFUL)).split("\n\n")[0] == "\n".join(
        [
            "📊 Synchronization Summary:",
            "━" * 50,
            "Stripe Sessions Checked: 4",
            "Stripe Sessions Added: 1",
            "Stripe Sessions Skipped: 2",
            "Printful Orders Checked: 2",
            "Printful Orders Updated: 1",
            "Printful Items Added: 2",
            "Errors: 2",
        ]
    )


def test_an_empty_run_has_the_seven_lines_and_nothing_else() -> None:
    lines = summary_text(outcome()).splitlines()
    assert len(lines) == 9
    assert all(line.endswith(": 0") for line in lines[2:])


def test_below_are_reasons_completed_orders_errors_and_notices() -> None:
    text = summary_text(outcome(SESSIONS, PRINTFUL))
    for line in (
        "Skipped: 1 order_exists, 1 unpaid",
        "Orders Completed: 1",
        "Errors (1 kept_changing, 1 missing_email):",
        "  [missing_email] No e-mail.",
        "Notices (1 missing_at_printful):",
    ):
        assert line in text.splitlines()
    assert text.index("Errors (") < text.index("Notices (")


def test_goods_that_nobody_makes_are_named_in_a_block_that_other_notices_do_not_fill() -> None:
    others = [problem(ProblemClass.UNKNOWN_STATUS, f"Number {n}.") for n in range(30)]
    found = outcome(Part(Plan(notes=(*others, problem(ProblemClass.STUCK_AT_PRINTFUL, "Order 9 is a draft.")))))
    text = summary_text(found)
    assert "\n\n⚠ Paid, and not made by Printful (1 stuck_at_printful):\n  [stuck_at_printful] Order 9" in text
    assert "Notices (30 unknown_status):" in text
    assert markdown_report(found).index("Order 9 is a draft") < markdown_report(found).index("Number 0")


def test_a_dry_run_says_that_nothing_was_written() -> None:
    assert summary_text(outcome(SESSIONS, dry_run=True)).endswith(
        "Dry run: nothing was written. Run again without --dry-run to apply it."
    )
    assert "Dry run" not in summary_text(outcome(SESSIONS))


def test_many_problems_are_shortened_in_text_and_whole_in_the_document() -> None:
    notes = tuple(problem(ProblemClass.UNKNOWN_STATUS, f"Number {n}.") for n in range(300))
    found = outcome(Part(Plan(notes=notes)))
    assert "… and 280 more (--json lists all)" in summary_text(found)
    assert len(document(found)["problems"]) == 300
    assert "… and 280 more" in summary_text(outcome(Part(Plan(notes=notes)), keeps_changes=False))


def test_one_large_class_hides_no_other() -> None:
    many = [problem(ProblemClass.NOT_LOOKED_AT, f"Number {n}.") for n in range(5700)]
    others = [problem(ProblemClass.DOUBLE_PAYMENT, f"Paid twice: {n}.") for n in range(2)]
    lines = summary_text(outcome(Part(Plan(notes=(*many, *others))))).splitlines()
    start = lines.index("Notices (2 double_payment, 5700 not_looked_at):")
    assert all("double_payment" in line for line in lines[start : start + 3]), "what needs a person comes first"
    assert lines.count("  [double_payment] Paid twice: 0.") == lines.count("  [double_payment] Paid twice: 1.") == 1
    assert lines[-1] == "  … and 5682 more (--json lists all)", "eighteen of the large class"


@pytest.mark.parametrize("trick", ["\u202e", "\x1b[31m", "\r", "\n", "\u2066"])
def test_what_would_disguise_a_line_is_shown_escaped(trick: str) -> None:
    found = outcome(Part(Plan(notes=(problem(ProblemClass.UNKNOWN_STATUS, f"Printful says {trick}ok."),))))
    assert f"{trick}ok" not in summary_text(found)
    assert f"\\u{ord(trick[0]):04x}" in summary_text(found)


def test_counters_are_sums_over_the_parts() -> None:
    total = outcome(SESSIONS, PRINTFUL, SESSIONS).summary
    assert total == summarise(SESSIONS) + summarise(PRINTFUL) + summarise(SESSIONS)
    assert total.seven == dict(zip(COUNTERS, (8, 2, 4, 2, 1, 2, 3), strict=True))
    assert Summary() + total == total


def test_a_runs_seconds_are_counted_on_the_monotonic_clock() -> None:
    """The clock of the day may jump back in the run; then they would be negative."""
    made = Outcome("run1", Window.last_days(2, NOW), is_dry_run=False, began=time.monotonic() - 3600)
    assert 3600 <= made.seconds < 3700
    assert 0 <= outcome().seconds < 100


def test_every_reason_to_skip_has_its_counter() -> None:
    for reason in SkipReason:
        part = Part(Plan(skips=(Skip("cs", reason),)))
        assert summarise(part)[f"skipped_{reason}"] == summarise(part).stripe_sessions_skipped == 1


def test_the_document_holds_the_run_and_says_what_stopped_it() -> None:
    found = document(outcome(SESSIONS, PRINTFUL), "Stripe is away.")
    assert (found["schema_version"], found["run_id"], found["warnings"]) == (1, "run1", ["Mind the gap."])
    assert found["window"] == {"start": "2026-11-21T00:00:00+00:00", "end": "2026-11-23T14:30:00+00:00"}
    assert (found["run"]["error"], found["run"]["traffic"]) == ("Stripe is away.", {"stripe": {"requests": 3}})
    assert found["problems"][0]["class"] == "missing_email"
    assert found["problems"][0]["severity"] == "error"


def test_changes_name_field_before_after_and_reason() -> None:
    changes = document(outcome(SESSIONS, PRINTFUL))["changes"]
    assert [change["change"] for change in changes] == [
        "insert_order", "fill_fields", "set_status", "add_item", "add_item",
    ]  # fmt: skip
    assert (changes[0]["order_id"], changes[0]["after"]) == (ORDER.id, "processing, 19.90 eur")
    assert (changes[2]["before"], changes[2]["after"], changes[2]["why"]) == (
        "processing", "shipped", "Printful says partial",
    )  # fmt: skip


def test_no_personal_data_is_in_any_report() -> None:
    found = outcome(SESSIONS, PRINTFUL)
    text = summary_text(found) + json.dumps(document(found)) + changes_table(found).to_csv()
    for secret in ("Kim", "kim@", "Pier Road"):
        assert secret not in text


def test_a_refunded_order_says_so() -> None:
    part = Part(Plan(inserts=(InsertOrder(replace(ORDER, status=Status.REFUNDED)),)))
    assert document(outcome(part))["changes"][0]["why"] == "paid at Stripe, and the payment went back"


def test_tables_have_a_row_for_each_change_and_problem_errors_first() -> None:
    found = outcome(SESSIONS, PRINTFUL)
    assert list(changes_table(found)["field"]) == ["order", "customer_name", "status", "order_items", "order_items"]
    assert [severity for _, severity, _ in problem_table_rows(found)] == ["error", "error", "notice"]
    assert len(changes_table(outcome())) == 0


def test_changes_are_not_kept_where_nobody_asked_for_them() -> None:
    found = outcome(SESSIONS, PRINTFUL, keeps_changes=False)
    assert (found.changes, found.summary.stripe_sessions_added) == ([], 1)
