"""Three pretend shops under rate limits, each with its own accounts and PostgreSQL database."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import Sandbox, World, build
from ordersync_dagster_tests.deployment.servers import Postgres
from ordersync_dagster_tests.support.databases import Database, Rows
from ordersync_dagster_tests.support.templates import fill
from ordersync_dagster_tests.support.world import served

LATENCY = 0.1  # seconds of each answer
PER_SECOND, PER_MINUTE = 5, 300  # the budgets: Stripe's for each endpoint, Printful's
# A process that wakes up late sends a request together with the next one: so one more may arrive in a second. Over
# LONG seconds that evens out.
LATE, LONG = 1, 5
ENTRY = """
[[shop]]
name = "{name}"
database_url_variable = "{word}_DATABASE_URL"
stripe_key_variable = "{word}_STRIPE_KEY"
printful_key_variable = "{word}_PRINTFUL_KEY"
stripe_api_base = "{url}"
printful_api_base = "{url}"
"""
# What the moment of a run decides; the rest of an order is decided by its payment.
COLUMNS_OF_TIME = {"updated_at", "created_at"}


@dataclass(frozen=True)
class PretendShop:
    """One shop: its vendors, its database, and an equal one that nothing disturbs."""

    name: str
    sandbox: Sandbox
    database: Database
    undisturbed: Database

    @property
    def paid(self) -> int:
        """Its payments, all of which lack their order at the start."""
        return sum(each["payment_status"] == "paid" for each in self.sandbox.world.sessions)

    def is_as_undisturbed(self) -> bool:
        """Whether orders, items and who wrote which row how often are those of one undisturbed run."""
        return lasting(self.database) == lasting(self.undisturbed)

    def busiest(self, seconds: int) -> int:
        """The most requests to one of Stripe's endpoints in any so many seconds."""
        arrived: dict[str, list[float]] = {}
        for each in self.sandbox.requests:
            if each.path.startswith("/v1/"):
                arrived.setdefault(each.path, []).append(each.at)
        return max((_most(sorted(times), seconds) for times in arrived.values()), default=0)

    @property
    def is_within_budget(self) -> bool:
        """Whether Stripe got no more requests than allowed."""
        return self.busiest(1) <= PER_SECOND + LATE and self.busiest(LONG) <= PER_SECOND * LONG


def _most(times: list[float], seconds: int) -> int:
    return max(place + 1 - bisect_right(times, at - seconds) for place, at in enumerate(times))


def lasting(database: Database) -> dict[str, object]:
    """The shop's rows, and which row was written how often."""
    audit = database.rows("SELECT action, resource, resource_id FROM audit_logs")
    ours = database.rows("SELECT action, resource, resource_id FROM ordersync_audit")
    return {
        "orders": _timeless(database.rows("SELECT * FROM orders")),
        "items": _timeless(database.rows("SELECT * FROM order_items")),
        "shop's audit": Counter(tuple(row.values()) for row in audit),
        "audit": Counter(tuple(row.values()) for row in ours),
    }


def _timeless(rows: Rows) -> list[str]:
    kept = ([(name, value) for name, value in row.items() if name not in COLUMNS_OF_TIME] for row in rows)
    return sorted(repr(sorted(each)) for each in kept)


@contextmanager
def three_shops(
    home: Path, servers: Mapping[str, Postgres], size: int
) -> Iterator[tuple[list[PretendShop], dict[str, str]]]:
    """Shops with `size` lost orders each on the server of their name, and the environment of their deployment."""
    now = utc_now()
    with ExitStack() as stack:
        found: list[PretendShop] = []
        environment = {
            "ORDERSYNC_CONFIG": str(home / "ordersync.toml"),
            "ORDERSYNC_STATE_DIR": str(home),
            "STRIPE_REQUESTS_PER_SECOND": str(PER_SECOND),
            "PRINTFUL_REQUESTS_PER_MINUTE": str(PER_MINUTE),
        }
        entries = ""
        for number, (name, server) in enumerate(servers.items()):
            shop = _shop(stack, name, server, _world(number, now, size))
            word, known = name.upper(), shop.sandbox.environment()
            environment |= {
                f"{word}_DATABASE_URL": shop.database.url,
                f"{word}_STRIPE_KEY": known["STRIPE_SECRET_KEY"],
                f"{word}_PRINTFUL_KEY": known["PRINTFUL_API_KEY"],
            }
            entries += ENTRY.format(name=name, word=word, url=shop.sandbox.url)
            found.append(shop)
        (home / "ordersync.toml").write_text(entries)
        yield found, environment


def _world(number: int, now: datetime, size: int) -> World:
    return build("large", seed=100 + number, size=size, now=now)


def _shop(stack: ExitStack, name: str, server: Postgres, world: World) -> PretendShop:
    sandbox = stack.enter_context(served(world, latency=LATENCY, owner=name.capitalize()))
    urls = [server.make(name), server.make(f"{name}_undisturbed")]
    for url in urls:
        fill(url, world)
    return PretendShop(name, sandbox, Database(urls[0]), Database(urls[1]))
