"""The simulation of many shops: the same for the same seed, within the budgets, and every payment is repaired."""

import re
from itertools import groupby, pairwise

import pytest

from benchmarks.figures import Figures
from benchmarks.scaling.page import page
from benchmarks.scaling.results import FRIDAY, GRACE, USUAL, delays, lost_payments, sales_of
from benchmarks.scaling.runs import Run, runs_of
from benchmarks.scaling.shops import BLACK_FRIDAY, Shops, draw_shops
from benchmarks.scaling.simulate import PRINTFUL_A_MINUTE, STRIPE_A_SECOND, Machine, play
from benchmarks.scaling.words import ANSWER, HOW, LIMITS
from ordersync_dagster_tests.support.places import ROOT

SHOPS, SEED = 40, 3
MACHINE = Machine(at_once=2, start_seconds=10)


@pytest.fixture(scope="module")
def shops() -> Shops:
    return draw_shops(SHOPS, SEED)


@pytest.fixture(scope="module")
def done(shops: Shops) -> list[Run]:
    return play(runs_of(shops), shops, MACHINE)


def test_the_same_seed_gives_the_same_shops_and_the_same_delays(shops: Shops, done: list[Run]) -> None:
    again = draw_shops(SHOPS, SEED)
    lost = lost_payments(shops, SEED)
    other = play(runs_of(again), again, MACHINE)
    assert delays(done, lost, USUAL, shops) == delays(other, lost_payments(again, SEED), USUAL, again)


def test_black_friday_has_ten_times_the_payments_of_a_usual_friday(shops: Shops) -> None:
    before = BLACK_FRIDAY.replace(day=BLACK_FRIDAY.day - 7)
    assert sales_of(shops, BLACK_FRIDAY) > 9 * sales_of(shops, before)


def test_each_lost_payment_is_repaired_and_none_before_its_grace_time(shops: Shops, done: list[Run]) -> None:
    lost = lost_payments(shops, SEED)
    for period in (USUAL, FRIDAY):
        found = delays(done, lost, period, shops)
        assert found.payments > 0
        assert found.minutes[0] > GRACE / 60
        assert found.minutes == tuple(sorted(found.minutes))


@pytest.mark.full
def test_runs_of_one_stripe_account_take_turns_and_no_more_run_than_may(shops: Shops, done: list[Run]) -> None:
    account = shops.account.tolist()
    by_account = sorted(done, key=lambda run: (account[run.shop], run.start))
    for _, runs in groupby(by_account, key=lambda run: account[run.shop]):
        mine = list(runs)
        assert all(first.end <= second.start for first, second in pairwise(mine))
    changes = sorted([(run.start, 1) for run in done] + [(run.end, -1) for run in done])
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    assert most <= MACHINE.at_once


def test_no_run_is_faster_than_the_budgets_of_its_accounts(done: list[Run]) -> None:
    for run in done:
        assert run.read - run.start >= run.stripe / STRIPE_A_SECOND
        assert run.end - run.start >= (run.printful - PRINTFUL_A_MINUTE) * 60 / PRINTFUL_A_MINUTE


@pytest.mark.full
def test_the_page_can_be_written_for_few_shops() -> None:
    figures = Figures.load(ROOT / "benchmarks" / "figures.json")
    text = page(figures, count=10)
    assert text.startswith("# Scaling\n")
    assert text.count("\n| ") > 30
    assert "{" not in text


def test_the_page_in_the_docs_has_the_sections_that_the_code_writes() -> None:
    kept = (ROOT / "docs" / "scaling.md").read_text()
    headings = re.findall(r"^#+ (?:[\d,]+ )?(.*)$", kept, re.M)
    text = ANSWER + LIMITS + HOW
    assert headings == re.findall(r"^#+ (?:\{shops\} )?(.*)$", text, re.M)
