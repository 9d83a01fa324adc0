"""Proofs of days, from settings to result: the sessions of each day against their orders. Only reads."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import ReadyRun, Tools, database_url, open_run
from ordersync_dagster.core.errors import SavedFileError, UnreadListError
from ordersync_dagster.core.money import minor_units
from ordersync_dagster.core.proof import DayProof, day_proof
from ordersync_dagster.core.proof_changes import ProofChange, changes_since
from ordersync_dagster.core.reversals import names_payment, read_reversals
from ordersync_dagster.core.stripe_session import SessionMatch
from ordersync_dagster.core.window import Window, WindowError, midnight
from ordersync_dagster.report.plan_file import mode_name
from ordersync_dagster.report.proof_file import ProvedShop, SavedProof
from ordersync_dagster.sync.order_sync import PrintfulScope, Request

_Returned = Mapping[str, Mapping[str, int]]  # by payment: sums in minor units by currency


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof that was made now; `changes` since an earlier one, None where there was none.

    `refunded` is what had gone back of a day when the earlier one was made, where that is known.
    """

    proof: SavedProof
    headline: str
    warnings: Sequence[str]
    changes: Sequence[ProofChange] | None = None
    refunded: Mapping[date, Mapping[str, int]] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every day is proved, and is still as an earlier proof had it."""
        return all(each.is_proved for each in self.proof.days) and not self.changes


class Proofs:
    """Proves the days of one shop."""

    def __init__(self, settings: Settings, tools: Tools = Tools()) -> None:
        self._settings, self._tools = settings, tools

    def prove(self, window: Window) -> Proved:
        """Every day of `window`, newest first; raises what a dry run raises."""
        ready = open_run(self._settings, PrintfulScope.none, dry_run=True, tools=self._tools)
        plans = (part.plan for part in ready.sync.preview(Request(window, PrintfulScope.none)))
        made: list[DayProof] = []
        for plan in plans:
            if plan.day is not None:
                is_over = plan.day in ready.stripe.period(window).whole_days
                made.append(day_proof(plan, plan.day, is_over=is_over))
        days = tuple(_with_refunds(made, _returned(ready, window)))
        return Proved(SavedProof(self._shop(), self._tools.clock(), days), ready.headline, ready.warnings)

    def check(self, before: SavedProof, path: Path, *, is_moved: bool) -> Proved:
        """The days of an earlier proof as they are now; raises SavedFileError where it is of another shop."""
        self._require_same_shop(before.shop, path, is_moved=is_moved)
        then = {each.day: each for each in before.days}
        if not then:
            raise SavedFileError(f"{path} proves no day. Make a new proof.")
        try:
            window = Window.between(min(then), max(then), self._tools.clock())
        except WindowError as error:
            raise SavedFileError(f"{path}: {error}") from None
        now = self.prove(window)
        days = tuple(each for each in now.proof.days if each.day in then)
        compared = [each for each in days if each.has_figures and then[each.day].has_figures]
        changes = [change for each in compared for change in changes_since(then[each.day], each)]
        notes = [f"{each.day} was not proved in {path}." for each in before.days if not each.has_figures]
        proof = replace(now.proof, days=days)
        refunded = {each.day: each.refunded for each in before.days if each.refunded is not None}
        return replace(now, proof=proof, changes=changes, refunded=refunded, warnings=[*now.warnings, *notes])

    def _shop(self) -> ProvedShop:
        place = connection.place(database_url(self._settings, "STRIPE_SECRET_KEY"))
        return ProvedShop(place, mode_name(is_live=self._settings.is_live), _rules(self._settings))

    def _require_same_shop(self, before: ProvedShop, path: Path, *, is_moved: bool) -> None:
        here = self._shop()
        if before.stripe_mode != here.stripe_mode:
            raise SavedFileError(
                f"{path} is a proof of Stripe's {before.stripe_mode} mode, and STRIPE_SECRET_KEY is a key of "
                f"{here.stripe_mode} mode: use the key of the proof's mode"
            )
        if before.sessions != here.sessions:
            raise SavedFileError(
                f"{path} was made with other settings of which sessions are this shop's (ORDERSYNC_SESSION_MATCH, "
                "ORDERSYNC_CHECKOUT_MODES, ORDERSYNC_INCLUDE_FREE_ORDERS): set them as they were, or make a new proof"
            )
        if before.database != here.database and not is_moved:
            raise SavedFileError(
                f"{path} is a proof of the database {before.database}, and DATABASE_URL is {here.database}. Set "
                "DATABASE_URL to the proof's database; if the shop's database has moved, add --moved."
            )


def _rules(settings: Settings) -> dict[str, Any]:
    return {
        "match": _match(settings.ordersync_session_match),
        "checkout_modes": sorted(str(mode) for mode in settings.ordersync_checkout_modes),
        "include_free_orders": settings.ordersync_include_free_orders,
    }


def _match(match: SessionMatch | None) -> str | None:
    if match is None:
        return None
    name = f"metadata.{match.metadata_key}" if match.metadata_key else "payment_link"
    return name if match.value is None else f"{name}={match.value}"


def _returned(ready: ReadyRun, window: Window) -> _Returned | None:
    """Refunds and lost disputes since the window began; None where the key may not read them."""
    since, warned = int(midnight(window.start.date()).timestamp()), len(ready.stripe.warnings)
    try:
        refunds, disputes = list(ready.stripe.refunds(since)), list(ready.stripe.disputes(since))
    except UnreadListError:
        return None
    if len(ready.stripe.warnings) > warned or not all(map(names_payment, [*refunds, *disputes])):
        return None
    found = read_reversals(refunds, disputes).returned
    return {
        payment: {currency: minor_units(amount, currency) or 0 for currency, amount in sums.items()}
        for payment, sums in found.items()
    }


def _with_refunds(days: Sequence[DayProof], returned: _Returned | None) -> Iterator[DayProof]:
    for each in days:
        if returned is None:
            yield each
            continue
        sums: Counter[str] = Counter()
        for entry in each.entries:
            sums.update(returned.get(entry.payment_intent_id or "", {}))
        yield replace(each, refunded=dict(sorted(sums.items())))
