"""`ordersync sync --report FILE`: the result for people who were not there."""

import csv
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.report.files import check_report, report_file_text, write_whole
from ordersync_dagster.report.text import LABELS
from ordersync_dagster.sandbox import Fault, World
from ordersync_dagster_tests.report.parts import PRINTFUL, SESSIONS, outcome
from ordersync_dagster_tests.support.cli import Cli, document
from ordersync_dagster_tests.support.world import expected_counters, lost


class Page(HTMLParser):
    """The words of a page, and what it would fetch."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text())

    def handle_data(self, data: str) -> None:
        self.words += [data.strip()] if data.strip() else []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {value}" for name, value in attrs if name in {"src", "href"} and value]


def test_a_page_shows_the_seven_figures_and_every_change(ordersync: Cli, world: World) -> None:
    found = ordersync("sync", "--json", "--report", "result.html")
    page = Page(Path("result.html"))
    labels = list(LABELS.values())
    figures = {label: page.words[page.words.index(label) + 1] for label in labels}
    assert found.code == 0
    assert figures == {
        label: str(number) for label, number in zip(labels, astuple(expected_counters(world)), strict=True)
    }
    assert {change["order_id"] for change in document(found)["changes"]} <= set(page.words)
    assert "What this run did" in page.words
    waiting = len([session for session in lost(world) if not session["metadata"]])
    assert f"{waiting} orders" in page.words
    assert document(found)["run_id"] in page.words


def test_a_page_fetches_nothing_and_holds_its_chart(ordersync: Cli) -> None:
    ordersync("sync", "--dry-run", "--report", "result.html")
    page = Page(Path("result.html"))
    assert "Dry run: nothing was written" in page.words
    assert [each[:26] for each in page.fetched] == ["img data:image/png;base64,"]
    assert "default-src 'none'" in Path("result.html").read_text()


def test_a_table_has_a_row_for_each_changed_field(ordersync: Cli) -> None:
    found = document(ordersync("sync", "--json", "--report", "changes.csv"))
    rows = list(csv.DictReader(io.StringIO(Path("changes.csv").read_text())))
    names = ("order_id", "field", "before", "after", "why", "stripe_session_id")
    assert rows == [{name: change[name] or "" for name in names} for change in found["changes"]]
    assert len(rows) > 20


def test_a_run_that_stops_keeps_its_report_with_what_stopped_it(ordersync: Cli) -> None:
    ordersync.sandbox.faults.add(Fault("/orders", "status", 401, times=None))
    assert ordersync("sync", "--report", "result.html").code == 2
    words = " ".join(Page(Path("result.html")).words)
    assert "Not done: the sessions of" in words
    assert "PRINTFUL_API_KEY" in words


@pytest.mark.parametrize("name", ["result.pdf", "result", "nowhere/result.html", "."])
def test_a_name_that_cannot_be_is_exit_2_before_any_request(ordersync: Cli, name: str) -> None:
    ran = ordersync("sync", "--report", name)
    assert ran.code == 2
    assert ran.err.startswith(f"ordersync: --report {name}: ")
    assert ordersync.sandbox.requests == []


def test_a_report_that_cannot_be_written_in_the_end_is_exit_1_and_the_run_stands(ordersync: Cli, world: World) -> None:
    ran = ordersync("sync", "--report", f"{'x' * 250}.csv")
    assert ran.code == 1
    assert "the run is done, but" in ran.err
    assert f"Stripe Sessions Added: {len(lost(world))}" in ran.out


def test_a_report_replaces_an_older_one_whole_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "result.html"
    path.write_text("older")
    write_whole(path, report_file_text(path, outcome(SESSIONS, PRINTFUL), "Target: a shop", ["Mind <the> gap."]))
    assert "Mind &lt;the&gt; gap." in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken.csv", "")
    with pytest.raises(SettingsError, match="must be a folder"):
        check_report(tmp_path / "taken.csv")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["result.html", "taken.csv"]


def test_a_pipe_or_a_device_gets_the_text_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_text)
        write_whole(pipe, "text\n")
        assert read.result(timeout=10) == "text\n"
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_no_customer_is_in_a_report(ordersync: Cli, world: World) -> None:
    for name in ("result.html", "result.csv"):
        ordersync("sync", "--dry-run", "--report", name)
        written = Path(name).read_text()
        for session in lost(world):
            assert session["customer_details"]["email"] not in written
            assert session["customer_details"]["name"] not in written
