"""Killed at any write boundary, a run leaves nothing half done; the next one brings the shop where it belongs."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.faults.crash import CREATES, KilledError, KillPoint
from ordersync_dagster_tests.faults.results import is_audit_whole, written
from ordersync_dagster_tests.support.administration import initialise_database
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database, everything, fresh_database
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, seeded

RECORDS = {"ordersync_runs", "ordersync_problems"}  # how a run ended, and what it found: written last
ON_POSTGRES = pytest.param("postgresql", marks=pytest.mark.slow)


@dataclass(frozen=True)
class Trials:
    """As many equal shops as are asked for, and what a run without a fault makes of one."""

    again: Callable[[], Shop]
    expected: dict[str, object]
    boundaries: int


@pytest.fixture
def trials(
    sandbox: Sandbox, time: FakeTime, outage: World, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Trials]:
    """On the database that the test's parameter names."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            template = seeded(f"sqlite:///{tmp_path}/template.db", outage).path
            urls = (f"sqlite:///{shutil.copy(template, tmp_path / f'{n}.db')}" for n in range(1000))
        else:
            server, template = request.getfixturevalue("_postgres"), request.getfixturevalue("_templates").name(outage)
            urls = (stack.enter_context(fresh_database(server, template)) for _ in range(1000))

        def again() -> Shop:
            return Shop(sandbox, Database(next(urls)), time)

        shop = again()
        with KillPoint(shop.database) as counting:
            shop.run()
        yield Trials(again, written(shop.database), counting.boundaries)


def killed_at(trials: Trials, turn: int) -> None:
    shop = trials.again()
    with KillPoint(shop.database, turn), pytest.raises(KilledError):
        shop.run()
    assert shop.run().outcome.summary.errors == 0
    assert written(shop.database) == trials.expected, f"killed at boundary {turn}"
    assert is_audit_whole(shop.database)
    states = shop.database.column("SELECT state FROM ordersync_runs ORDER BY started_at, state")
    assert states in (["succeeded"], ["interrupted", "succeeded"]), f"killed at boundary {turn}"


@pytest.mark.slow
@pytest.mark.parametrize("trials", ["sqlite", "postgresql"], indirect=True)
def test_fault_31_after_a_kill_at_any_write_the_next_run_ends_as_one_run_would(trials: Trials) -> None:
    assert trials.boundaries > 10
    for turn in range(1, trials.boundaries + 1):
        killed_at(trials, turn)


@pytest.mark.parametrize("trials", ["sqlite", ON_POSTGRES], indirect=True)
def test_fault_31_after_a_kill_at_three_writes_the_next_run_ends_as_one_run_would(trials: Trials) -> None:
    for turn in (1, trials.boundaries // 2, trials.boundaries):
        killed_at(trials, turn)


@pytest.mark.slow
@pytest.mark.parametrize("trials", ["sqlite"], indirect=True)
def test_fault_31_killed_at_every_boundary_in_turn_each_run_keeps_what_it_committed(trials: Trials) -> None:
    shop, kept = trials.again(), 0
    for turn in range(1, trials.boundaries + 1):
        with KillPoint(shop.database, turn):
            try:
                shop.run()
            except KilledError:
                assert shop.database.count("orders") >= kept
                kept = shop.database.count("orders")
            else:
                break
    assert written(shop.database) == trials.expected


@pytest.mark.parametrize("trials", ["sqlite"], indirect=True)
def test_fault_30_after_a_kill_behind_the_last_commit_the_next_run_writes_nothing(
    trials: Trials,
) -> None:
    shop = trials.again()
    with KillPoint(shop.database, trials.boundaries), pytest.raises(KilledError):
        shop.run()  # its rows are committed; only the records of its end are not
    before = {name: rows for name, rows in everything(shop.database).items() if name not in RECORDS}
    again = shop.run()
    assert set(again.outcome.rows.values()) <= {0}
    assert set(again.outcome.days) == set(again.outcome.window.days)
    assert {name: rows for name, rows in everything(shop.database).items() if name not in RECORDS} == before


@pytest.fixture
def empty(
    sandbox: Sandbox, time: FakeTime, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Shop]]:
    """As many shops without a table as are asked for, on the database that the test's parameter names."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            urls = (f"sqlite:///{tmp_path}/empty{n}.db" for n in range(1000))
        else:
            server = request.getfixturevalue("_postgres")
            urls = (stack.enter_context(fresh_database(server)) for _ in range(1000))
        yield lambda: Shop(sandbox, Database(next(urls)), time)


def creations(shop: Shop) -> int:
    """The write boundaries of creating every table."""
    with KillPoint(shop.database, writes=CREATES) as counting:
        initialise_database(settings_for(shop.sandbox, shop.database.url))
    return counting.boundaries


def killed_while_creating(empty: Callable[[], Shop], turn: int, expected: dict[str, object]) -> None:
    shop = empty()
    with KillPoint(shop.database, turn, writes=CREATES), pytest.raises(KilledError):
        shop.run()
    assert shop.database.tables() == set(), "all tables or none"
    assert shop.run().outcome.summary.errors == 0
    assert written(shop.database) == expected, f"killed at boundary {turn}"
    assert is_audit_whole(shop.database)


def whole(empty: Callable[[], Shop]) -> dict[str, object]:
    """What a first run without a fault leaves."""
    shop = empty()
    shop.run()
    return written(shop.database)


@pytest.mark.parametrize("empty", ["sqlite", ON_POSTGRES], indirect=True)
def test_fault_31_after_a_kill_at_three_writes_of_creation_there_is_no_table(
    empty: Callable[[], Shop],
) -> None:
    expected, last = whole(empty), creations(empty())
    assert last > 10
    for turn in (1, last // 2, last):
        killed_while_creating(empty, turn, expected)


@pytest.mark.slow
@pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)
def test_fault_31_after_a_kill_at_any_write_of_creation_there_is_no_table(
    empty: Callable[[], Shop],
) -> None:
    expected = whole(empty)
    for turn in range(1, creations(empty()) + 1):
        killed_while_creating(empty, turn, expected)
