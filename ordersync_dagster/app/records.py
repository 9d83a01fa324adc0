"""Our own records in a shop's database that several commands read; empty where no run has made the tables yet."""

from collections.abc import Iterable, Mapping
from functools import partial

from ordersync_dagster.adapters.database.journal import problem_records, run_history, runs
from ordersync_dagster.adapters.database.rows.read import read_words_without_printful
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.known_problems import KnownProblem
from ordersync_dagster.report.links import run_link


def records_problems(store: DatabaseStore) -> bool:
    """Whether runs record problems; a release before did not."""
    return problem_records.PROBLEMS.name in store.tables.own


def known_problems(store: DatabaseStore, *, only_open: bool = True) -> list[KnownProblem]:
    """The problems that runs recorded, the oldest first."""
    if not records_problems(store):
        return []
    condition = problem_records.IS_OPEN if only_open else None
    return store.read(partial(problem_records.read_problems, condition=condition))


def unmapped_words(store: DatabaseStore) -> Mapping[str, int]:
    """Status words that ordersync.toml does not map, and their orders that name no Printful order."""
    return store.read(partial(read_words_without_printful, tables=store.tables))


def run_health(store: DatabaseStore) -> RunHealth:
    """How the last runs went."""
    return store.read(run_history.read_health) if store.tables.has_own_tables else RunHealth()


def links_of_runs(settings: Settings, store: DatabaseStore, run_ids: Iterable[str]) -> Mapping[str, str]:
    """By id: the run's page in Dagster, for those that Dagster started, where ORDERSYNC_DAGSTER_URL is set."""
    base = settings.ordersync_dagster_url
    if base is None or runs.DAGSTER_RUNS.name not in store.tables.own:
        return {}
    found = store.read(partial(runs.read_dagster_runs, run_ids={*run_ids}))
    return {run_id: link for run_id, dagster_run in found.items() if (link := run_link(base, dagster_run))}
