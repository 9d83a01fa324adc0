"""The databases that the release before left: kept as SQL, loaded by the test of upgrades.

`python -m ordersync_dagster_tests.release.before COMMIT` makes them again, with that release's own commands against
its own pretend shop (docs/releasing.md). It needs the repository's history; the test does not.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from ordersync_dagster.sandbox import World, build
from ordersync_dagster_tests.support.databases import Database, Rows, fresh_database, postgres_server
from ordersync_dagster_tests.support.existing_shops import pg_dump
from ordersync_dagster_tests.support.places import ROOT

FOLDER = Path(__file__).with_name("data")
SHOP = ("orders", "order_items")
KINDS = ("sqlite", "postgresql")
_COMMAND = (sys.executable, "-c", "from ordersync_dagster.cli.main import main; main()")


@dataclass(frozen=True)
class Before:
    """What one kind of database held: the run that wrote last, and the shop's rows before it."""

    made_by: str
    run_id: str
    rows: dict[str, Rows]
    world: World


def before(kind: str) -> Before:
    """The facts beside the SQL."""
    facts = json.loads((FOLDER / "facts.json").read_text())
    shop = facts["world"]
    world = build(shop["scenario"], size=shop["size"], now=datetime.fromisoformat(shop["now"]))
    return Before(facts["made_by"], facts[kind]["run_id"], facts[kind]["rows"], world)


def load(kind: str, url: str) -> Database:
    """That database again, in an empty one."""
    text = (FOLDER / f"{kind}.sql").read_text()
    database = Database(url)
    if kind == "sqlite":
        with closing(sqlite3.connect(database.path)) as connection:
            connection.executescript(text)
    else:
        with closing(database.engine.raw_connection()) as raw:
            raw.cursor().execute(text)  # many statements without values: psycopg sends them as they are
            raw.commit()
    return database


def shop_rows(database: Database) -> dict[str, Rows]:
    """The shop's rows as JSON has them, sorted, to be compared."""
    found = {table: database.rows(f"SELECT * FROM {table} ORDER BY id") for table in SHOP}
    rows: dict[str, Rows] = json.loads(json.dumps(found, default=str, sort_keys=True))
    return rows


def make(commit: str) -> None:
    """Write the files anew, as the release at `commit` leaves its databases."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ordersync-before-") as folder, postgres_server() as server:
        old = Path(folder, "old")
        old.mkdir()
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "x"], cwd=old, input=archive, check=True)
        shop = Path(folder, "shop")
        _old(old, "sandbox", "--folder", str(shop), "--", "true")  # its database as the webhooks left it
        facts: dict[str, Any] = {"made_by": commit, "world": json.loads((shop / "world.json").read_text())}
        with fresh_database(server) as url:
            _copy(Database(f"sqlite:///{shop}/shop.db"), _initialised(old, url))
            facts["postgresql"] = _repaired(old, shop, Database(url))
            (FOLDER / "postgresql.sql").write_text(
                _portable(pg_dump(url, "--inserts", "--no-owner", "--no-privileges"))
            )
        facts["sqlite"] = _repaired(old, shop, Database(f"sqlite:///{shop}/shop.db"))
        with closing(sqlite3.connect(shop / "shop.db")) as connection:
            (FOLDER / "sqlite.sql").write_text("\n".join(connection.iterdump()) + "\n")
    (FOLDER / "facts.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")


def _old(old: Path, *arguments: str, **environment: str) -> str:
    """What a command of that release prints."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERSYNC_", "STRIPE_"))}
    ran = subprocess.run(
        [*_COMMAND, *arguments],
        cwd=old,
        env=own | {"PYTHONPATH": str(old)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(
            f"`ordersync {' '.join(arguments)}` of that release ended with {ran.returncode}:\n{ran.stderr}"
        )
    return ran.stdout


def _initialised(old: Path, url: str) -> Database:
    _old(old, "db", "init", DATABASE_URL=url)
    return Database(url)


def _repaired(old: Path, shop: Path, database: Database) -> dict[str, Any]:
    rows = shop_rows(database)
    told = ("env", f"DATABASE_URL={database.url}", *_COMMAND, "sync", "--json")
    document = json.loads(_old(old, "sandbox", "--folder", str(shop), "--", *told))
    return {"run_id": document["run_id"], "rows": rows}


def _copy(source: Database, target: Database) -> None:
    with closing(create_engine(make_url(target.engine.url)).raw_connection()) as raw:
        for table in SHOP:
            for row in source.rows(f"SELECT * FROM {table}"):
                places = ", ".join(["%s"] * len(row))
                raw.cursor().execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))
        raw.commit()


def _portable(dump: str) -> str:
    """Without what only psql, or only the newest server, understands."""
    lines = [line for line in dump.splitlines() if not line.startswith(("\\", "SET transaction_timeout", "--"))]
    return "\n".join(line for line in lines if line) + "\n"


if __name__ == "__main__":
    make(sys.argv[1])
