"""Databases that are copied and not made: our tables, and what a world's webhooks left in them."""

from collections import deque
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.databases import execute_on, fresh_database

_files: deque[tuple[World | None, bytes]] = deque(maxlen=4)  # of the worlds that were asked for last


def fill(url: str, world: World | None) -> None:
    """Make our tables, and the rows of `world`, in an empty database."""
    rows = {"orders": world.shop.orders, "order_items": world.shop.order_items} if world else {}
    open_shop.seed(parse_url(url), rows)


def sqlite_file(world: World | None) -> bytes:
    """An SQLite database that is filled so; equal ones are made once."""
    for known, content in _files:
        if known is world:
            return content
    with TemporaryDirectory(prefix="ordersync-template-") as folder:
        fill(f"sqlite:///{folder}/shop.db", world)
        content = Path(folder, "shop.db").read_bytes()
    _files.append((world, content))
    return content


class PostgresTemplates:
    """Databases on one server, for `fresh_database` to copy; they are dropped with `stack`."""

    def __init__(self, server: str, stack: ExitStack) -> None:
        self._server, self._stack = server, stack
        self._names: list[tuple[World | None, str]] = []

    def name(self, world: World | None = None) -> str:
        """The name of one that is filled so."""
        for known, name in self._names:
            if known is world:
                return name
        url = self._stack.enter_context(fresh_database(self._server))
        fill(url, world)
        name = str(parse_url(url).database)
        others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        execute_on(self._server, others)  # nobody may be connected to what is copied
        self._names.append((world, name))
        return name
