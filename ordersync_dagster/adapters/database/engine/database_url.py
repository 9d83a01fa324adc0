"""The text of DATABASE_URL, as libpq, SQLAlchemy, Prisma, Rails or Django write it → a URL of our two drivers."""

import re
from urllib.parse import unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ordersync_dagster.adapters.database.engine.url_parameters import FittedUrl, fitted_postgres_url, fitted_sqlite_url
from ordersync_dagster.core.errors import SettingsError

_POSTGRES = frozenset({"postgres", "postgresql", "postgis", "psql", "pgsql"})
_SQLITE = frozenset({"sqlite", "sqlite+pysqlite", "sqlite+aiosqlite", "sqlite3", "spatialite"})
_RAILS_SQLITE = re.compile(r"sqlite3:(?://(?=/))?([^/].*|/[^/].*)")  # three slashes begin an absolute path there
_PRISMA_SQLITE = re.compile(r"file:(?://(?=/))?(.+)")
_HOSTS = re.compile(r"(\w[\w+]*://(?:[^/@]*@)?)([^/?@]+,[^/?@]+)(.*)")  # libpq's list of hosts
_JAVA = ("jdbc:", "r2dbc:")
_SETTINGS = re.compile(r"\s*\w[\w ]*=[^/].*", re.DOTALL)  # host=… dbname=… (libpq), Server=…;Database=… (.NET)
_OUR_FORM = "postgresql://USER:PASSWORD@HOST:5432/DATABASE or sqlite:////absolute/path/shop.db"
_ACCELERATE = ("prisma://", "prisma+postgres://")


def read_url(text: str) -> FittedUrl:
    """Raises SettingsError without the password in it."""
    form = _in_sqlalchemys_form(text.strip())
    try:
        url = make_url(form)
    except (ArgumentError, ValueError):  # ValueError: not a port; its text would show the password
        raise SettingsError(f"DATABASE_URL is not the URL of a database: write it as {_OUR_FORM}") from None
    if "@" in (url.host or ""):  # the host would show a part of the password
        raise SettingsError("DATABASE_URL has an @ in its user or password: write that @ as %40")
    if url.drivername.partition("+")[0] in _POSTGRES:
        return fitted_postgres_url(_with_socket(url.set(drivername="postgresql+psycopg")))
    if url.drivername in _SQLITE:
        if url.host or not url.database or url.database == ":memory:":
            raise SettingsError("DATABASE_URL names no SQLite file; use sqlite:////absolute/path/shop.db")
        return fitted_sqlite_url(url.set(drivername="sqlite", database=url.database.removeprefix("file:")))
    raise SettingsError(f"DATABASE_URL starts with {url.drivername}://; only postgresql:// and sqlite:// are supported")


def _in_sqlalchemys_form(text: str) -> str:
    if text.startswith(_ACCELERATE):
        raise SettingsError(
            "DATABASE_URL is the address of a service of Prisma and not of a database: use the database's own "
            "postgresql:// URL (Prisma calls it the direct URL)"
        )
    if text.lower().startswith(_JAVA):
        raise SettingsError(f"DATABASE_URL is written for Java ({text.partition(':')[0]}:…): write it as {_OUR_FORM}")
    if _SETTINGS.fullmatch(text):
        raise SettingsError(f"DATABASE_URL is a list of settings and not a URL: write it as {_OUR_FORM}")
    if rails := _RAILS_SQLITE.fullmatch(text):
        return f"sqlite:///{rails[1]}"
    if prisma := _PRISMA_SQLITE.fullmatch(text):
        if not prisma[1].startswith("/"):
            raise SettingsError(
                "DATABASE_URL names an SQLite file as Prisma does, from the folder of schema.prisma: "
                "use sqlite:////absolute/path/shop.db"
            )
        return f"sqlite:///{prisma[1]}"
    if several := _HOSTS.fullmatch(text):
        begin, hosts, rest = several.groups()
        named = "&".join(f"host={host}" for host in hosts.split(","))
        return f"{begin}{rest}{'&' if '?' in rest else '?'}{named}"
    return text


def _with_socket(url: URL) -> URL:
    """The folder of a Unix socket stands where libpq (…://%2Frun/shop) or Django (…:////run/shop) writes it."""
    host = unquote(url.host or "")
    if host.startswith("/"):
        return url.set(host="", query={"host": host, **url.query})
    if url.database and url.database.startswith("/"):
        folder, _, name = url.database.rpartition("/")
        return url.set(database=name, query={"host": folder, **url.query})
    return url
