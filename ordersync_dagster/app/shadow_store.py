"""A store that never writes the shop's tables: shadow mode."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from ordersync_dagster.adapters.database.journal import runs, shadow_records
from ordersync_dagster.adapters.database.journal.recorded_run import RecordedRun
from ordersync_dagster.adapters.database.journal.runs import Purpose
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.core.known_problems import Sightings
from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.part import Applied
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.shadow import Hashed, Intent, ShadowFigures, ShadowOutcome, ShadowRecord, intents_of, judged
from ordersync_dagster.core.window import Window

SHADOW_RUN = Purpose("shadow")
_AT_ONCE = 1000  # changes whose orders are held


class ShadowStore(DatabaseStore):
    """Keeps the changes of a run in `ordersync_shadow`. Its engine refuses writes to the shop's tables."""

    def apply(self, plan: Plan, run_id: str) -> Applied:
        """Keep the changes of `plan`."""
        intents = list(intents_of(plan, self.keyed().of))
        with self.transaction() as connection:
            runs.require_running(connection, run_id)
            shadow_records.record_intents(connection, plan, intents, run_id, self._clock())
        return Applied()

    @contextmanager
    def run(self, run_id: str, window: Window | None, purpose: Purpose = SHADOW_RUN) -> Iterator[RecordedRun]:
        """As for every store; the outcomes of earlier changes are settled first."""
        with super().run(run_id, window, purpose) as run:
            verdicts = verdicts_of(self, self.read(shadow_records.read_shadow), self.keyed().of)
            with self.transaction() as connection:
                shadow_records.settle_shadow(connection, verdicts, self._clock())
            run.sightings.is_written = False
            yield run

    def _end_run(self, run_id: str, sightings: Sightings, state: str, summary: Mapping[str, int]) -> None:
        figures = ShadowFigures.of(self.read(shadow_records.read_shadow)).by_name if summary else {}
        super()._end_run(run_id, sightings, state, {**summary, **figures})


def verdicts_of(
    store: DatabaseStore, records: Sequence[ShadowRecord], hashed: Hashed | None
) -> dict[str, tuple[ShadowOutcome, str]]:
    """The outcomes of the open `records`, by the id of the change; those that stay open are left out.

    Without `hashed` nobody can compare names and addresses.
    """
    is_comparable = [each for each in records if hashed is not None or each.intent.change != "fill_fields"]
    waiting = [each for each in is_comparable if each.outcome is ShadowOutcome.OPEN]
    verdicts: dict[str, tuple[ShadowOutcome, str]] = {}
    for start in range(0, len(waiting), _AT_ONCE):
        verdicts |= _verdicts(store, waiting[start : start + _AT_ONCE], hashed or str)
    return verdicts


def _verdicts(
    store: DatabaseStore, records: Sequence[ShadowRecord], hashed: Hashed
) -> dict[str, tuple[ShadowOutcome, str]]:
    rows = _Rows(store, [each.intent for each in records])
    found = [(each, rows.of(each.intent)) for each in records]
    judgements = [(each, row, judged(each.intent, row, hashed)) for each, row in found]
    decided = [(each, row, verdict) for each, row, verdict in judgements if verdict[0] is not ShadowOutcome.OPEN]
    ours = _ours(store, [(each, row) for each, row, _ in decided if row])
    return {
        each.intent.id: (ShadowOutcome.DROPPED, "ordersync made it") if row and row.id in ours else verdict
        for each, row, verdict in decided
    }


def _ours(store: DatabaseStore, decided: Sequence[tuple[ShadowRecord, StoredOrder]]) -> frozenset[str]:
    """The orders that a run of ours wrote since the first of these changes was planned."""
    if not decided:
        return frozenset()
    since = min(each.first_seen for each, _ in decided)

    ids = {row.id for _, row in decided}
    return store.read(partial(shadow_records.repaired_since, order_ids=ids, since=since))


class _Rows:
    """The shop's orders of some changes, read together: by session, then by payment, then by the order's id."""

    def __init__(self, store: DatabaseStore, intents: Sequence[Intent]) -> None:
        of_sessions = store.orders_of_sessions({each.session_id for each in intents if each.session_id})
        payments = {each.payment for each in intents if each.payment}
        of_payments = store.orders(store.order_ids_of_payments(payments))
        of_ids = store.orders({each.order_id for each in intents})
        self._of_session = {row.session_id: row for row in of_sessions}
        self._of_payment = {row.payment_intent_id: row for row in of_payments}
        self._of_id = {row.id: row for row in of_ids}

    def of(self, intent: Intent) -> StoredOrder | None:
        own = self._of_session.get(intent.session_id) or self._of_id.get(intent.order_id)
        return own or (self._of_payment.get(intent.payment) if intent.payment else None)
