"""A look at an SQLite file leaves the locks of this process: without them other programs overwrite what it writes."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from ordersync_dagster.adapters.database.engine.connection import open_read_only, open_read_write, parse_url

OTHER_PROGRAM = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
connection.execute("INSERT INTO notes VALUES ('by another program')")
connection.close()
"""


@pytest.fixture(params=["wal", "delete"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA journal_mode={request.param}")
    connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()
    return file


def notes(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    found = [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY rowid")]
    connection.close()
    return found


def look(path: Path) -> None:
    engine = open_read_only(parse_url(f"sqlite:///{path}"))
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def write_as_another_program(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OTHER_PROGRAM, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_is_written_after_a_look_is_not_lost(path: Path) -> None:
    engine = open_read_write(parse_url(f"sqlite:///{path}"))
    insert = text("INSERT INTO notes VALUES (:text)")
    with engine.begin() as connection:
        connection.execute(insert, {"text": "first"})
    look(path)
    assert write_as_another_program(path).returncode == 0
    with engine.begin() as connection:
        connection.execute(insert, {"text": "last"})
    engine.dispose()
    assert notes(path) == ["first", "by another program", "last"]


def test_no_other_program_writes_during_a_transaction_that_a_look_meets(path: Path) -> None:
    engine = open_read_write(parse_url(f"sqlite:///{path}"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('ours')"))
        look(path)
        assert "database is locked" in write_as_another_program(path).stderr
    engine.dispose()
    assert notes(path) == ["ours"]
