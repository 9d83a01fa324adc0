"""A run while it goes on, as the store gives it to the use case."""

from collections.abc import Callable, Mapping

from ordersync_dagster.core.known_problems import Sightings


class RecordedRun:
    """A run that holds the shop's lock, its row in ordersync_runs, and the problems that it found."""

    def __init__(self, end: Callable[[str, Mapping[str, int]], None], sightings: Sightings) -> None:
        self._end, self.sightings, self.is_ended = end, sightings, False

    def end(self, summary: Mapping[str, int]) -> None:
        """Record that the run succeeded, with the figures of its summary; raises as `runs.end`."""
        self._end("succeeded", summary)
        self.is_ended = True
