"""The worlds, by name."""

from datetime import UTC, datetime

from ordersync_dagster.sandbox.world.large import build_large
from ordersync_dagster.sandbox.world.messy import build_messy
from ordersync_dagster.sandbox.world.outage import build_outage
from ordersync_dagster.sandbox.world.quiet import build_quiet
from ordersync_dagster.sandbox.world.world import World

SCENARIOS = ("outage", "quiet", "large", "messy")


def build(scenario: str, *, seed: int = 7, now: datetime, size: int = 0) -> World:
    """A world; the same arguments give the same world. `size` is the number of sessions of `large`.

    Raises ValueError for an unknown name, or a `now` without a time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    moment = now.astimezone(UTC)
    match scenario:
        case "outage":
            return build_outage(seed, moment)
        case "quiet":
            return build_quiet(seed, moment)
        case "messy":
            return build_messy(seed, moment)
        case "large":
            return build_large(seed, moment, size)
    raise ValueError(f"unknown scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
