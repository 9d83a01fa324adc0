"""`ordersync status`: the verdict, its line, its screen, its document, and its exit code."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster.sandbox import Fault
from ordersync_dagster_tests.support.cli import Cli
from ordersync_dagster_tests.support.databases import everything

NO_RUN = "No run has looked at this shop yet: run `ordersync sync --dry-run`, then `ordersync sync`."


def document(ordersync: Cli, code: int) -> Any:
    ran = ordersync("status", "--json")
    assert (ran.code, ran.err) == (code, "")
    return json.loads(ran.out)


def nothing_is_open(ordersync: Cli) -> None:
    ordersync.database.execute("UPDATE ordersync_problems SET ended_at = last_seen, ended_why = 'gone'")


def test_before_the_first_run_a_person_is_needed_to_start_one(ordersync: Cli) -> None:
    ran = ordersync("status")
    assert (ran.code, ran.out, ran.err) == (1, f"{NO_RUN}\n", "")
    assert document(ordersync, 1)["last_run"] is None


def test_a_shop_without_our_tables_is_as_one_without_a_run(ordersync: Cli) -> None:
    for table in sorted(ordersync.database.tables()):
        if table.startswith("ordersync_"):
            ordersync.database.execute(f"DROP TABLE {table}")
    assert ordersync("status").out == f"{NO_RUN}\n"


def test_no_database_at_all_is_exit_2(ordersync: Cli, tmp_path: Path) -> None:
    ran = ordersync("status", DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no database" in ran.err
    assert not (tmp_path / "none.db").exists()


def test_one_line_says_what_is_open_how_much_and_since_when(ordersync: Cli) -> None:
    ordersync("sync")
    before = everything(ordersync.database)
    ran = ordersync("status")
    assert ran.code == 1
    assert re.fullmatch(
        r"A person is needed: \d problems, the oldest for less than a minute\. 2 cancelled_at_printful, .*"
        r", 2 unfulfilled, .* \(EUR 34\.00 and .*\)\. Last successful run: less than a minute ago\.\n",
        ran.out,
    )
    assert everything(ordersync.database) == before


def test_nothing_to_do_is_exit_0(ordersync: Cli) -> None:
    ordersync("sync")
    nothing_is_open(ordersync)
    ran = ordersync("status")
    assert (ran.code, ran.out) == (0, "Nothing needs a person. Last successful run: less than a minute ago.\n")


@pytest.mark.parametrize("state", ["interrupted", "running"])
def test_where_no_run_came_to_its_end_nobody_knows_what_is_needed(ordersync: Cli, state: str) -> None:
    ordersync("sync")
    nothing_is_open(ordersync)
    ordersync.database.execute("UPDATE ordersync_runs SET state = :state", state=state)
    ran = ordersync("status")
    assert (ran.code, ran.out) == (1, "A person is needed: no run has come to its end yet.\n")


def test_the_document_has_each_class_with_count_age_money_and_advice(ordersync: Cli) -> None:
    ordersync("sync")
    found = document(ordersync, 1)
    assert (found["schema_version"], found["needs_person"], found["is_silent"]) == (1, True, False)
    (waiting,) = [each for each in found["problems"] if each["class"] == "unfulfilled"]
    assert (waiting["count"], waiting["money"]) == (2, {"eur": "34.00", "jpy": "4800"})
    assert waiting["advice"] == "Send the order to Printful: its customer waits."
    assert datetime.fromisoformat(waiting["oldest"]).tzinfo is not None
    assert len(found["last_successful_run"]["summary"]) == 7
    assert found["last_failed_run"] is None


def test_an_acknowledged_problem_is_counted_apart_until_its_time_is_over(ordersync: Cli) -> None:
    ordersync("sync")
    (known, *others) = [each["id"] for each in json.loads(ordersync("problems", "--json").out)["problems"]]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    ordersync("problems", "ack", known, "--note", "asked", "--until", tomorrow)
    for each in others:
        ordersync("problems", "ack", each, "--note", "asked")
    ran = ordersync("status")
    assert (ran.code, ran.out) == (
        0,
        f"Nothing needs a person. {len(others) + 1} acknowledged. Last successful run: less than a minute ago.\n",
    )
    ordersync.database.execute(
        "UPDATE ordersync_problems SET acknowledged_until = '2026-01-01 00:00:00' WHERE id = :id", id=known
    )
    assert ordersync("status").out.startswith("A person is needed: 1 problem, ")


def test_a_failed_run_needs_a_person_until_one_succeeds(ordersync: Cli) -> None:
    ordersync("sync")
    nothing_is_open(ordersync)
    ordersync.sandbox.faults.add(Fault("/v1/checkout/sessions", "status", 401, times=None))
    ordersync("sync")
    ran = ordersync("status")
    assert ran.code == 1
    assert ran.out.startswith("A person is needed: 1 run failed since one succeeded. Last successful run: ")
    assert document(ordersync, 1)["last_failed_run"]["state"] == "failed"


def test_silence_needs_a_person(ordersync: Cli) -> None:
    ordersync("sync")
    nothing_is_open(ordersync)
    old = (datetime.now(UTC) - timedelta(hours=30, minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
    ordersync.database.execute("UPDATE ordersync_runs SET started_at = :at, ended_at = :at", at=old)
    ran = ordersync("status")
    assert (ran.code, ran.out) == (
        1,
        "A person is needed: no run has succeeded for 30 hours (expected every 26 hours). "
        "Last successful run: 30 hours ago.\n",
    )
    assert ordersync("status", ORDERSYNC_SILENCE_HOURS="48").code == 0


def test_a_terminal_shows_a_screen(ordersync: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    ordersync("sync")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = ordersync("status", COLUMNS="80")
    assert ran.code == 1
    for part in (
        "A person is needed: ",
        "unfulfilled",
        "What to do",
        "Stripe sessions: 42 checked",
        "Shop: ",
    ):
        assert part in ran.out
    shown = re.sub(r"\x1b\[[0-9;]*m", "", ran.out).split("Shop: ")[0]
    assert max(map(len, shown.splitlines())) <= 80


def test_status_asks_no_vendor(ordersync: Cli) -> None:
    ordersync("sync")
    ordersync.sandbox.requests.clear()
    ordersync("status", STRIPE_SECRET_KEY=None, PRINTFUL_API_KEY=None)
    assert not ordersync.sandbox.requests


def test_outages_of_the_webhook_are_named_when_stripe_may_be_asked(ordersync: Cli) -> None:
    ordersync("sync")
    assert document(ordersync, 1)["outages"] is None
    found = json.loads(ordersync("outages", "--days", "7", "--json").out)["outages"]
    shown = json.loads(ordersync("status", "--outages", "7", "--json").out)["outages"]
    assert shown == found != []
    assert f"Webhook outage: {found[0]['sentence']}." in ordersync("status", "--outages", "7").out


def test_a_new_database_is_no_outage(ordersync: Cli) -> None:
    for table in ("order_events", "order_items", "orders"):
        ordersync.database.execute(f"DELETE FROM {table}")
    ordersync("sync", "--max-changes", "10000")
    line = ordersync("status", "--outages", "30").out
    assert ("may be down" in line, "The shop itself has made no order yet." in line) == (False, True)
    shown = json.loads(ordersync("status", "--outages", "30", "--json").out)
    assert (shown["outages"], shown["webhook_never_worked"]["missing"]) == ([], 0)


def test_orders_whose_status_nobody_mapped_are_said_not_to_be_judged(ordersync: Cli, tmp_path: Path) -> None:
    ordersync("sync")
    nothing_is_open(ordersync)
    ordersync.database.execute("UPDATE orders SET status = 'archived', printful_order_id = NULL")
    ran = ordersync("status")
    count = ordersync.database.column("SELECT count(*) FROM orders")[0]
    assert ran.code == 0
    assert f"does not map their status: orders with the word 'archived' ({count})." in ran.out
    assert document(ordersync, 0)["unmapped_statuses"] == {"archived": count}
    words = tmp_path / "ordersync.toml"
    words.write_text('[statuses]\ncancelled = "archived"\n')
    assert "archived" not in ordersync("status", ORDERSYNC_CONFIG=str(words)).out
