"""`ordersync doctor`: keys, permissions, database, rates, Dagster. Changes nothing, prints no key."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from ordersync_dagster.adapters.alerts.sinks import require_apprise, sinks_of
from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.diagnostics import diagnose
from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.http.client import RetryPolicy, Traffic
from ordersync_dagster.adapters.stripe.api import StripeApi
from ordersync_dagster.adapters.stripe.refusals import PERMISSIONS
from ordersync_dagster.app.accounts import RATES
from ordersync_dagster.app.database_findings import database_findings
from ordersync_dagster.app.deliveries import open_parcels
from ordersync_dagster.app.other_shop import refuse_other_shop
from ordersync_dagster.app.rate_limits import place_of_rates
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.wiring import Clock, Tools, open_printful, open_stripe
from ordersync_dagster.core.errors import MissingPermissionError, OrderSyncError, UsageError, VendorError
from ordersync_dagster.core.exit_codes import BUSY, FAILED, OK, USAGE
from ordersync_dagster.core.text import counted
from ordersync_dagster.report.findings import Finding, Level

RETRY_POLICY = RetryPolicy(attempts=2, deadline=30)  # a person waits
TOLERATED_SKEW, WRONG_SKEW = 60, 300  # seconds
STRIPE_ALLOWS, PRINTFUL_ALLOWS = 25, 120  # a second and endpoint, a minute and token
READABLE = {
    "/v1/checkout/sessions": Level.RED,
    "/v1/refunds": Level.YELLOW,
    "/v1/disputes": Level.YELLOW,
    "/v1/invoice_payments": Level.YELLOW,
    "/v1/events": Level.YELLOW,
}
ONLY_FOR = {
    "/v1/invoice_payments": " Only orders of subscriptions need it.",
    "/v1/events": " Only `ordersync outages` and Dagster's sensor missed_webhooks need it.",
}

Look = Callable[[Settings, Tools], Iterator[Finding]]


def examine(settings: Settings, tools: Tools = Tools()) -> list[Finding]:
    """Look at everything; one thing that is wrong does not hide the next."""
    looks: tuple[tuple[str, Look, tuple[str, ...]], ...] = (
        ("Stripe", _stripe, ("STRIPE_SECRET_KEY", "STRIPE_API_BASE", "ORDERSYNC_CA_BUNDLE")),
        ("Printful", _printful, ("PRINTFUL_API_KEY", "PRINTFUL_API_BASE", "PRINTFUL_DELIVERY", "ORDERSYNC_CA_BUNDLE")),
        ("Database", _database, ("DATABASE_URL", "ORDERSYNC_CONFIG", "ORDERSYNC_SCHEMA")),
        ("Rates", _rates, ("STRIPE_REQUESTS_PER_SECOND", "PRINTFUL_REQUESTS_PER_MINUTE")),
        ("Alerts", _alerts, ("ORDERSYNC_ALERT_URLS", "ORDERSYNC_ALERT_CLASSES", "ORDERSYNC_SILENCE_HOURS")),
        ("Dagster", _dagster, ()),
    )
    named = {name for _, _, names in looks for name in names}
    general = settings.wrong_or_missing(name for name in settings.faults if name not in named)
    findings = [Finding(Level.RED, "Settings", sentence) for sentence in general]
    for subject, look, names in looks:
        wrong = [Finding(Level.RED, subject, sentence) for sentence in settings.wrong_or_missing(names)]
        findings += wrong or _guarded(subject, look, settings, tools)
    return findings


def worst(findings: Sequence[Finding]) -> int:
    """The exit code: 2 where something has to be changed, 75 or 1 where the database or a vendor is away, else 0."""
    if any(finding.level == Level.RED for finding in findings):
        return USAGE
    away = {finding.subject for finding in findings if finding.level == Level.AWAY}
    return BUSY if "Database" in away else FAILED if away else OK


def _guarded(subject: str, look: Look, settings: Settings, tools: Tools) -> Iterator[Finding]:
    try:
        yield from look(settings, tools)
    except UsageError as error:
        yield Finding(Level.RED, subject, str(error))
    except OrderSyncError as error:
        yield Finding(Level.AWAY, subject, str(error))


def _stripe(settings: Settings, tools: Tools) -> Iterator[Finding]:
    stripe = open_stripe(settings, RETRY_POLICY, Traffic())
    dates: list[Finding] = []
    may_read = (_readable(stripe, path, level, tools.clock, dates) for path, level in READABLE.items())
    try:
        first = next(may_read)
    except VendorError:
        yield Finding(Level.GREEN, "Stripe", _key(settings))  # the key itself says so
        raise
    yield from (_kind_of_key(settings), first)
    yield from may_read
    yield from dates[:1]
    yield from (Finding(Level.YELLOW, "Stripe", warning) for warning in stripe.warnings)


def _key(settings: Settings) -> str:
    kind = "restricted" if settings.stripe_key.startswith("rk_") else "secret"
    return f"a {kind} key, {'live' if settings.is_live else 'test'} mode"


def _kind_of_key(settings: Settings) -> Finding:
    if settings.stripe_key.startswith("rk_"):
        return Finding(Level.GREEN, "Stripe", _key(settings))
    return Finding(Level.YELLOW, "Stripe", f"{_key(settings)}: it works, but a restricted key could not do harm")


def _readable(stripe: StripeApi, path: str, otherwise: Level, clock: Clock, dates: list[Finding]) -> Finding:
    """Raises KeyRefusedError where Stripe refuses the key itself, because no other answer would differ."""
    before = clock()
    try:
        answer = stripe.may_read(path)
    except MissingPermissionError as error:
        return Finding(otherwise, "Stripe", f"{error}{ONLY_FOR.get(path, '')}")
    dates += skew(answer.headers.get("Date", ""), before, clock())
    return Finding(Level.GREEN, "Stripe", f"may read {PERMISSIONS[path].removesuffix(': Read')}")


def skew(header: str, before: datetime, after: datetime) -> list[Finding]:
    """Compare this machine's clock with Stripe's Date header; Stripe was asked between `before` and `after`."""
    try:
        theirs = parsedate_to_datetime(header)
    except ValueError:
        return []
    seconds = round((before + (after - before) / 2 - theirs).total_seconds())
    if abs(seconds) <= TOLERATED_SKEW:
        return [Finding(Level.GREEN, "Clock", f"agrees with Stripe's to {max(1, abs(seconds))} s")]
    level = Level.RED if abs(seconds) > WRONG_SKEW else Level.YELLOW
    way = "ahead of" if seconds > 0 else "behind"
    sentence = f"{abs(seconds)} s {way} Stripe's, so days and ages come out wrong: let NTP set this machine's clock"
    return [Finding(level, "Clock", sentence)]


def _printful(settings: Settings, _tools: Tools) -> Iterator[Finding]:
    store = f"store {settings.printful_store_id}" if settings.printful_store_id else "the token's own store"
    count = open_printful(settings, RETRY_POLICY, Traffic()).count()
    yield Finding(Level.GREEN, "Printful", f"may read orders of {store}: {count} there")
    if settings.waits_for_parcels:
        open_parcels(settings, RETRY_POLICY, Traffic()).check()
        yield Finding(Level.GREEN, "Printful", "may read parcels (API v2), which say when an order is delivered")


def _database(settings: Settings, tools: Tools) -> Iterator[Finding]:
    url, remarks = connection.parse_url(settings.database), connection.url_remarks(settings.database)
    yield from (Finding(Level.GREEN, "Database", remark) for remark in remarks)
    shop = open_shop.open_existing(url, tools.clock, settings.layout)
    refuse_other_shop(settings, shop)
    count = shop.store.order_count()
    yield Finding(
        Level.GREEN, "Database", f"{shop.target} fits; {counted(count, 'order')}, stripe_session_id is unique"
    )
    for note in shop.notes:
        yield Finding(Level.GREEN, "Database", note)
    yield from database_findings(diagnose(shop, connection.sqlite_path(url)), is_shadow=settings.ordersync_shadow)
    statuses = shop.store.statuses()
    if "completed" in statuses and "delivered" not in statuses:
        yield Finding(
            Level.YELLOW,
            "Database",
            "orders say `completed` but never `delivered`, which is what we write: check that your shop "
            'shows that word, or say delivered = "completed" under [statuses] in ordersync.toml',
        )


def _rates(settings: Settings, _tools: Tools) -> Iterator[Finding]:
    stripe, printful = settings.stripe_requests_per_second, settings.printful_requests_per_minute
    places = list(dict.fromkeys(place_of_rates(settings, vendor) for vendor in RATES))
    for place in places:
        if isinstance(place, Path) and not _is_writable(place):
            yield Finding(Level.YELLOW, "Rates", f"{place} cannot be written, so each run asks at half rate")
    shared = [vendor.capitalize() for vendor in settings.shared_accounts]
    budget = (
        f"{stripe} requests a second to each of Stripe's endpoints, {printful} a minute to Printful, kept in "
        f"{' and '.join(map(str, places))}"
        + (f"; other shops have the same account at {' and '.join(shared)} and share its limit" if shared else "")
    )
    if stripe > STRIPE_ALLOWS or printful > PRINTFUL_ALLOWS:
        allowed = f"Stripe allows {STRIPE_ALLOWS}, Printful {PRINTFUL_ALLOWS}"
        yield Finding(Level.YELLOW, "Rates", f"{budget}: more than they take ({allowed}), so 429s will slow runs down")
    else:
        yield Finding(Level.GREEN, "Rates", budget)


def _alerts(settings: Settings, _tools: Tools) -> Iterator[Finding]:
    sinks = sinks_of(settings.alert_urls)
    if not sinks:
        yield Finding(Level.GREEN, "Alerts", "ORDERSYNC_ALERT_URLS is not set, so nobody is told (docs/alerts.md)")
        return
    require_apprise()
    for each in sinks:
        if each.is_understood:
            yield Finding(Level.GREEN, "Alerts", f"{each.name}: try it with `ordersync alerts test`")
        else:
            sentence = f"{each.name}: apprise does not understand this URL; docs/alerts.md has examples"
            yield Finding(Level.RED, "Alerts", sentence)


def _dagster(_settings: Settings, _tools: Tools) -> Iterator[Finding]:
    home = os.environ.get("DAGSTER_HOME", "")
    if not home:
        sentence = "DAGSTER_HOME is not set: the command line needs none, the web UI and schedules do"
        yield Finding(Level.GREEN, "Dagster", sentence)
    elif not Path(home).is_absolute() or not Path(home).is_dir() or not _is_writable(Path(home)):
        sentence = f"DAGSTER_HOME is {home}, which is no folder that can be written (an absolute path): make it one"
        yield Finding(Level.RED, "Dagster", sentence)
    else:
        yield Finding(Level.GREEN, "Dagster", f"DAGSTER_HOME is {home} and can be written")


def _is_writable(folder: Path) -> bool:
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    return existing.is_dir() and os.access(existing, os.W_OK)
