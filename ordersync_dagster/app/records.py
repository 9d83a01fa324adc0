"""Our own records in a shop's database that several commands read; empty where no run has made the tables yet."""

from functools import partial

from ordersync_dagster.adapters.database.journal import problem_records, run_history
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.known_problems import KnownProblem


def known_problems(store: DatabaseStore, *, only_open: bool = True) -> list[KnownProblem]:
    """The problems that runs recorded, the oldest first."""
    if problem_records.PROBLEMS.name not in store.tables.own:
        return []
    condition = problem_records.IS_OPEN if only_open else None
    return store.read(partial(problem_records.read_problems, condition=condition))


def run_health(store: DatabaseStore) -> RunHealth:
    """How the last runs went."""
    return store.read(run_history.read_health) if store.tables.has_own_tables else RunHealth()
