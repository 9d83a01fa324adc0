"""Text that wants to be more than text: stored exactly or refused by name, and shown so that it does nothing."""

import csv
import io
import json
from typing import Any

import pytest

from ordersync_dagster.app.run import Run
from ordersync_dagster.report.document import json_document
from ordersync_dagster.report.files import csv_report, html_report
from ordersync_dagster.report.markdown import markdown_report
from ordersync_dagster.report.text import summary_text
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import Shop
from ordersync_dagster_tests.support.world import lost

pytestmark = pytest.mark.databases

HOSTILE = {
    "sql": "'); DROP TABLE orders; --",
    "bind": ":id %s %(id)s ? $1 {0} \\: \\x00",
    "formula": '=HYPERLINK("http://evil.example","x")|+1|-1|@SUM(1)',
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "[x](javascript:alert(1)) ![](http://evil.example/x.png) | `a` **b** # c",
    "turned": "\u202eexe.fdp\u2066\u200f",
    "emoji": "👩‍👩‍👧‍👦 𝔘𝔫𝔦 \U0010ffff",
    "combining": "e\u0301 Ż̵̢ a" + "\u0300" * 50,
    "controls": "\x01\x07\x1b[31m\r\n\t\x7f\x85\u2028",
    "json": '"}], "has_more": true, {"',
    "length": "ä" * 500,
}


def put(shop: Shop, world: World, **changes: Any) -> str:
    """One lost order holds this; its session id."""
    session = lost(world)[0]
    shop.sandbox.put_session({**session, **changes})
    return str(session["id"])


def metadata_of(database: Database, session_id: str) -> Any:
    (kept,) = database.column("SELECT metadata FROM orders WHERE stripe_session_id = :id", id=session_id)
    return json.loads(kept) if isinstance(kept, str) else kept


def test_faults_51_and_52_hostile_text_is_stored_exactly_and_does_nothing(each_shop: Shop, outage: World) -> None:
    details = {**lost(outage)[0]["customer_details"], "name": HOSTILE["sql"], "email": "a'--@example.com"}
    place = {"name": HOSTILE["turned"], "address": {"line1": HOSTILE["script"], "city": HOSTILE["emoji"]}}
    information = {"shipping_details": place}
    session_id = put(each_shop, outage, metadata=HOSTILE, customer_details=details, collected_information=information)
    run = each_shop.run()
    assert run.outcome.summary.errors == 0
    assert metadata_of(each_shop.database, session_id) == HOSTILE
    row = each_shop.order(session_id)
    assert (row["customer_name"], row["customer_email"]) == (HOSTILE["sql"], "a'--@example.com")
    address = row["shipping_address"]
    address = json.loads(address) if isinstance(address, str) else address
    assert (address["line1"], address["city"]) == (HOSTILE["script"], HOSTILE["emoji"])
    assert each_shop.database.count("orders") > len(outage.shop.orders)


@pytest.mark.parametrize("bad", ["a\0b", "half \ud83d of a pair"])
def test_fault_51_text_that_no_database_stores_is_refused_and_the_rest_is_added(
    each_shop: Shop, outage: World, bad: str
) -> None:
    session_id = put(each_shop, outage, metadata={"note": bad})
    run = each_shop.run()
    errors = [(each.problem_class, each.ids) for each in run.outcome.problems if each.is_error]
    assert errors == [("text_does_not_fit", {"stripe_session_id": session_id})]
    found = set(each_shop.database.column("SELECT stripe_session_id FROM orders"))
    assert {each["id"] for each in lost(outage)} - found == {session_id}


@pytest.mark.parametrize("size", [25_000, 1_000_000])
def test_fault_50_metadata_is_stored_whole_however_large(each_shop: Shop, outage: World, size: int) -> None:
    large = {f"key{n}": f"{n}" * (size // 50) for n in range(10, 60)}
    session_id = put(each_shop, outage, metadata=large)
    assert each_shop.run().outcome.summary.errors == 0
    assert metadata_of(each_shop.database, session_id) == large


def reports(run: Run) -> dict[str, str]:
    return {
        "text": summary_text(run.outcome),
        "markdown": markdown_report(run.outcome),
        "json": json_document(run.outcome, run.traffic, run.ready.warnings),
        "html": html_report(run.outcome, run.ready.headline, run.ready.warnings),
        "csv": csv_report(run.outcome),
    }


def test_faults_51_and_52_every_report_shows_hostile_ids_and_words_escaped(shop: Shop, outage: World) -> None:
    row = shop.of_printful("inprocess")
    (order,) = [each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    word = "on_mars\u202e<script>\x1b[31m|[x](y)"
    shop.sandbox.put_printful_order({**order, "status": word})
    hostile_id = "cs_test_\u202e<script>|`# x"
    shop.sandbox.put_session({**lost(outage)[0], "id": hostile_id, "customer_details": None})
    shown = reports(shop.run())
    for name, report in shown.items():
        assert not set("\u202e\x1b\u2028") & set(report), name
    assert "<script>" not in shown["markdown"] + shown["html"]
    assert "&lt;script&gt;" in shown["html"]
    assert "\\u202e" in shown["text"]
    assert hostile_id in [each["ids"].get("stripe_session_id") for each in json.loads(shown["json"])["problems"]]


def test_fault_52_a_word_that_a_spreadsheet_would_compute_is_a_word_in_the_table(shop: Shop) -> None:
    row = shop.of_printful("fulfilled")
    (order,) = [each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"]]
    shipments = [{**each, "tracking_number": "=1+1"} for each in order["shipments"]]
    shop.sandbox.put_printful_order({**order, "shipments": shipments})
    table = list(csv.DictReader(io.StringIO(csv_report(shop.run(dry_run=True).outcome))))
    (change,) = [each for each in table if (each["order_id"], each["field"]) == (row["id"], "tracking_number")]
    assert change["after"] == "'=1+1"
