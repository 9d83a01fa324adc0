"""Settings → a ready OrderSync: the only place that picks classes."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError

from ordersync_dagster.adapters.database import connection, schema, seeding, shape
from ordersync_dagster.adapters.database.store import DatabaseStore, translated
from ordersync_dagster.adapters.http import GuardedSession, Patience, Traffic
from ordersync_dagster.adapters.printful_api import PrintfulApi
from ordersync_dagster.adapters.rates import RateBudget
from ordersync_dagster.adapters.stripe_api import StripeApi
from ordersync_dagster.core.checkout import SessionRules
from ordersync_dagster.core.errors import SchemaError
from ordersync_dagster.settings import Settings
from ordersync_dagster.sync import OrderSync, PrintfulScope

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
    traffic: dict[str, Traffic]
    notes: list[str] = field(default_factory=list)  # what happened on the way in
    stripe: StripeApi | None = None

    @property
    def warnings(self) -> list[str]:
        """Everything so far that a run should say aloud."""
        return [*self.notes, *(self.stripe.warnings if self.stripe else [])]

    @property
    def headline(self) -> str:
        """The first line of every run."""
        mode = "LIVE mode" if self.is_live else "test mode"
        return f"Target: {self.target} ({self.order_count} orders), Stripe in {mode}"


@dataclass(frozen=True, slots=True)
class Tools:
    """What tests replace: the clock, and how long to wait for vendors."""

    clock: Clock = utc_now
    patience: Patience = Patience()


def open_for_preview(settings: Settings, printful: PrintfulScope, tools: Tools = Tools()) -> Shop:
    """A shop that can only be read. Nothing is created anywhere; where there is no database, it is an empty one."""
    url = _checked(settings, printful)
    engine, notes = _preview_engine(url)
    return _shop(settings, printful, tools, url, engine, notes)


def open_for_repair(settings: Settings, printful: PrintfulScope, tools: Tools = Tools()) -> Shop:
    """A shop that can be written; creates the tables that are missing and says so in `notes`."""
    url = _checked(settings, printful)
    return _shop(settings, printful, tools, url, *_repair_engine(url))


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
    engine, _ = _preview_engine(url)
    rules = session_rules(settings, tools.clock())
    return Watch(open_stripe(settings, tools.patience, Traffic()), _store(engine, url, tools.clock), rules)


def is_relative_sqlite(url: str) -> bool:
    """Whether `url` means another file in every working directory."""
    path = connection.sqlite_path(connection.parse_url(url))
    return path is not None and not path.is_absolute()


def initialise_database(settings: Settings) -> tuple[str, list[str]]:
    """`db init`: where, and which tables are new."""
    settings.require("DATABASE_URL")
    url = connection.parse_url(settings.database)
    _, created = _initialised(url)
    return connection.shown(url), created


def check_database(settings: Settings) -> tuple[str, int]:
    """`db check`: where, and how many orders; raises SchemaError where it does not fit."""
    settings.require("DATABASE_URL")
    url = connection.parse_url(settings.database)
    path = connection.sqlite_path(url)
    if path and not path.exists():
        raise SchemaError(f"there is no database {path}: `ordersync db init` makes one")
    store = _store(connection.open_read_only(url), url, utc_now)
    return connection.shown(url), store.order_count()


def known_statuses(settings: Settings) -> frozenset[str]:
    """The status words that the shop's orders use."""
    url = connection.parse_url(settings.database)
    return _store(connection.open_read_only(url), url, utc_now).statuses()


def seed_database(url: str, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    """Create a database and fill it with `rows` by table name; for the sandbox."""
    engine, _ = _initialised(connection.parse_url(url))
    seeding.seed(engine, rows)


def _checked(settings: Settings, printful: PrintfulScope) -> URL:
    needed = ["STRIPE_SECRET_KEY", *(["PRINTFUL_API_KEY"] if printful is not PrintfulScope.none else [])]
    settings.require(*needed, "DATABASE_URL")
    return connection.parse_url(settings.database)


def _preview_engine(url: URL) -> tuple[Engine, list[str]]:
    path = connection.sqlite_path(url)
    engine = connection.open_read_only(url) if path is None or path.exists() else None
    if engine is not None and not _is_empty(engine):
        return engine, []
    memory = connection.open_in_memory()
    schema.initialise(memory)
    return memory, [f"{connection.shown(url)} holds no tables yet; a real run would create them."]


def _repair_engine(url: URL) -> tuple[Engine, list[str]]:
    path = connection.sqlite_path(url)
    engine = connection.open_database(url) if path is None or path.exists() else None
    if engine is not None:
        with _opened(engine) as reading:
            if schema.is_current(reading):
                return engine, []
            if "orders" not in shape.table_names(reading) and not schema.is_empty(reading):
                shape.read_shape(reading)  # raises, with the reason
    engine, created = _initialised(url)
    return engine, [f"Created in {connection.shown(url)}: {', '.join(created)}."]


def _initialised(url: URL) -> tuple[Engine, list[str]]:
    path = connection.sqlite_path(url)
    if path and not path.exists():
        schema.use_wal(path)
    engine = connection.open_database(url)
    try:
        return engine, schema.initialise(engine)
    except DBAPIError as error:
        raise translated(error) from None


def _shop(
    settings: Settings, printful: PrintfulScope, tools: Tools, url: URL, engine: Engine, notes: list[str]
) -> Shop:
    store = _store(engine, url, tools.clock)
    traffic = {"stripe": Traffic(), "printful": Traffic()}
    stripe = open_stripe(settings, tools.patience, traffic["stripe"])
    asks_printful = printful is not PrintfulScope.none
    now = tools.clock()
    sync = OrderSync(
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        stripe=stripe,
        printful=open_printful(settings, tools.patience, traffic["printful"]) if asks_printful else None,
        store=store,
        rules=session_rules(settings, now),
        clock=tools.clock,
    )
    return Shop(
        sync,
        connection.shown(url),
        settings.is_live,
        store.order_count(),
        not store.has_runs(),
        traffic,
        notes,
        stripe,
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


def open_stripe(settings: Settings, patience: Patience, traffic: Traffic) -> StripeApi:
    """Stripe, behind its budget."""
    budget = RateBudget(settings.stripe_requests_per_second, 1, per_endpoint=True)
    session = GuardedSession(budget, traffic)
    return StripeApi(settings.stripe_key, settings.stripe_api_base, session, patience, traffic)


def open_printful(settings: Settings, patience: Patience, traffic: Traffic) -> PrintfulApi:
    """Printful, behind its budget."""
    session = GuardedSession(RateBudget(settings.printful_requests_per_minute, 60), traffic)
    return PrintfulApi(
        settings.printful_key,
        settings.printful_api_base,
        session,
        patience,
        traffic,
        settings.printful_store_id,
    )


def _store(engine: Engine, url: URL, clock: Clock) -> DatabaseStore:
    with _opened(engine) as reading:
        return DatabaseStore(engine, shape.read_shape(reading), connection.sqlite_path(url), clock)


@contextmanager
def _opened(engine: Engine) -> Iterator[Connection]:
    """A connection for a look; a database that is away is said in one sentence."""
    try:
        with engine.connect().execution_options(is_reading=True) as reading:
            yield reading
    except DBAPIError as error:
        raise translated(error) from None


def _is_empty(engine: Engine) -> bool:
    with _opened(engine) as reading:
        return schema.is_empty(reading)
