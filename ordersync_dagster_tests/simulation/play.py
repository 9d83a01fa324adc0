"""Plays a scenario: the real use case on the real store, between vendors and a webhook that do as the scenario says."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from unittest import mock

from ordersync_dagster.adapters.database.journal import verify
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.printful import api
from ordersync_dagster.app.deliveries import ParcelRecord
from ordersync_dagster.core.errors import LockHeldError, OrderSyncError
from ordersync_dagster.core.part import Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.window import Window
from ordersync_dagster.sync.deliveries import Deliveries
from ordersync_dagster.sync.order_sync import OrderSync, PrintfulScope, Request
from ordersync_dagster_tests.simulation import scenario as steps
from ordersync_dagster_tests.simulation.prediction import found, predicted
from ordersync_dagster_tests.simulation.promises import Under, check_done, check_reported
from ordersync_dagster_tests.simulation.reading import PretendStripe, VendorAwayError, pretend_printful
from ordersync_dagster_tests.simulation.scenario import Happening, Run, Scenario
from ordersync_dagster_tests.simulation.shop import Shop
from ordersync_dagster_tests.simulation.stage import OFF, Stage
from ordersync_dagster_tests.simulation.truth import Truth, require
from ordersync_dagster_tests.simulation.vendors import Json, Vendors
from ordersync_dagster_tests.simulation.wire import Killed, Wire

GRACE = timedelta(minutes=15)
LASTING = ("stripe_away", "printful_away", "disk_full", "orders_refused")  # once they struck they stay
_STRIKES_AT = {  # which calls a fault counts
    "stripe_away": "stripe",
    "refunds_away": "refunds",
    "refunds_forbidden": "refunds",
    "printful_hiccup": "printful",
    "printful_away": "printful",
    "killed_before_commit": "commit",
    "killed_after_commit": "commit",
    "answer_lost": "commit",
    "commit_breaks": "commit",
    "stopped": "part",
}


def play(stage: Stage, scenario: Scenario) -> None:
    """Raises BrokenError at the first rule that does not hold. Few orders fill several of Printful's pages."""
    stage.clear()
    one = _Play(stage)
    with closing(one.shop.connection), mock.patch.object(api, "ORDERS_PER_PAGE", 6):
        for step in scenario:
            one.take(step)
        one.finish()


class _Play:
    def __init__(self, stage: Stage) -> None:
        self._stage, self._vendors = stage, Vendors()
        self.shop = Shop(stage.path, self._vendors)
        self._truth = Truth(self.shop, self._vendors)
        self._runs = 0
        self._under: Under | None = None

    def take(self, step: steps.Step) -> None:
        if isinstance(step, Run):
            self._run(step)
        else:
            self._happen(step)
        self._truth.check()

    def finish(self) -> None:
        """The world stands still: one run does everything, a second nothing, a dry run plans nothing."""
        newest = max([each["created"] for each in self._vendors.sessions.values()], default=0)
        late = timedelta(seconds=max(0, newest - self._vendors.now.timestamp()))
        self._vendors.now += late + GRACE + timedelta(minutes=1)
        last = Run(waits_for_parcels=self._truth.waits_for_parcels)
        planned, written = _intents(self._run(replace(last, is_dry=True))), _intents(self._run(last))
        require(planned == written, "a dry run plans what the run does", (planned, written))
        before = self._truth.counts.copy()
        self._run(last)
        require(self._truth.counts == before, "I8 a second run writes nothing", self._truth.counts - before)
        states = self.shop.rows("SELECT id, state FROM ordersync_runs WHERE state = 'running'")
        require(not states, "no run is left running", states)
        with self._stage.reading.connect() as reading:
            broken = verify.verify(reading).broken
        require(broken is None, "the audit's chain is whole", broken)

    def _happen(self, happening: Happening) -> None:
        if happening.what in steps.VENDORS:
            self._vendors.happen(happening.what, happening.luck)
        elif happening.what in steps.SHOP:
            self.shop.happen(happening.what, happening.luck)
        elif self._under and not self._under.run.is_dry:
            self._meanwhile(happening.what)

    def _meanwhile(self, what: str) -> None:
        """Somebody starts us again while we are at work."""
        outer, wire = self._under, self._stage.wire
        is_dry = what == "preview"
        try:
            self._run(Run(is_dry=is_dry))
            require(is_dry, "a second run meets the lock", what)
        except LockHeldError as error:
            assert outer is not None
            is_recorded = bool(self.shop.rows("SELECT 1 FROM ordersync_runs WHERE id = ?", outer.run_id))
            is_named = outer.run_id in str(error) or not is_recorded  # who has just begun is not written down yet
            require(not is_dry and is_named, "a second run is told who holds the lock", error)
        finally:
            self._under, self._stage.wire = outer, wire

    def _moment(self, call: str) -> str | None:
        """A call of ours is about to happen: the world moves on, and a fault may strike; its name."""
        under = self._under
        if under is None:
            return None
        under.calls["all"] += 1
        under.calls[call] += 1
        for moment, happening in under.run.during:
            is_allowed = not under.run.is_dry or happening.what in steps.VENDORS
            if moment == under.calls["all"] and is_allowed:
                self._happen(happening)
        for fault in under.run.faults:
            count = under.calls[call]
            is_hit = count >= fault.at if fault.what in LASTING else count == fault.at
            if _STRIKES_AT.get(fault.what, "statement") == call and is_hit:
                return fault.what
        return None

    def _ask_vendor(self, call: str) -> None:
        fault = self._moment(call)
        if fault == "refunds_forbidden":
            raise PermissionError
        if fault is not None:
            raise VendorAwayError

    def _run(self, run: Run) -> list[Plan]:
        """One process of ours, from its start to its end; the plans that it came to."""
        self._runs += 1
        if self._under is None:
            self._truth.waits_for_parcels = run.waits_for_parcels
            self._stage.engine.dispose()  # no other process of ours is at work: the last one took its connections along
        wire = Wire(self._moment, self._truth.check)
        window = _window(run, self._vendors.now)
        ripe = self._vendors.now - GRACE
        sessions = self._vendors.sessions.values()
        due = [each for each in sessions if self._vendors.is_due(each, ripe) and _is_in(each, window)]
        under = self._under = Under(run, Counter(), due, f"run-{self._runs:03d}")
        self._stage.wire = wire
        try:
            play = self._preview if run.is_dry else self._predicted if _is_undisturbed(run) else self._repair
            return play(under, self._sync(under, ripe), window)
        except OrderSyncError as error:
            if not run.faults:
                raise
            require(not isinstance(error, LockHeldError), "a lock dies with its holder", error)
            is_only = all(fault.what == "answer_lost" for fault in run.faults)
            require(not (wire.is_settled_by_looking and is_only), "a lost answer is settled by looking", error)
        except Killed:
            require(wire.is_dead, "killed by the scenario alone", run)
        finally:
            self._under, self._stage.wire = None, OFF
        return []

    def _predicted(self, under: Under, sync: OrderSync, window: Window) -> list[Plan]:
        waits = under.run.waits_for_parcels
        expected = predicted(self._vendors, self.shop, self._vendors.now - GRACE, waits_for_parcels=waits)
        plans = self._repair(under, sync, window)
        there = found(self.shop)
        pairs = {key: (expected.get(key), there.get(key)) for key in expected.keys() | there.keys()}
        wrong = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
        require(not wrong, "an undisturbed run reaches what the model predicts (expected, found)", wrong)
        return plans

    def _sync(self, under: Under, ripe: datetime) -> OrderSync:
        engine = self._stage.reading if under.run.is_dry else self._stage.engine
        printful, parcels = pretend_printful(self._vendors, self._ask_vendor)
        store = DatabaseStore(engine, self._stage.tables, self._stage.path, self._now)
        record = ParcelRecord(store, self._now)
        return OrderSync(
            run_id=under.run_id,
            stripe=PretendStripe(self._vendors, self._ask_vendor),
            printful=printful,
            store=store,
            rules=SessionRules(live=False, settled_before=int(ripe.timestamp())),
            clock=self._now,
            deliveries=Deliveries(parcels, record, self._now) if under.run.waits_for_parcels else None,
        )

    def _now(self) -> datetime:
        return self._vendors.now

    def _preview(self, under: Under, sync: OrderSync, window: Window) -> list[Plan]:
        before = self._everything()
        plans = [part.plan for part in sync.preview(_request(under.run, window))]
        require(self._everything() == before, "I10 a dry run changes nothing", under.run)
        return plans

    def _everything(self) -> list[str]:
        return list(self.shop.connection.iterdump())

    def _repair(self, under: Under, sync: OrderSync, window: Window) -> list[Plan]:
        confirm = (lambda _: self._between(under.run)) if under.run.is_planned_whole else None
        before, reported = self._truth.counts.copy(), list[Part]()
        parts = sync.repair(_request(under.run, window), confirm=confirm)
        for part in parts:
            reported.append(part)
            check_reported(self.shop, reported, self._truth.counts - before)
            if self._moment("part") == "stopped":
                parts.close()  # type: ignore[attr-defined]  # it is a generator
                return []
        check_done(self.shop, self._vendors, under, reported)
        return [part.plan for part in reported]

    def _between(self, run: Run) -> None:
        """The plan is made, nothing is written yet."""
        for moment, happening in run.during:
            if moment == 0:
                self._happen(happening)


def _window(run: Run, now: datetime) -> Window:
    if run.is_partition:
        day = (now - timedelta(days=run.days)).date()
        return Window.between(day, day, now)
    return Window.last_days(max(1, run.days), now)


def _intents(plans: list[Plan]) -> list[object]:
    """What is decided, without the rows that it was decided on."""
    updates = [[(each.seen.id, each.changes) for each in (*plan.completions, *plan.updates)] for plan in plans]
    return [
        (plan.day, plan.inserts, plan.skips, plan.problems, update) for plan, update in zip(plans, updates, strict=True)
    ]


def _is_undisturbed(run: Run) -> bool:
    return run == Run(is_planned_whole=run.is_planned_whole, waits_for_parcels=run.waits_for_parcels)


def _is_in(session: Json, window: Window) -> bool:
    return bool(window.start_epoch <= session["created"] < window.end_epoch)


def _request(run: Run, window: Window) -> Request:
    return Request(window, PrintfulScope[run.scope], run.reads_stripe)
