"""One command in several shops: what happens to one stops or slows no other."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from ordersync_dagster.app.shops import Shops
from ordersync_dagster.cli import console
from ordersync_dagster.cli.side_by_side import run_side_by_side
from ordersync_dagster.core.errors import DatabaseAwayError, SettingsError
from ordersync_dagster_tests.support.shop_files import ShopFile

# The tests' own vendors are threads of this process.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
LONG = 30.0  # seconds that nobody waits for


@pytest.fixture
def shops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shops:
    return ShopFile(tmp_path, monkeypatch).of("prints", "posters", "mugs")


def name() -> str:
    return console.settings().ordersync_shop


def until(is_true: Callable[[], bool]) -> None:
    latest = time.monotonic() + LONG
    while not is_true() and time.monotonic() < latest:
        time.sleep(0.005)


def run(command: Callable[..., None], shops: Shops, **given: Any) -> int:
    with pytest.raises(typer.Exit) as ended:
        run_side_by_side(command, given, list(shops))
    return ended.value.exit_code


def test_each_shop_has_its_own_settings_and_a_block(shops: Shops, capfd: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        print("database of", console.settings().database.rpartition("/")[2])
        console.say("a word")

    assert run(command, shops) == 0
    out, err = capfd.readouterr()
    for shop in shops.names:
        assert f"{shop}\n{'━' * 50}\ndatabase of {shop}\n" in out
    assert sorted(err.splitlines()) == sorted(f"{shop}: a word" for shop in shops.names)
    assert out.endswith("3 of 3 shops are fine.\n")


def test_a_crash_a_busy_database_and_a_bug_stop_no_other_shop(shops: Shops, capfd: pytest.CaptureFixture[str]) -> None:
    def command(as_json: bool) -> None:
        assert as_json
        if name() == "prints":
            os.kill(os.getpid(), signal.SIGKILL)
        if name() == "posters":
            raise DatabaseAwayError("the database does not answer")
        print('{"schema_version": 1}')

    assert run(command, shops, as_json=True) == 1
    made = json.loads(capfd.readouterr().out)["shops"]
    assert {shop: each["exit_code"] for shop, each in made.items()} == {"prints": 1, "posters": 75, "mugs": 0}
    assert made["prints"]["messages"] == ["ordersync: the process was ended by SIGKILL"]
    assert made["posters"]["messages"] == ["ordersync: the database does not answer"]
    assert made["mugs"]["result"] == {"schema_version": 1}


def test_a_shop_that_hangs_lets_the_others_end(shops: Shops, tmp_path: Path) -> None:
    def command() -> None:
        if name() == "prints":
            until(lambda: (tmp_path / "posters").exists() and (tmp_path / "mugs").exists())
        (tmp_path / name()).touch()

    before = time.monotonic()
    assert run(command, shops) == 0
    assert time.monotonic() - before < LONG


def test_files_have_the_shops_name(shops: Shops, tmp_path: Path) -> None:
    def command(output: Path) -> None:
        output.write_text(name())

    assert run(command, shops, output=tmp_path / "report.html") == 0
    assert {each.name: each.read_text() for each in tmp_path.glob("*.html")} == {
        f"report-{shop}.html": shop for shop in shops.names
    }


@pytest.mark.parametrize("form", ["html", "csv"])
def test_pages_and_tables_of_all_shops_need_files(form: str, shops: Shops) -> None:
    with pytest.raises(SettingsError, match="give -o FILE"):
        run_side_by_side(lambda: None, {"form": form, "output": None}, list(shops))


@pytest.mark.full
def test_a_signal_ends_all_shops_and_nobody_stays_behind(
    shops: Shops, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        (tmp_path / f"{name()}.pid").write_text(str(os.getpid()))
        if name() == "mugs":
            until(lambda: len(list(tmp_path.glob("*.pid"))) == 3)
            os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(LONG)

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_side_by_side(command, {}, list(shops))
    finally:
        signal.signal(signal.SIGTERM, before)
    for file in tmp_path.glob("*.pid"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.read_text()), 0)
    told = capfd.readouterr()
    assert told.err.count("interrupted; what was committed stays") == 3
    assert "0 of 3 shops are fine." in told.out, "what the shops came to is told all the same"


def test_a_shop_that_is_just_started_is_ended_too(
    shops: Shops, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes between the start of the second shop's process and the next step of the first process."""
    real, forks = os.fork, iter(range(3))

    def fork() -> int:
        pid = real()
        if pid and next(forks) == 1:
            (tmp_path / "second.pid").write_text(str(pid))
            os.kill(os.getpid(), signal.SIGTERM)
        return pid

    def command() -> None:
        time.sleep(LONG)

    monkeypatch.setattr(os, "fork", fork)
    before, started = signal.signal(signal.SIGTERM, _interrupt), time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_side_by_side(command, {}, list(shops))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert time.monotonic() - started < LONG
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "second.pid").read_text()), 0)
    assert next(forks) == 2, "the third shop is not started"
    assert re.search(r"^\w+ +1 +0\.0  interrupted before it ended", capfd.readouterr().out, re.MULTILINE)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def test_shops_end_their_work_where_nobody_reads_any_more(
    shops: Shops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def command() -> None:
        console.say("a line")
        until(lambda: name() == "prints" or (tmp_path / "prints").exists())
        (tmp_path / name()).touch()

    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError

    first = os.getpid()
    monkeypatch.setattr("builtins.print", lambda *a, **k: broken() if os.getpid() == first else None)
    with pytest.raises(BrokenPipeError):
        run_side_by_side(command, {}, list(shops))
    monkeypatch.undo()
    assert {each.name for each in tmp_path.iterdir()} >= {"prints", "posters", "mugs"}


def test_nothing_is_read_from_the_terminal(shops: Shops) -> None:
    def command() -> None:
        assert sys.stdin.read() == ""
        assert not sys.stdin.isatty()

    assert run(command, shops) == 0
