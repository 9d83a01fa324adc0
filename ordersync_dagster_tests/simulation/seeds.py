"""Which seeds to play, and what to say of one that fails."""

import os
from collections.abc import Iterable
from functools import partial

from ordersync_dagster_tests.simulation.play import play
from ordersync_dagster_tests.simulation.scenario import scenario
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


def first_broken(stage: Stage, seeds: Iterable[int]) -> tuple[int, str] | None:
    """The first of `seeds` that breaks a rule, and the rule."""
    played = ((seed, broken_rule(partial(play, stage), scenario(seed))) for seed in seeds)
    return next(((seed, rule) for seed, rule in played if rule is not None), None)


def first_failure(stage: Stage, seeds: Iterable[int]) -> str | None:
    """The first of `seeds` that breaks a rule, shrunk, and how to replay it."""
    broken = first_broken(stage, seeds)
    if broken is None:
        return None
    seed, rule = broken
    whole = scenario(seed)
    small = shrunk(partial(play, stage), whole, rule)
    return (
        f"seed {seed} breaks: {rule}\nreplay: make simulate ORDERSYNC_SEED={seed}\n"
        f"{len(small)} of its {len(whole)} steps suffice:\n{as_source(small)}\n"
    )
