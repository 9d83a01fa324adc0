"""Whether a failed connection is a refusal that a person must end, or a server that is away for a while."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from ordersync_dagster.adapters.database import open_shop
from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.adapters.database.engine.errors import translated
from ordersync_dagster.adapters.database.engine.refused_connections import reason_of_refusal
from ordersync_dagster.adapters.database.journal import run_history
from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.core.errors import DatabaseAccessError, DatabaseAwayError, SchemaError
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.processes import free_port

AT = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    "reason",
    [
        'password authentication failed for user "shop"',
        'no pg_hba.conf entry for host "10.0.0.9", no encryption',
        'database "shop" is not currently accepting connections',
        "Tenant or user not found",  # a pooler
        "Passwort-Authentifizierung für Benutzer »shop« fehlgeschlagen",
    ],
)
def test_what_the_server_refuses_is_told_in_its_own_words(reason: str) -> None:
    assert reason_of_refusal(f"{AT}FATAL:  {reason}") == reason
    assert reason_of_refusal(f"{AT}ВАЖНО:  {reason}") == reason
    others = f"Multiple connection attempts failed. All failures were:\n- host: 'x': {AT}Connection refused"
    assert reason_of_refusal(f"{AT}FATAL:  {reason}\n{others}") == reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("fe_sendauth: no password supplied", "no password supplied"),
        ("server does not support SSL, but SSL was required", "server does not support SSL, but SSL was required"),
        ("SSL error: certificate verify failed", "certificate verify failed"),
        ('root certificate file "/ca" does not exist\nEither provide', 'root certificate file "/ca" does not exist'),
    ],
)
def test_what_the_client_cannot_do_is_told(said: str, reason: str) -> None:
    assert reason_of_refusal(f"{AT}{said}") == reason


@pytest.mark.parametrize(
    "message",
    [
        f"{AT}Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
        f"{AT}timeout expired",
        "connection timeout expired",
        f"{AT}server closed the connection unexpectedly",
        'connection is bad: connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory',
        "failed to resolve host 'db': [Errno -2] Name or service not known",
        f"{AT}FATAL:  the database system is starting up",
        f"{AT}FATAL:  the database system is not yet accepting connections\nDETAIL:  Consistent recovery state",
        f"{AT}FATAL:  sorry, too many clients already",
        f'{AT}FATAL:  too many connections for role "shop"',
        f"{AT}FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        f"{AT}FATAL:  MaxClientsInSessionMode: max clients reached",
        f"{AT}FATAL:  query_wait_timeout",
        f"{AT}FATAL:  terminating connection due to administrator command",
        f"{AT}FATAL:  server login has been failing, try again later (server_login_retry)",
    ],
)
def test_a_server_that_may_answer_later_has_no_reason(message: str) -> None:
    assert reason_of_refusal(message) is None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('connection is bad: invalid sslmode value: "foo"', 'invalid sslmode value: "foo"'),
        ('connection is bad: definition of service "x" not found', 'definition of service "x" not found'),
        ('invalid connection option "gssdelegation"\n', 'invalid connection option "gssdelegation"'),
    ],
)
def test_what_the_driver_does_not_know_is_told_too(message: str, reason: str) -> None:
    assert reason_of_refusal(message) == reason


def test_a_file_that_is_no_database_is_told_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is a shopping list and no database at all" * 20)
    with pytest.raises(DatabaseAccessError, match=r"is no SQLite database \(file is not a database\): correct"):
        open_shop.open_for_reading(parse_url(f"sqlite:///{tmp_path}/text.db"), utc_now)
    with pytest.raises(DatabaseAccessError, match=r"cannot be opened: Is a directory\. Correct DATABASE_URL"):
        open_shop.open_for_reading(parse_url(f"sqlite:///{tmp_path}"), utc_now)
    with pytest.raises(DatabaseAccessError, match=r"cannot be opened: unable to open database file\. Correct"):
        open_shop.open_for_writing(parse_url(f"sqlite:///{tmp_path}"), utc_now)


def test_a_damaged_file_is_told_with_the_fix(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    open_shop.initialise(parse_url(url))
    (tmp_path / "shop.db").write_bytes((tmp_path / "shop.db").read_bytes()[:9000])
    for opened in (open_shop.open_for_reading, open_shop.open_for_writing, open_shop.open_existing):
        with pytest.raises(DatabaseAccessError, match=r"is damaged \(.*malformed\): restore it from a backup"):
            opened(parse_url(url), utc_now)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_path_that_no_file_can_have_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises((DatabaseAccessError, SchemaError), match=r"there is no database|cannot be opened"):
        open_shop.open_existing(make_url(f"sqlite:///{tmp_path}").set(database=f"{tmp_path}/{name}"), utc_now)


@contextmanager
def kept_out_of(folder: Path) -> Iterator[None]:
    """Nobody enters the folder; root does, so he is another user meanwhile."""
    is_root, mode = os.geteuid() == 0, folder.stat().st_mode
    folder.chmod(0)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(mode)


def test_a_folder_that_may_not_be_entered_is_told_with_the_fix(tmp_path: Path) -> None:
    url = parse_url(f"sqlite:///{tmp_path}/shop.db")
    for opened in (open_shop.open_for_reading, open_shop.open_for_writing, open_shop.open_existing):
        with kept_out_of(tmp_path), pytest.raises(DatabaseAccessError, match=r"Permission denied.*or the folder's"):
            opened(url, utc_now)


def test_a_table_of_ours_that_is_taken_away_meanwhile_is_told_by_its_name(database_url: str) -> None:
    open_shop.initialise(parse_url(database_url))
    shop = open_shop.open_for_writing(parse_url(database_url), utc_now)
    Database(database_url).execute("DROP TABLE ordersync_runs")
    with pytest.raises(DatabaseAccessError, match=r"has no table ordersync_runs any more, .* restore it from a backup"):
        shop.store.read(partial(run_history.read_runs, limit=1))


def test_a_file_that_cannot_be_made_is_told_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseAccessError, match=r"cannot be made: File exists\. Correct DATABASE_URL"):
        open_shop.initialise(parse_url(f"sqlite:///{tmp_path}/file/shop.db"))


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (f'{AT}FATAL:  too many connections for role "shop"', 'let us in now: too many connections for role "shop"'),
        (
            f"{AT}Connection refused\n\tIs it running?",
            "answer: nothing listens at 127.0.0.1, port 5432. Start the server",
        ),
        (
            "failed to resolve host 'db': [Errno -2] x",
            "answer: this machine does not know the host name db. Correct it",
        ),
        ("connection timeout expired", "answer: its host says nothing. Look at host and port in DATABASE_URL"),
        (f"{AT}timeout expired", "answer: its host says nothing. Look at host and port in DATABASE_URL"),
        (
            f"{AT}received invalid response to SSL negotiation: H",
            "what listens at 127.0.0.1, port 5432 is no PostgreSQL",
        ),
        (f"{AT}No route to host", "answer: the network has no way to 127.0.0.1, port 5432. Look at host and port"),
        ('connection to server at "db" (10.0.0.9), port 1 failed: Connection refused', "nothing listens at db, port 1"),
        (
            'connection is bad: connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory',
            "answer: nothing listens at the socket /run/.s.PGSQL.5432. Start the server",
        ),
        (
            "server closed the connection unexpectedly\n\tThis",
            "answer (OperationalError). Start the server, or look at",
        ),
    ],
)
def test_a_server_that_may_answer_later_is_told_with_cause_and_fix(message: str, sentence: str) -> None:
    error = OperationalError("SELECT 1", {}, psycopg.OperationalError(message))
    away = translated(error)
    assert isinstance(away, DatabaseAwayError)
    assert sentence in str(away)


def test_a_port_where_nobody_listens_is_named() -> None:
    port = free_port()
    url = parse_url(f"postgresql://shop:hunter2@127.0.0.1:{port}/shop")
    with pytest.raises(DatabaseAwayError, match=rf"nothing listens at 127\.0\.0\.1, port {port}\.") as raised:
        open_shop.open_for_reading(url, utc_now)
    assert "hunter2" not in str(raised.value)


def test_a_port_that_says_nothing_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = parse_url(f"postgresql://shop:hunter2@127.0.0.1:{silent.getsockname()[1]}/shop?connect_timeout=2")
        with pytest.raises(DatabaseAwayError, match="its host says nothing"):
            open_shop.open_for_reading(url, utc_now)


def test_a_file_that_another_program_locks_is_told_with_the_fix(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ours = sqlite3.connect(tmp_path / "shop.db", timeout=0)
        with closing(ours), pytest.raises(sqlite3.OperationalError) as raised:
            ours.execute("CREATE TABLE orders (id)")
    away = translated(OperationalError("INSERT", {}, raised.value))
    assert isinstance(away, DatabaseAwayError)
    assert str(away).startswith("the database does not answer: another program keeps its file locked. End that")


def test_a_file_that_nobody_may_write_is_no_standby() -> None:
    error = OperationalError("INSERT", {}, sqlite3.OperationalError("attempt to write a readonly database"))
    assert "the database file cannot be written" in str(translated(error))
