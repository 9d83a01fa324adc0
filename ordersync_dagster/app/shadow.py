"""The changes of shadow mode and their outcomes, from settings to answer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from ordersync_dagster.adapters.database.journal import run_history, shadow_records
from ordersync_dagster.adapters.database.journal.keyed_hash import readable_keyed_hash
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.shadow_store import verdicts_of
from ordersync_dagster.app.wiring import Tools, open_records
from ordersync_dagster.core.shadow import ShadowFigures, ShadowRecord


@dataclass(frozen=True, slots=True)
class ShadowState:
    """Every change that shadow mode did not make, oldest first, with its outcome until now.

    `has_looked` says whether a run in shadow mode ever came to its end.
    """

    records: tuple[ShadowRecord, ...]
    has_looked: bool

    @property
    def figures(self) -> ShadowFigures:
        return ShadowFigures.of(self.records)


def shadow_state(settings: Settings, *, days: int | None = None, tools: Tools = Tools()) -> ShadowState:
    """Compares with the shop's rows as they are now; writes nothing."""
    store = open_records(settings, tools, is_writing=False)
    since = tools.clock() - timedelta(days=days) if days else None
    has_looked = store.tables.has_own_tables and store.read(run_history.has_shadow_runs)
    return ShadowState(current_records(store, since), has_looked)


def current_records(store: DatabaseStore, since: datetime | None = None) -> tuple[ShadowRecord, ...]:
    """The records, the open ones judged by the shop's rows; those that were first planned before `since` are left out.

    Where the role may not read the key of the hashes, they are as the last run left them.
    """
    if shadow_records.SHADOW.name not in store.tables.own:
        return ()
    condition = None if since is None else shadow_records.SHADOW.c.first_seen >= since
    records = store.read(partial(shadow_records.read_shadow, condition=condition))
    keyed = store.read(partial(readable_keyed_hash, given=store.hash_key))
    verdicts = verdicts_of(store, records, keyed.of if keyed.keys else None)
    return tuple(
        replace(each, outcome=verdict[0], why=verdict[1]) if (verdict := verdicts.get(each.intent.id)) else each
        for each in records
    )
