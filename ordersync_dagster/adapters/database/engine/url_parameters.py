"""The parameters of other programs' database URLs: kept, turned into ours, dropped, or refused by name."""

import re
from dataclasses import dataclass

from sqlalchemy import URL

from ordersync_dagster.core.errors import SettingsError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SEARCH_PATH = "search_path"  # the parameter in which a parsed URL keeps its schemas, quoted
_SEARCH_PATH_NAMES = {
    "schema",
    "schema_search_path",
    "currentschema",
    SEARCH_PATH,
}  # Prisma, Rails, Django and JDBC, Go
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_NAMES = {"sslmode", "ssl", "ssl_require"}
_SSL_WORDS = {"no-verify": "require", "true": "require", "1": "require", "on": "require", "false": "disable",
              "0": "disable", "off": "disable"}  # fmt: skip
# https://www.postgresql.org/docs/current/libpq-connect.html; without `replication`, which takes no plain statements
_LIBPQ = _words(
    """
    host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout client_encoding
    options application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count
    tcp_user_timeout gssencmode sslmode sslnegotiation sslcompression sslcert sslkey sslpassword sslcertmode
    sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version
    min_protocol_version max_protocol_version krbsrvname gsslib gssdelegation service target_session_attrs
    load_balance_hosts
    """
)
# They set up the pool or the session of the other program, and have no meaning for our own connections.
_DROPPED = _words(
    """
    pgbouncer connection_limit pool_timeout socket_timeout statement_cache_size sslaccept sslidentity
    max_connection_lifetime max_idle_connection_lifetime single_use_connections supa workaround
    pool checkout_timeout reaping_frequency idle_timeout min_messages encoding prepared_statements advisory_locks
    reconnect insert_returning statement_limit adapter template collation timeout max_connections min_connections
    max_age max_queue max_threads min_threads pool_jitter query_cache keepalive
    conn_max_age conn_health_checks atomic_requests autocommit disable_server_side_cursors charset isolation_level
    server_side_binding
    async_fallback command_timeout prepared_statement_cache_size prepared_statement_name_func server_settings
    pool_size max_overflow pool_recycle pool_pre_ping echo executemany_mode prepare_threshold
    uselibpqcompat max idle_in_transaction_session_timeout statement_timeout lock_timeout query_timeout
    prepare max_lifetime binary_parameters pool_max_conns default_query_exec_mode
    """
)
_DROPPED_SQLITE = _words(
    """
    timeout connection_limit socket_timeout pool pool_timeout check_same_thread cached_statements isolation_level
    conn_max_age conn_health_checks atomic_requests autocommit transaction_mode init_command encoding cache
    statement_limit prepared_statements
    """
)
_DROPPED_PATTERN = re.compile(r"variables\[\w+\]")  # Rails: settings of its sessions


@dataclass(frozen=True, slots=True)
class FittedUrl:
    """A URL with parameters that its driver knows, and SEARCH_PATH; `remarks` has a sentence for each other one."""

    url: URL
    remarks: tuple[str, ...] = ()


def fitted_postgres_url(url: URL) -> FittedUrl:
    """Raises SettingsError that names every parameter that nobody knows."""
    given = {name: values[-1] for name, values in url.normalized_query.items()}
    # Prisma's sslcert is the certificate of the server, and libpq's that of the client.
    is_prismas = bool({"sslaccept", "sslidentity"} & given.keys())
    kept: dict[str, str | tuple[str, ...]] = {}
    dropped, unknown, remarks = [], [], []
    for name, value in given.items():
        word = name.lower()
        if word in _SEARCH_PATH_NAMES:
            kept[SEARCH_PATH] = _search_path(value, is_one_name=word == "schema")
            remarks.append(f"{name}={value} in DATABASE_URL is used as the search path")
        elif word in _SSL_NAMES:
            mode = _ssl_mode(name, value)
            kept["sslmode"] = mode if word == "sslmode" else kept.get("sslmode", mode)
            if (word, value) != ("sslmode", mode):
                remarks.append(f"{name}={value} in DATABASE_URL is used as sslmode={kept['sslmode']}")
        elif name in _LIBPQ and not (name == "sslcert" and is_prismas):
            kept[name] = url.query[name]  # of host there may be several
        elif word in _DROPPED or name == "sslcert" or _DROPPED_PATTERN.fullmatch(name):
            dropped.append(name)
        else:
            unknown.append(name)
    _refuse(unknown)
    return FittedUrl(url.set(query=kept), (*remarks, *_dropped(dropped)))


def fitted_sqlite_url(url: URL) -> FittedUrl:
    """The same for SQLite, where every known parameter is dropped."""
    if {"ro", "memory"} & set(url.normalized_query.get("mode", ())):
        raise SettingsError("DATABASE_URL opens SQLite read-only or in memory (mode=…): remove mode, or use --dry-run")
    known = _DROPPED_SQLITE | {"mode", "uri"}
    _refuse([name for name in url.query if name.lower() not in known])
    return FittedUrl(url.set(query={}), _dropped(list(url.query)))


def _search_path(value: str, *, is_one_name: bool) -> str:
    names = [value] if is_one_name else value.split(",")
    plain = [name.strip().strip('"') for name in names]
    return ", ".join('"' + name.replace('"', '""') + '"' for name in plain if name)


def _ssl_mode(name: str, value: str) -> str:
    mode = _SSL_WORDS.get(value.lower(), value.lower())
    if mode not in _SSL_MODES:
        raise SettingsError(f"{name} in DATABASE_URL is {value}, which is none of {', '.join(_SSL_MODES)}: correct it")
    return mode


def _refuse(names: list[str]) -> None:
    if names:
        kind = "a parameter" if len(names) == 1 else "parameters"
        raise SettingsError(
            f"DATABASE_URL has {kind} that ordersync does not know: {', '.join(names)}. "
            "Correct the name, or remove it (docs/database-schema.md)"
        )


def _dropped(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    return (f"not used from DATABASE_URL, because they are for another program: {', '.join(names)}",)
