"""One writing run at a time, and a record of each."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.core.errors import LockHeldError
from ordersync_dagster.core.window import Window
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.databases import Database, each_statement
from ordersync_dagster_tests.support.stores import opened

MONTH = Window.last_days(30, NOW)
HOLDER = """
import sys
from ordersync_dagster.core.window import Window
from ordersync_dagster_tests.support.clock import NOW
from ordersync_dagster_tests.support.stores import opened
with opened(sys.argv[1]) as (store, _), store.run("the-holder", Window.last_days(30, NOW)):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holds(url: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def runs(database: Database) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in database.rows("SELECT * FROM ordersync_runs")}


def test_a_run_without_problems_reads_once_that_none_is_open_and_writes_nothing(database: Database) -> None:
    seen: list[str] = []
    with opened(database.url) as (store, _), each_statement(database, seen.append), store.run("run", MONTH) as run:
        run.end({})
    assert [each.split()[0] for each in seen if "ordersync_problems" in each] == ["SELECT"]


def test_a_run_is_recorded_with_its_window_and_its_figures(database: Database) -> None:
    with opened(database.url) as (store, _):
        assert not store.has_runs()
        with store.run("run1", MONTH) as run:
            assert runs(database)["run1"]["state"] == "running"
            run.end({"errors": 3})
        assert store.has_runs()
    record = runs(database)["run1"]
    figures = record["summary"]
    assert record["state"] == "succeeded"
    assert record["ended_at"] is not None
    assert (json.loads(figures) if isinstance(figures, str) else figures) == {"errors": 3}


def test_a_run_that_raises_is_recorded_as_failed(database: Database) -> None:
    with opened(database.url) as (store, _), pytest.raises(ZeroDivisionError), store.run("run1", MONTH):
        raise ZeroDivisionError
    assert runs(database)["run1"]["state"] == "failed"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, GeneratorExit])
def test_a_run_that_is_interrupted_says_so(database: Database, interruption: type[BaseException]) -> None:
    with opened(database.url) as (store, _), pytest.raises(interruption), store.run("run1", MONTH):
        raise interruption
    assert runs(database)["run1"]["state"] == "interrupted"


def test_a_second_run_is_told_who_is_at_work(database: Database) -> None:
    with opened(database.url) as (first, _), opened(database.url) as (second, _), first.run("the-first", MONTH):
        with pytest.raises(LockHeldError, match=r"another run \(the-first\) is at work"), second.run("second", MONTH):
            pytest.fail("two runs at once")
        assert runs(database).keys() == {"the-first"}


def test_the_lock_is_free_after_a_run_however_it_ended(database: Database) -> None:
    with opened(database.url) as (store, _):
        with pytest.raises(ZeroDivisionError), store.run("run1", MONTH):
            raise ZeroDivisionError
        with store.run("run2", MONTH):
            pass
        with store.run("run3", MONTH):
            pass
    assert {name: record["state"] for name, record in runs(database).items()} == {
        "run1": "failed", "run2": "succeeded", "run3": "succeeded",
    }  # fmt: skip


@pytest.mark.full
def test_a_killed_holder_frees_the_lock_and_is_marked_interrupted(database: Database) -> None:
    with another_process_holds(database.url) as holder, opened(database.url) as (store, _):
        with pytest.raises(LockHeldError, match=r"\(the-holder\)"), store.run("second", MONTH):
            pytest.fail("two runs at once")
        holder.kill()
        holder.wait()
        _run_once_free(store)
    assert {name: record["state"] for name, record in runs(database).items()} == {
        "the-holder": "interrupted", "third": "succeeded",
    }  # fmt: skip


def test_reading_needs_no_lock(database: Database) -> None:
    with opened(database.url) as (first, _), opened(database.url) as (second, _), first.run("run1", MONTH):
        assert second.order_count() == 0


def test_missing_orders_are_remembered_until_they_are_asked_again(database: Database) -> None:
    with opened(database.url, NOW) as (store, _):
        store.remember_missing(["7", "8"])
    with opened(database.url, NOW + timedelta(days=5)) as (store, _):
        store.remember_missing(["8"])
        assert store.known_missing(NOW) == {"7", "8"}
        assert store.known_missing(NOW + timedelta(days=1)) == {"8"}
        assert store.known_missing(NOW + timedelta(days=6)) == frozenset()
    assert database.count("ordersync_missing") == 2


def _run_once_free(store: Any) -> None:
    """A server needs a moment to notice that its client died; no more than a thousand tries."""
    for _ in range(1000):
        try:
            with store.run("third", MONTH):
                return
        except LockHeldError:
            continue
    pytest.fail("the lock outlived its holder")
