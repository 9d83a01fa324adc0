"""Which URLs name one database, and which one schema of it: compared as text, so that nothing is opened."""

import re
from collections.abc import Mapping

from sqlalchemy import URL

from ordersync_dagster.adapters.database.engine.connection import POSTGRES_PORT, sqlite_path
from ordersync_dagster.adapters.database.engine.url_parameters import SEARCH_PATH

USUAL_SCHEMA = "public"
_THIS_MACHINE = ("", "localhost", "127.0.0.1", "::1")
_ITS_SOCKETS = ("tmp", "run/postgresql", "var/run/postgresql")  # the usual folders, without slashes around
_HOST_AND_PORT = re.compile(r"([^:/]+):(\d+)")  # SQLAlchemy's form of one of several hosts
_PATH_IN_OPTIONS = re.compile(r"(?:-c\s*|--)search[_-]path=((?:\\.|\S)*)", re.IGNORECASE)
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^\s,"]+)')


def database_key(url: URL) -> str:
    """Host, port and database, or the path of an SQLite file: one text for all URLs of a database.

    Names of this machine are one name. Other names of one server (aliases, a pooler) cannot be known from a URL.
    """
    if path := sqlite_path(url):
        return str(path.resolve())
    given = {name: values[-1] for name, values in url.normalized_query.items()}
    name = given.get("dbname") or url.database or given.get("user") or url.username or ""
    service = f"service {given['service']}, " if "service" in given else ""
    return f"{service}{','.join(sorted(_servers(url, given)))}/{name}"


def _servers(url: URL, given: Mapping[str, str]) -> set[str]:
    port = given.get("port") or str(url.port or POSTGRES_PORT)
    numeric = given.get("hostaddr")  # libpq connects to it, whatever the host is called
    hosts = [numeric] if numeric else [*url.normalized_query.get("host", ())] or [url.host or ""]
    return {_server(host, port) for each in hosts for host in each.split(",")}


def _server(host: str, port: str) -> str:
    if with_port := _HOST_AND_PORT.fullmatch(host):
        host, port = with_port.groups()
    if host.startswith("/"):
        return f"{'localhost' if host.strip('/') in _ITS_SOCKETS else host}:{port}"
    plain = host.lower().strip("[]").rstrip(".")
    return f"{'localhost' if plain in _THIS_MACHINE else plain}:{port}"


def schema_of(url: URL) -> str:
    """The schema in which tables without one are: the first of the search path. SQLite has none: ""."""
    if sqlite_path(url):
        return ""
    path = str(url.query.get(SEARCH_PATH, ""))
    if not path and (found := _PATH_IN_OPTIONS.findall(str(url.query.get("options", "")))):
        path = found[-1].replace("\\", "")
    names = [quoted.replace('""', '"') or plain.lower() for quoted, plain in _NAME.findall(path)]
    return next((name for name in names if name != "$user"), USUAL_SCHEMA)
