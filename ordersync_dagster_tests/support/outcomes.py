"""The result of a run, as tests compare it."""

from collections.abc import Mapping

from ordersync_dagster.app.run import Run
from ordersync_dagster_tests.support.world import Counters


def counters(run: Run) -> Counters:
    """The seven that every summary holds."""
    return Counters(**run.outcome.summary.seven)


def classes(run: Run) -> set[str]:
    return {str(problem.problem_class) for problem in run.outcome.problems}


def of_class(run: Run, problem_class: str) -> list[Mapping[str, str]]:
    """The ids of each problem of a class."""
    return [problem.ids for problem in run.outcome.problems if problem.problem_class == problem_class]
