"""`ordersync report`: forms, files and exit codes, and a page that is safe to send on."""

import csv
import io
import json
import stat
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster_tests.support.cli import Cli, document
from ordersync_dagster_tests.support.drift_truth import truth_of
from ordersync_dagster_tests.support.world import lost, without_a_link

FORMS = ("html", "json", "csv", "md")


class ReportPage(HTMLParser):
    """The tags and words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.words += [data.strip()] if data.strip() else []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def test_the_document_has_the_figures_of_the_world(ordersync: Cli, world: World) -> None:
    ran = ordersync("report", "--format", "json")
    found, truth = document(ran), truth_of(world)
    assert ran.code == 0
    assert found["schema_version"] == 1
    assert found["complete"] is True
    assert found["figures"]["payments_without_order"] == len(lost(world))
    assert found["figures"]["customers_waiting"] == len(without_a_link(world))
    money = {each["currency"]: (each["paid"], each["ordered"], each["difference"]) for each in found["money"]}
    assert money == {name: (of.paid, of.ordered, of.ordered - of.paid) for name, of in truth.money.items()}
    assert all(sum(why["amount"] for why in each["explained"]) == each["difference"] for each in found["money"])


def test_a_page_shows_verdict_money_problems_and_who_waits(ordersync: Cli, world: World) -> None:
    ran = ordersync("report", "-o", "drift.html")
    page = ReportPage(Path("drift.html").read_text())
    text = " ".join(page.words)
    assert ran.code == 0
    assert ran.out.strip().endswith("The report is in drift.html.")
    assert ran.out.startswith(page.words[page.words.index("A person is needed") + 1])
    for currency, of in truth_of(world).money.items():
        assert f"Paid at Stripe ({of.payments} payment" in text
        assert currency.upper() in page.words
    assert f"adds {len(lost(world))} missing orders" in text
    assert f"{len(without_a_link(world))} customers wait" in text
    assert "Send the order to Printful: its customer waits." in text


def test_a_page_names_recorded_problems_so_that_they_can_be_acknowledged(ordersync: Cli) -> None:
    ordersync("report", "-o", "drift.html")
    assert "problems ack" not in Path("drift.html").read_text(), "no run has recorded one"
    ordersync("sync")
    ordersync("report", "-o", "drift.html")
    text = Path("drift.html").read_text()
    known = json.loads(ordersync("problems", "--json").out)["problems"]
    assert [each["id"] for each in known if f"({each['id']})" not in text] == []
    assert "ordersync problems ack ID --note" in text


def test_a_page_loads_nothing_and_its_drawings_have_words(ordersync: Cli, world: World) -> None:
    ordersync("sync", "--printful", "all")
    ordersync("report", "-o", "drift.html")
    text = Path("drift.html").read_text()
    page = ReportPage(text)
    assert "default-src 'none'" in text
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    assert not any(name in attributes for _, attributes in page.tags for name in ("src", "onclick", "onload"))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert all(
        each.startswith(("#", "https://dashboard.stripe.com/test/", "https://www.printful.com/")) for each in links
    )
    assert {each for each in links if each.startswith("#")} <= {
        f"#{attributes.get('id')}" for _, attributes in page.tags
    }
    drawings = [attributes for tag, attributes in page.tags if tag == "svg"]
    named = {attributes.get("id") for tag, attributes in page.tags if tag in ("title", "desc")}
    assert len(drawings) == 2
    assert all(each["role"] == "img" and each["aria-labelledby"] in named for each in drawings)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    start = text.index("<svg")
    ElementTree.fromstring(text[start : text.index("</svg>", start) + 6])  # well-formed


def test_a_table_has_a_row_for_each_that_does_not_agree(ordersync: Cli, world: World) -> None:
    found = document(ordersync("report", "--format", "json"))
    rows = list(csv.DictReader(io.StringIO(ordersync("report", "--format", "csv").out)))
    sessions = {row["stripe_session_id"]: row for row in rows if row["stripe_session_id"]}
    assert set(sessions) >= {session["id"] for session in lost(world)}
    for session in lost(world):
        assert sessions[session["id"]]["paid_currency"] == session["currency"]
    assert {row["class"] for row in rows} >= {problem["class"] for problem in found["problems"]}
    assert len(rows) >= len(found["problems"])


@pytest.mark.parametrize("form", FORMS)
def test_no_customer_is_in_any_form(ordersync: Cli, world: World, form: str) -> None:
    written = ordersync("report", "--format", form).out
    assert len(written) > 500
    for session in world.sessions:
        customer = session["customer_details"] or {}
        assert not any(value and value in written for value in (customer.get("email"), customer.get("name")))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_a_currency_that_nobody_knows(ordersync: Cli, world: World, form: str) -> None:
    ordersync.sandbox.replace(world.with_session({**lost(world)[0], "currency": "xyz"}))
    ran = ordersync("report", "--format", form)
    assert ran.code == 0, ran.err
    assert "unknown_currency" in ran.out.replace("Unknown currency", "unknown_currency")


def test_a_cell_does_not_run_as_a_formula(ordersync: Cli, world: World) -> None:
    row = next(row for row in world.shop.orders if row["status"] == "processing" and row["printful_order_id"])
    ordersync.database.execute("UPDATE orders SET printful_order_id = '=1+1' WHERE id = :id", id=row["id"])
    rows = list(csv.reader(io.StringIO(ordersync("report", "--format", "csv").out)))
    cells = [cell for row in rows for cell in row]
    assert "'=1+1" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_text_from_outside_is_escaped(ordersync: Cli, world: World) -> None:
    row = next(row for row in world.shop.orders if row["printful_order_id"])
    ordersync.database.execute("UPDATE orders SET printful_order_id = '<b>1</b>' WHERE id = :id", id=row["id"])
    page = ordersync("report", "--format", "html").out
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    assert "<b>1</b>" not in page


def test_a_report_is_readable_for_its_owner_alone_and_replaces_the_last(ordersync: Cli) -> None:
    Path("drift.md").write_text("older")
    assert ordersync("report", "-o", "drift.md").code == 0
    assert "older" not in Path("drift.md").read_text()
    assert stat.S_IMODE(Path("drift.md").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "options",
    [("-o", "drift.pdf"), ("-o", "nowhere/drift.html"), ("-o", "."), ("--days", "0"), ("--from", "2026-01-01")],
)
def test_a_wrong_option_is_exit_2_before_any_request(ordersync: Cli, options: tuple[str, ...]) -> None:
    ran = ordersync("report", *options)
    assert ran.code == 2
    assert ordersync.sandbox.requests == []


def test_a_format_gives_any_file_name(ordersync: Cli) -> None:
    assert ordersync("report", "--format", "json", "-o", "drift").code == 0
    assert json.loads(Path("drift").read_text())["schema_version"] == 1


def test_a_vendor_that_is_down_is_exit_1_and_a_report_of_the_rest(ordersync: Cli) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/checkout/sessions", "status", 400, times=None))
    ran = ordersync("report", "--format", "json")
    assert ran.code == 1
    assert document(ran)["complete"] is False
    assert document(ran)["verdict"]["level"] == "incomplete"
    assert document(ran)["error"] in ran.err


def test_a_refused_key_is_exit_2_and_no_report(ordersync: Cli) -> None:
    ordersync.sandbox.faults.add(Fault("/v1/checkout/sessions", "status", 401, times=None))
    ran = ordersync("report")
    assert (ran.code, ran.out) == (2, "")


def test_a_period_without_anything_is_said_so(ordersync: Cli) -> None:
    ran = ordersync("report", "--from", "2020-01-01", "--to", "2020-01-02", "--printful", "none", "--format", "html")
    assert ran.code == 0
    assert "There were no payments and no orders in this period." in ran.out
