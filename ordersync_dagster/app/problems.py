"""The problems that runs found in one shop, from settings to result: list, show, acknowledge."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from ordersync_dagster.adapters.database.journal import problem_records
from ordersync_dagster.app.records import known_problems, records_problems, run_health
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Tools, open_records
from ordersync_dagster.core.errors import UsageError
from ordersync_dagster.core.known_problems import Acknowledgement, KnownProblem
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.text import EMPTY


class Problems:
    """The problems in `ordersync_problems`."""

    def __init__(self, settings: Settings, tools: Tools = Tools()) -> None:
        self._settings, self._tools = settings, tools

    @property
    def now(self) -> datetime:
        """The time by which an acknowledgement holds."""
        return self._tools.clock()

    def known(self, *, only_open: bool = True, classes: Collection[ProblemClass] = ()) -> list[KnownProblem]:
        """The problems of `classes` (of all, if none is given), the oldest first; none where no run was recorded."""
        store = open_records(self._settings, self._tools, is_writing=False)
        found = known_problems(store, only_open=only_open)
        return [each for each in found if not classes or each.problem_class in classes]

    def not_known(self) -> str:
        """Why nobody knows of problems: no run has looked, or none has come to its end; "" where one has."""
        store = open_records(self._settings, self._tools, is_writing=False)
        health = run_health(store)
        if not_looked := health.not_looked(is_recorded=records_problems(store)):
            return not_looked
        return "" if health.succeeded else "No run has come to its end at this shop yet: look at `ordersync status`."

    def show(self, problem_id: str) -> KnownProblem:
        """One problem, open or ended; raises UsageError if there is none with this id."""
        return self._named([problem_id])[0]

    def acknowledge(
        self, problem_ids: Collection[str], *, by: str, note: str, until: datetime | None = None
    ) -> list[KnownProblem]:
        """Record that a person has seen open problems: all, or none and UsageError where one of them has no sense."""
        problems = self._named(dict.fromkeys(problem_ids))
        if ended := next((each for each in problems if not each.is_open), None):
            raise UsageError(f"problem {ended.id} has ended ({ended.ended_why}): there is nothing to acknowledge")
        if not note.strip():
            raise UsageError("the note is empty: say what you found or decided")
        if until is not None and until <= self.now:
            raise UsageError(f"--until {until:%Y-%m-%d} is not in the future")
        seen = Acknowledgement(by, self.now, note.strip(), until)
        with open_records(self._settings, self._tools, is_writing=True).transaction() as connection:
            for each in problems:
                problem_records.acknowledge(connection, each.id, seen)
        return [replace(each, acknowledgement=seen) for each in problems]

    def _named(self, problem_ids: Iterable[str]) -> list[KnownProblem]:
        known = {each.id: each for each in self.known(only_open=False)}
        wanted = [*problem_ids]
        for unknown in (each for each in wanted if each not in known):
            raise UsageError(f"there is no problem {unknown or EMPTY}: `ordersync problems --all` lists them")
        return [known[each] for each in wanted]
