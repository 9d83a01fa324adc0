"""The database that scenarios are played on, behind a wire that can break."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.adapters.database.schema.fitted import FittedTables
from ordersync_dagster_tests.simulation.truth import install_triggers
from ordersync_dagster_tests.simulation.vendors import START
from ordersync_dagster_tests.simulation.wire import Wire, WiredConnection, connect

OFF = Wire(lambda _: None, lambda: False)


class Stage:
    """One database file with its engines, used for one scenario after the other."""

    def __init__(self, folder: Path) -> None:
        self.path, self._empty = folder / "shop.db", folder / "empty.db"
        url = URL.create("sqlite", database=str(self.path))
        opened = open_shop.open_for_writing(url, lambda: START)
        self.tables: FittedTables = opened.store.tables
        self.engine: Engine = opened.engine
        self.reading: Engine = connection.open_read_only(url)
        self.engine.dispose()  # the last connection puts all that was written into the file
        install_triggers(self.path)
        shutil.copy(self.path, self._empty)
        self.wire = OFF
        event.listen(
            self.engine, "do_connect", lambda _d, _r, args, options: connect(lambda: self.wire, *args, **options)
        )

    def _connect(self, _dialect: object, _record: object, args: Any, options: Any) -> WiredConnection:
        return connect(lambda: self.wire, *args, **options)

    def clear(self) -> None:
        """An empty shop."""
        self.engine.dispose()
        for old in self.path.parent.glob("shop.db*"):
            old.unlink()
        shutil.copy(self._empty, self.path)


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage in memory where there is such a place."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="ordersync-simulation-", dir=memory if memory.is_dir() else None)
    try:
        yield Stage(Path(folder))
    finally:
        shutil.rmtree(folder)
