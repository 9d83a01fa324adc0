"""Settings → a ready OrderSync: the only place that picks classes."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.open_shop import OpenDatabase
from ordersync_dagster.adapters.database.store import DatabaseStore
from ordersync_dagster.adapters.http.client import GuardedSession, RateLimit, RetryPolicy, Traffic
from ordersync_dagster.adapters.printful.api import PrintfulApi
from ordersync_dagster.adapters.stripe.api import StripeApi
from ordersync_dagster.app.rate_limits import RateLimits, local_rate_limits, shared_rate_limits
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.stripe_session import SessionRules
from ordersync_dagster.sync.order_sync import OrderSync, PrintfulScope

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Shop:
    """An OrderSync that is ready, and what a person should know of it first."""

    sync: OrderSync
    target: str  # host and database, never a password
    is_live: bool
    order_count: int
    is_first_run: bool
    traffic: Mapping[str, Traffic]
    notes: tuple[str, ...]  # what happened on the way in
    stripe: StripeApi
    printful: PrintfulApi | None

    @property
    def warnings(self) -> list[str]:
        """Everything so far that a run should say aloud."""
        return [*self.notes, *self.stripe.warnings]

    @property
    def headline(self) -> str:
        """The first line of every run."""
        mode = "LIVE mode" if self.is_live else "test mode"
        return f"Target: {self.target} ({self.order_count} orders), Stripe in {mode}"


@dataclass(frozen=True, slots=True)
class Tools:
    """What tests replace: the clock, and how long to wait for vendors."""

    clock: Clock = utc_now
    retry_policy: RetryPolicy = RetryPolicy()


def open_for_preview(settings: Settings, printful: PrintfulScope, tools: Tools = Tools()) -> Shop:
    """A shop that can only be read. Nothing is created anywhere; vendors are asked at half rate."""
    run_id = new_run_id(tools.clock())
    url = connection.with_run_id(_checked(settings, printful), run_id)
    opened = open_shop.open_for_reading(url, tools.clock, settings.layout)
    return _shop(run_id, settings, printful, tools, opened, local_rate_limits(settings))


def open_for_repair(settings: Settings, printful: PrintfulScope, tools: Tools = Tools()) -> Shop:
    """A shop that can be written; creates the tables that are missing and says so in `notes`."""
    run_id = new_run_id(tools.clock())
    url = connection.with_run_id(_checked(settings, printful), run_id)
    opened = open_shop.open_for_writing(url, tools.clock, settings.layout)
    opened.store.hash_key = settings.hash_key
    return _shop(run_id, settings, printful, tools, opened, shared_rate_limits(settings, opened.engine))


@dataclass(frozen=True, slots=True)
class Watch:
    """What the sensor looks at: Stripe's events, and whether sessions have orders."""

    stripe: StripeApi
    store: DatabaseStore
    rules: SessionRules

    def events(self, since: int, until: int) -> Iterator[object]:
        """Events of paid checkouts in [since, until), Unix seconds."""
        return self.stripe.events(since, until)

    def without_order(self, session_ids: Collection[str]) -> set[str]:
        """Those of `session_ids` that have no order."""
        found = {order.session_id for order in self.store.orders_of_sessions(session_ids)}
        return set(session_ids) - found


def open_watch(settings: Settings, tools: Tools = Tools()) -> Watch:
    """A look that changes nothing."""
    url = _checked(settings, PrintfulScope.none)
    stripe = open_stripe(settings, tools.retry_policy, Traffic())
    store = open_shop.open_for_reading(url, tools.clock, settings.layout).store
    return Watch(stripe, store, session_rules(settings, tools.clock()))


def open_records(settings: Settings, tools: Tools = Tools(), *, is_writing: bool) -> DatabaseStore:
    """The database alone, for looking back on our runs; raises SchemaError where there is none."""
    url = _database_url(settings)
    opened = open_shop.open_existing(url, tools.clock, settings.layout)
    if is_writing:
        opened = open_shop.open_for_writing(url, tools.clock, settings.layout)
    opened.store.hash_key = settings.hash_key
    return opened.store


def new_run_id(now: datetime) -> str:
    """An id that no other run has and that sorts by time."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def is_relative_sqlite(url: str) -> bool:
    """Whether `url` means another file in every working directory."""
    path = connection.sqlite_path(connection.parse_url(url))
    return path is not None and not path.is_absolute()


def sqlite_file(settings: Settings) -> Path | None:
    """The database's file; None where it is PostgreSQL, or none is set."""
    return connection.sqlite_path(connection.parse_url(settings.database)) if settings.database else None


def initialise_database(settings: Settings) -> tuple[str, list[str]]:
    """`db init`: where, and which tables are new."""
    url = _database_url(settings)
    return connection.shown(url), open_shop.initialise(url, settings.layout)[1]


def initialisation_script(settings: Settings) -> str:
    """`db init --sql`: what `db init` would create, as SQL; changes nothing."""
    return open_shop.init_sql(_database_url(settings), settings.layout)


def grant_script(settings: Settings, role: str, *, is_writing: bool, is_undoing: bool) -> list[str]:
    """`db grants`: what `role` needs, as GRANTs; changes nothing."""
    url = _database_url(settings)
    return open_shop.grant_sql(url, settings.layout, role, is_writing=is_writing, is_undoing=is_undoing)


def check_database(settings: Settings) -> OpenDatabase:
    """`db check`: the shop as it is; raises SchemaError where it does not fit."""
    return open_shop.open_existing(_database_url(settings), utc_now, settings.layout)


def seed_database(url: str, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Create a database and fill it with `rows` by table name; for the sandbox."""
    open_shop.seed(connection.parse_url(url), rows)


def _database_url(settings: Settings) -> URL:
    settings.require("DATABASE_URL")
    return connection.parse_url(settings.database)


def _checked(settings: Settings, printful: PrintfulScope) -> URL:
    needed = ["STRIPE_SECRET_KEY", *(["PRINTFUL_API_KEY"] if printful is not PrintfulScope.none else [])]
    settings.require(*needed, "DATABASE_URL")
    return connection.parse_url(settings.database)


def _shop(
    run_id: str,
    settings: Settings,
    printful: PrintfulScope,
    tools: Tools,
    opened: OpenDatabase,
    rate_limits: RateLimits,
) -> Shop:
    traffic = {"stripe": Traffic(), "printful": Traffic()}
    stripe = open_stripe(settings, tools.retry_policy, traffic["stripe"], rate_limits.stripe)
    now = tools.clock()
    asks_printful = printful is not PrintfulScope.none
    printful_api = (
        open_printful(settings, tools.retry_policy, traffic["printful"], rate_limits.printful)
        if asks_printful
        else None
    )
    sync = OrderSync(
        run_id=run_id,
        stripe=stripe,
        printful=printful_api,
        store=opened.store,
        rules=session_rules(settings, now),
        clock=tools.clock,
        link_by=settings.layout.mapping.link.external_id,
    )
    return Shop(
        sync=sync,
        target=opened.target,
        is_live=settings.is_live,
        order_count=opened.store.order_count(),
        is_first_run=not opened.store.has_runs(),
        traffic=traffic,
        notes=(*opened.notes, *rate_limits.warnings, *settings.key_advice),
        stripe=stripe,
        printful=printful_api,
    )


def session_rules(settings: Settings, now: datetime) -> SessionRules:
    """What this shop decided about its sessions."""
    return SessionRules(
        live=settings.is_live,
        settled_before=int((now - timedelta(minutes=settings.ordersync_grace_minutes)).timestamp()),
        modes=settings.modes,
        include_free=settings.ordersync_include_free_orders,
        match=settings.match,
    )


def open_stripe(
    settings: Settings, retry_policy: RetryPolicy, traffic: Traffic, rate_limit: RateLimit | None = None
) -> StripeApi:
    """Stripe, within `rate_limit`, or one of its own."""
    session = GuardedSession(rate_limit or local_rate_limits(settings).stripe, traffic, settings.ca_bundle)
    return StripeApi(settings.stripe_key, settings.stripe_api_base, session, retry_policy, traffic)


def open_printful(
    settings: Settings, retry_policy: RetryPolicy, traffic: Traffic, rate_limit: RateLimit | None = None
) -> PrintfulApi:
    """Printful, within `rate_limit`, or one of its own."""
    return PrintfulApi(
        settings.printful_key,
        settings.printful_api_base,
        GuardedSession(rate_limit or local_rate_limits(settings).printful, traffic, settings.ca_bundle),
        retry_policy,
        traffic,
        settings.printful_store_id,
    )
