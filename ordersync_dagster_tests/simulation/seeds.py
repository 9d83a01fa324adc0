"""Which seeds to play, and what to say of one that fails."""

import os
from collections.abc import Iterable

from ordersync_dagster_tests.simulation.play import play
from ordersync_dagster_tests.simulation.scenario import Scenario, scenario
from ordersync_dagster_tests.simulation.shrinking import as_source, broken_rule, shrunk
from ordersync_dagster_tests.simulation.stage import Stage

FAST, SLOW, MANY = 4, 200, 2_000  # of `make test`, `make test-all` and `make simulate`


def asked_for(environment: str, default: range) -> range:
    """`5000` is the first 5000 seeds, `300-400` those from 300 up to 399; empty is `default`."""
    first, dash, end = environment.partition("-")
    if not environment:
        return default
    return range(int(first), int(end)) if dash else range(int(first))


def from_environment(default: range) -> range:
    """ORDERSYNC_SEED (one, to replay it) or ORDERSYNC_SEEDS (many, or a range)."""
    one = os.environ.get("ORDERSYNC_SEED", "")
    if one:
        return range(int(one), int(one) + 1)
    return asked_for(os.environ.get("ORDERSYNC_SEEDS", ""), default)


def first_failure(stage: Stage, seeds: Iterable[int]) -> str | None:
    """The first of `seeds` that breaks a rule, shrunk, and how to replay it."""

    def on_stage(each: Scenario) -> None:
        play(stage, each)

    for seed in seeds:
        whole = scenario(seed)
        rule = broken_rule(on_stage, whole)
        if rule is not None:
            small = shrunk(on_stage, whole, rule)
            return (
                f"seed {seed} breaks: {rule}\nreplay: make simulate ORDERSYNC_SEED={seed}\n"
                f"{len(small)} of its {len(whole)} steps suffice:\n{as_source(small)}\n"
            )
    return None
