"""Settings → a ready OrderSync: the only place that picks classes."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import URL

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.journal.erased import Erasures
from ordersync_dagster.adapters.database.open_shop import OpenDatabase
from ordersync_dagster.adapters.database.schema.shop_mapping import Layout
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.http.client import GuardedSession, RateLimit, RetryPolicy, Traffic
from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.adapters.stripe.api import StripeApi
from ordersync_dagster.app.deliveries import open_deliveries
from ordersync_dagster.app.other_shop import refuse_other_shop
from ordersync_dagster.app.printful import open_access
from ordersync_dagster.app.rate_limits import RateLimits, local_rate_limits, shared_rate_limits
from ordersync_dagster.app.run_metrics import RunMetrics, metrics_sinks
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.shadow_store import ShadowStore
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.not_made import MakingRules
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.core.text import counted
from ordersync_dagster.sync.order_sync import OrderSync, PrintfulScope

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Tools:
    """The clock, and how long to wait for vendors. Tests give others."""

    clock: Clock = utc_now
    retry_policy: RetryPolicy = RetryPolicy()


@dataclass(frozen=True, slots=True)
class ReadyRun:
    """An OrderSync with everything opened, and the facts that a person reads before it starts."""

    sync: OrderSync
    scope: PrintfulScope
    is_dry_run: bool
    target: str  # host and database, never a password
    is_live: bool
    order_count: int
    is_first_run: bool
    traffic: Mapping[str, Traffic]
    notes: tuple[str, ...]  # created tables, half rates, advice on the key
    stripe: StripeApi
    store: DatabaseStore
    metrics: RunMetrics
    is_shadow: bool = False  # the shop's tables are never written

    @property
    def warnings(self) -> list[str]:
        """All warnings until now."""
        return [*self.notes, *self.stripe.warnings]

    @property
    def headline(self) -> str:
        """The first line of every run."""
        mode = "LIVE mode" if self.is_live else "test mode"
        shadow = "; shadow mode, the shop's tables are not written" if self.is_shadow else ""
        return f"Target: {self.target} ({counted(self.order_count, 'order')}), Stripe in {mode}{shadow}"


def open_run(
    settings: Settings,
    scope: PrintfulScope,
    *,
    dry_run: bool,
    tools: Tools = Tools(),
    remarks: tuple[str, ...] = (),
    rules_at: datetime | None = None,
) -> ReadyRun:
    """Open the database and both vendors; raises UsageError before any request if the settings do not allow the run.

    A dry run can only read: nothing is created anywhere, and its rate limits are its own and half as large.
    Otherwise missing tables are created, and `notes` says so, after `remarks`. The age of sessions counts until
    `rules_at`, or until now. What stops the run here goes into the metrics too.
    """
    metrics = RunMetrics([] if dry_run else metrics_sinks(settings), tools.clock)
    with metrics.of_opening():
        ready = _open_run(settings, scope, metrics, dry_run=dry_run, tools=tools, rules_at=rules_at)
    return replace(ready, notes=(*remarks, *ready.notes))


def _open_run(
    settings: Settings,
    scope: PrintfulScope,
    metrics: RunMetrics,
    *,
    dry_run: bool,
    tools: Tools,
    rules_at: datetime | None,
) -> ReadyRun:
    run_id = new_run_id(now := tools.clock())
    opened, rate_limits = _open_database(settings, scope, run_id, tools.clock, dry_run=dry_run)
    metrics.store = opened.store
    traffic = {"stripe": Traffic(), "printful": Traffic()}
    stripe = open_stripe(settings, tools.retry_policy, traffic["stripe"], rate_limits.stripe)
    of_printful = (tools.retry_policy, traffic["printful"], rate_limits.printful)
    return ReadyRun(
        sync=OrderSync(
            run_id=run_id,
            stripe=stripe,
            printful=None if scope is PrintfulScope.none else open_printful(settings, *of_printful),
            store=opened.store,
            rules=session_rules(settings, rules_at or now),
            clock=tools.clock,
            link_by=settings.layout.mapping.link.external_id,
            other_channels=settings.ordersync_other_channels,
            deliveries=open_deliveries(settings, opened.store, tools.clock, *of_printful),
            making=MakingRules(settings.ordersync_stuck_hours * 3600, not settings.ordersync_mixed_goods),
        ),
        scope=scope,
        is_dry_run=dry_run,
        target=opened.target,
        is_live=settings.is_live,
        order_count=opened.store.order_count(),
        is_first_run=not opened.store.has_runs(),
        traffic=traffic,
        notes=(*opened.notes, *rate_limits.warnings, *settings.key_advice),
        stripe=stripe,
        store=opened.store,
        metrics=metrics,
        is_shadow=settings.ordersync_shadow and not dry_run,
    )


def _open_database(
    settings: Settings, scope: PrintfulScope, run_id: str, clock: Clock, *, dry_run: bool
) -> tuple[OpenDatabase, RateLimits]:
    printful = () if scope is PrintfulScope.none else ("PRINTFUL_API_KEY",)
    url = connection.with_run_id(database_url(settings, "STRIPE_SECRET_KEY", *printful), run_id)
    opened = _opening(settings, ShadowStore, dry_run=dry_run)(url, clock, settings.layout)
    opened.store.hash_key, opened.store.shop = settings.hash_key, settings.shop
    refuse_other_shop(settings, opened)
    unknown = _unknown_erasures(opened.store.erasures)
    if dry_run:
        return replace(opened, notes=(*opened.notes, *unknown)), local_rate_limits(settings)
    if unknown:
        raise SettingsError(unknown[0])
    return opened, shared_rate_limits(settings, opened.engine)


def _opening(
    settings: Settings, in_shadow: type[DatabaseStore], *, dry_run: bool
) -> Callable[[URL, Clock, Layout], OpenDatabase]:
    """How the database is opened; in shadow mode with the store `in_shadow`, and nothing but ours is written."""
    if dry_run:
        return open_shop.open_for_reading
    if settings.ordersync_shadow:
        return partial(open_shop.open_for_shadow, make_store=in_shadow)
    return open_shop.open_for_writing


def _unknown_erasures(erasures: Erasures) -> tuple[str, ...]:
    """One sentence where customers were erased whom this process would not know again."""
    if not erasures.unknown:
        return ()
    return (
        f"ordersync_erased holds {counted(erasures.unknown, 'hash', 'hashes')} of erased customers, made with a key "
        "that is not known here, so their data could come back: set ORDERSYNC_HASH_KEY to the key that it had when "
        "they were erased (docs/data.md).",
    )


def open_records(settings: Settings, tools: Tools = Tools(), *, is_writing: bool) -> DatabaseStore:
    """The database alone, for the record of our runs; raises SchemaError where there is none."""
    url = database_url(settings)
    opened = open_shop.open_existing(url, tools.clock, settings.layout)
    if is_writing:
        opened = _opening(settings, DatabaseStore, dry_run=False)(url, tools.clock, settings.layout)
    opened.store.hash_key, opened.store.shop = settings.hash_key, settings.shop
    return opened.store


def new_run_id(now: datetime) -> str:
    """An id that no other run has and that sorts by time."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def database_url(settings: Settings, *others: str) -> URL:
    """The database; raises one SettingsError for every wrong setting, a missing DATABASE_URL and missing `others`."""
    settings.require(*others, "DATABASE_URL")
    return connection.parse_url(settings.database)


def sqlite_file(settings: Settings) -> Path | None:
    """The database's file; None where it is PostgreSQL, or none is set."""
    return connection.sqlite_path(connection.parse_url(settings.database)) if settings.database else None


def session_rules(settings: Settings, now: datetime) -> SessionRules:
    """The shop's settings for its sessions; `settled_before` is `now` less the grace minutes."""
    return SessionRules(
        live=settings.is_live,
        settled_before=int((now - timedelta(minutes=settings.ordersync_grace_minutes)).timestamp()),
        modes=settings.ordersync_checkout_modes,
        include_free=settings.ordersync_include_free_orders,
        match=settings.ordersync_session_match,
        reference=settings.layout.mapping.match.reference,
        overdue_before=int((now - timedelta(days=settings.ordersync_unpaid_days)).timestamp()),
        late_after=settings.ordersync_late_days * 86_400,
        sets_refunded=settings.ordersync_set_refunded,
    )


def open_stripe(
    settings: Settings, retry_policy: RetryPolicy, traffic: Traffic, rate_limit: RateLimit | None = None
) -> StripeApi:
    """Stripe's API; without `rate_limit` at half the rate, as nobody shares it."""
    session = GuardedSession(rate_limit or local_rate_limits(settings).stripe, traffic, settings.ordersync_ca_bundle)
    return StripeApi(settings.stripe_key, settings.stripe_api_base, session, retry_policy, traffic)


def open_printful(
    settings: Settings, retry_policy: RetryPolicy, traffic: Traffic, rate_limit: RateLimit | None = None
) -> PrintfulApi:
    """Printful's API; without `rate_limit` at half the rate, as nobody shares it."""
    return PrintfulApi(open_access(settings, retry_policy, traffic, rate_limit))
