"""The rules hold in every simulated shop; a failing seed says how to replay it. `make simulate` plays more seeds."""

import pytest

from ordersync_dagster_tests.simulation.scenario import Fault, Happening, Run, Scenario, scenario
from ordersync_dagster_tests.simulation.seeds import FAST, SLOW, asked_for, first_failure, from_environment
from ordersync_dagster_tests.simulation.shrinking import as_source, broken_rule, shrunk
from ordersync_dagster_tests.simulation.stage import Stage
from ordersync_dagster_tests.simulation.truth import BrokenError

CHUNK = 25
CHUNKS = [range(first, first + CHUNK) for first in range(0, SLOW, CHUNK)]


@pytest.mark.full
def test_the_rules_hold_for_the_first_seeds(prepared: Stage) -> None:
    failure = first_failure(prepared, from_environment(range(FAST)))
    assert failure is None, failure


@pytest.mark.slow
@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_the_rules_hold_for_many_seeds(prepared: Stage, seeds: range) -> None:
    failure = first_failure(prepared, seeds)
    assert failure is None, failure


def test_a_seed_always_makes_the_same_scenario() -> None:
    assert scenario(7) == scenario(7) != scenario(8)


def test_a_scenario_printed_as_source_is_the_same_scenario() -> None:
    names = {"Run": Run, "Happening": Happening, "Fault": Fault}
    for seed in range(FAST):
        assert eval(as_source(scenario(seed)), names) == scenario(seed)


def test_a_failing_scenario_shrinks_to_the_steps_that_it_needs() -> None:
    def play(steps: Scenario) -> None:
        killed = [
            step for step in steps if isinstance(step, Run) and any("killed" in each.what for each in step.faults)
        ]
        if killed and any(isinstance(step, Happening) and step.what == "sale" for step in steps):
            raise BrokenError("a rule", steps)

    seed = next(seed for seed in range(1000) if broken_rule(play, scenario(seed)))
    sale, run = shrunk(play, scenario(seed), "a rule")
    assert isinstance(sale, Happening)
    assert isinstance(run, Run)
    assert (sale.what, run.during, len(run.faults), run.scope) == ("sale", (), 1, "all")


@pytest.mark.parametrize(("asked", "seeds"), [("", range(FAST)), ("5000", range(5000)), ("300-400", range(300, 400))])
def test_seeds_are_asked_for_by_number_or_range(asked: str, seeds: range) -> None:
    assert asked_for(asked, range(FAST)) == seeds
