"""The smallest scenario that still breaks the same rule, and how to print it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ordersync_dagster_tests.simulation.scenario import Happening, Run, Scenario, Step
from ordersync_dagster_tests.simulation.truth import BrokenError

Play = Callable[[Scenario], None]
T = TypeVar("T")


def broken_rule(play: Play, scenario: Scenario) -> str | None:
    """The rule that `scenario` breaks, or the error that should not have come; None where all holds."""
    try:
        play(scenario)
    except BrokenError as error:
        return error.rule
    except Exception as error:
        return type(error).__name__
    return None


def shrunk(play: Play, scenario: Scenario, rule: str) -> Scenario:
    """`scenario` without all that the same failure does not need."""
    is_smaller = True
    while is_smaller:
        smaller = next((each for each in _smaller(scenario) if broken_rule(play, each) == rule), None)
        is_smaller = smaller is not None
        scenario = smaller or scenario
    return scenario


def as_source(scenario: Scenario) -> str:
    """Python that makes `scenario`, for a test of its own."""
    return "(\n" + "".join(f"    {_source(step)},\n" for step in scenario) + ")"


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """First without half of the steps, then a quarter, at last without one; then with simpler runs."""
    size = len(scenario) // 2
    while size:
        yield from (scenario[:place] + scenario[place + size :] for place in range(0, len(scenario), size))
        size //= 2
    for place, step in enumerate(scenario):
        if isinstance(step, Run):
            yield from ((*scenario[:place], run, *scenario[place + 1 :]) for run in _simpler(step))


def _simpler(run: Run) -> Iterator[Run]:
    yield from (replace(run, during=during) for during in _without_one(run.during))
    yield from (replace(run, faults=faults) for faults in _without_one(run.faults))
    usual = Run(during=run.during, faults=run.faults)
    if run != usual:
        yield usual


def _without_one(values: Sequence[T]) -> Iterator[tuple[T, ...]]:
    yield from ((*values[:place], *values[place + 1 :]) for place in range(len(values)))


def _source(step: Step) -> str:
    if isinstance(step, Happening):
        return repr(step)
    usual = Run()
    told = [name for name in Run.__slots__ if getattr(step, name) != getattr(usual, name)]
    return f"Run({', '.join(f'{name}={getattr(step, name)!r}' for name in told)})"
