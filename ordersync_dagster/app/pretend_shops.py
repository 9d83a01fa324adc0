"""The pretend shop, or several, with their databases, as `ordersync sandbox` serves them."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.schema.shop_mapping import MAPPING_FILE
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.core.errors import SettingsError
from ordersync_dagster.core.value_words import choice_words
from ordersync_dagster.sandbox import SCENARIOS, World, build, serve

USUAL = "outage"
SEED = 7  # of the first of several worlds, less one
ENTRY = """
[[shop]]
name = "{name}"
database_url_variable = "{NAME}_DATABASE_URL"
stripe_key_variable = "{NAME}_STRIPE_KEY"
printful_key_variable = "{NAME}_PRINTFUL_KEY"
stripe_api_base = "{url}"
printful_api_base = "{url}"
"""


@contextmanager
def pretend_shop(
    scenario: str | None = None,
    *,
    size: int = 0,
    port: int = 0,
    latency: float = 0.0,
    folder: Path | None = None,
) -> Iterator[dict[str, str]]:
    """Serve a scenario and fill an SQLite database as its webhooks did; yields the settings for both.

    Nothing is left outside the shop's folder, not even in the person's home.
    With `folder` the shop is kept there: a second start goes on with the same world and the same database.
    Raises SettingsError for an unknown scenario, and for another one than the folder keeps.
    """
    with ExitStack() as stack:
        home = stack.enter_context(_home(folder))
        scenario, size, now = _remembered(home / "world.json", scenario, size)
        world = build(scenario, size=size, now=now)
        url = _filled(home / "shop.db", world)
        running = stack.enter_context(serve(world, port=port, latency=latency))
        yield running.environment() | {"DATABASE_URL": url, "ORDERSYNC_STATE_DIR": str(home.absolute())}


@contextmanager
def pretend_shops(
    count: int,
    scenario: str | None = None,
    *,
    size: int = 0,
    port: int = 0,
    latency: float = 0.0,
    folder: Path | None = None,
) -> Iterator[dict[str, str]]:
    """As `pretend_shop`, with several shops: each has its own vendors, keys, sales and database.

    Their ordersync.toml stands in the folder; what is yielded names it, and has the variables that it names.
    """
    with ExitStack() as stack:
        home = stack.enter_context(_home(folder))
        scenario, size, now = _remembered(home / "world.json", scenario, size)
        config, variables = home.absolute() / MAPPING_FILE, dict[str, str]()
        entries = ["# The pretend shops of `ordersync sandbox --shops`; written anew at each start."]
        for number in range(1, count + 1):
            world = build(scenario, seed=SEED + number, size=size, now=now)
            url = _filled(home / f"shop{number}.db", world)
            owner, own_port = f"OfShop{number}", port and port + number - 1
            running = stack.enter_context(serve(world, port=own_port, latency=latency, owner=owner))
            entries.append(ENTRY.format(name=f"shop{number}", NAME=f"SHOP{number}", url=running.url))
            keys = running.environment()
            variables[f"SHOP{number}_DATABASE_URL"] = url
            variables[f"SHOP{number}_STRIPE_KEY"] = keys["STRIPE_SECRET_KEY"]
            variables[f"SHOP{number}_PRINTFUL_KEY"] = keys["PRINTFUL_API_KEY"]
        config.write_text("\n".join(entries))
        yield {"ORDERSYNC_CONFIG": str(config), "ORDERSYNC_STATE_DIR": str(config.parent)} | variables


@contextmanager
def _home(folder: Path | None) -> Iterator[Path]:
    """`folder`, made where it is missing; without one a folder that is gone afterwards."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="ordersync-") as temporary:
            yield Path(temporary)
        return
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def _filled(path: Path, world: World) -> str:
    """The URL of a database with the rows that the world's webhooks left; one that exists stays as it is."""
    url = f"sqlite:///{path.absolute()}"
    if not path.exists():
        open_shop.seed(connection.parse_url(url), {"orders": world.shop.orders, "order_items": world.shop.order_items})
    return url


def _remembered(file: Path, scenario: str | None, size: int) -> tuple[str, int, datetime]:
    """Scenario, size and moment as `file` keeps them, or new ones, which it then keeps: they determine the world."""
    if scenario is not None and scenario not in SCENARIOS:
        raise SettingsError(f"there is no scenario {scenario!r}: choose {choice_words(SCENARIOS)}")
    if file.exists():
        kept = json.loads(file.read_text())
        if scenario not in (None, kept["scenario"]):
            raise SettingsError(
                f"{file.parent} keeps a shop of the scenario {kept['scenario']}: leave out --scenario, or name another "
                "folder"
            )
        return kept["scenario"], kept["size"], datetime.fromisoformat(kept["now"])
    chosen, now = scenario or USUAL, utc_now()
    file.write_text(json.dumps({"scenario": chosen, "size": size, "now": now.isoformat()}))
    return chosen, size, now
