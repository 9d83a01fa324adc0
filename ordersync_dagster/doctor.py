"""`ordersync doctor`: who am I, what may I read, does the database fit. Changes nothing, prints no key."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from ordersync_dagster.adapters.http import Patience, Traffic
from ordersync_dagster.adapters.stripe_api import PERMISSIONS, StripeApi
from ordersync_dagster.core.errors import BusyError, KeyRefusedError, OrderSyncError, UsageError
from ordersync_dagster.settings import Settings
from ordersync_dagster.wiring import check_database, open_printful, open_stripe

PATIENCE = Patience(attempts=2, deadline=30)  # a person waits


class Level(StrEnum):
    """Green needs nothing, yellow a thought, red a change."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    AWAY = "away"


_MARKS = {Level.GREEN: "✓", Level.YELLOW: "!", Level.RED: "✗", Level.AWAY: "…"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    level: Level
    subject: str
    sentence: str


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; one thing that is wrong does not hide the next."""
    findings: list[Finding] = []
    for subject, look in (("Stripe", _stripe), ("Printful", _printful), ("Database", _database)):
        findings.extend(_guarded(subject, look, settings))
    return findings


def worst(findings: Sequence[Finding]) -> int:
    """The exit code: 2 where something has to be changed, 1 where somebody did not answer, else 0."""
    levels = {finding.level for finding in findings}
    return 2 if Level.RED in levels else 1 if Level.AWAY in levels else 0


def findings_text(findings: Sequence[Finding]) -> str:
    """A line a finding."""
    return "\n".join(f"{_MARKS[each.level]} {each.subject}: {each.sentence}" for each in findings)


def findings_json(findings: Sequence[Finding]) -> str:
    """The same for scripts."""
    return json.dumps({"schema_version": 1, "findings": [asdict(each) for each in findings]}, indent=2)


def _guarded(subject: str, look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from look(settings)
    except UsageError as error:
        yield Finding(Level.RED, subject, str(error))
    except (BusyError, OrderSyncError) as error:
        yield Finding(Level.AWAY, subject, str(error))


def _stripe(settings: Settings) -> Iterator[Finding]:
    settings.require("STRIPE_SECRET_KEY")
    kind = "restricted" if settings.stripe_key.startswith("rk_") else "secret"
    mode = "live" if settings.is_live else "test"
    if kind == "restricted":
        yield Finding(Level.GREEN, "Stripe", f"a restricted key, {mode} mode")
    else:
        yield Finding(
            Level.YELLOW,
            "Stripe",
            f"a secret key, {mode} mode: it works, but a restricted key could not do harm",
        )
    stripe = open_stripe(settings, PATIENCE, Traffic())
    for path, level in (("/v1/checkout/sessions", Level.RED), ("/v1/refunds", Level.YELLOW)):
        yield _readable(stripe, path, level)


def _readable(stripe: StripeApi, path: str, otherwise: Level) -> Finding:
    try:
        stripe.may_read(path)
    except KeyRefusedError as error:
        return Finding(otherwise, "Stripe", str(error))
    return Finding(Level.GREEN, "Stripe", f"may read {PERMISSIONS[path].removesuffix(': Read')}")


def _printful(settings: Settings) -> Iterator[Finding]:
    settings.require("PRINTFUL_API_KEY")
    store = f"store {settings.printful_store_id}" if settings.printful_store_id else "the token's own store"
    count = open_printful(settings, PATIENCE, Traffic()).count()
    yield Finding(Level.GREEN, "Printful", f"may read orders of {store}: {count} there")


def _database(settings: Settings) -> Iterator[Finding]:
    shop = check_database(settings)
    yield Finding(Level.GREEN, "Database", f"{shop.target} fits; {shop.store.order_count()} orders")
    statuses = shop.store.statuses()
    if "completed" in statuses and "delivered" not in statuses:
        yield Finding(
            Level.YELLOW,
            "Database",
            "orders say `completed` but never `delivered`, which Printful's `fulfilled` becomes: "
            "check that your shop shows that word",
        )
