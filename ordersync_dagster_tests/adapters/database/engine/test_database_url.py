"""DATABASE_URL in the forms of other tools: their parameters are used, dropped with a remark, or refused by name."""

import pytest

from ordersync_dagster.adapters.database.engine.connection import parse_url, shown, sqlite_path, url_remarks
from ordersync_dagster.core.errors import SettingsError

SERVER = "postgresql://shop:secret@db.example.com:5432/shop"


def query(parameters: str) -> dict[str, str | tuple[str, ...]]:
    return dict(parse_url(f"{SERVER}?{parameters}").query)


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ("schema=sales", '"sales"'),  # Prisma: one name
        ("schema=odd,name", '"odd,name"'),
        ("schema_search_path=sales,public", '"sales", "public"'),  # Rails
        ("schema_search_path=%22%24user%22%2C%20sales", '"$user", "sales"'),
        ("currentSchema=sales", '"sales"'),  # Django
        ("search_path=sales", '"sales"'),
        ("schema=o%22dd", '"o""dd"'),
    ],
)
def test_a_schema_becomes_the_search_path(parameters: str, path: str) -> None:
    assert query(parameters) == {"search_path": path}
    assert "is used as the search path" in url_remarks(f"{SERVER}?{parameters}")[0]


@pytest.mark.parametrize(
    "parameters",
    [
        "pgbouncer=true&connection_limit=1&pool_timeout=0&socket_timeout=5&statement_cache_size=0",  # Prisma
        "sslaccept=strict&sslcert=..%2Fca.pem&sslidentity=client.p12&sslpassword=x",
        "pool=5&timeout=5000&encoding=unicode&prepared_statements=false&variables[statement_timeout]=5s",  # Rails
        "conn_max_age=600&conn_health_checks=true&DISABLE_SERVER_SIDE_CURSORS=true",  # Django
        "async_fallback=true&prepared_statement_cache_size=0&pool_size=4",  # SQLAlchemy
        "supa=base-pooler.x",  # Supabase by way of Vercel
    ],
)
def test_what_is_for_the_other_programs_pool_is_dropped_and_said(parameters: str) -> None:
    assert query(parameters).keys() <= {"sslpassword"}
    (remark,) = url_remarks(f"{SERVER}?{parameters}")
    names = [pair.partition("=")[0] for pair in parameters.split("&")]
    assert all(name in remark for name in names if name != "sslpassword")


@pytest.mark.parametrize(
    ("parameters", "mode"),
    [
        ("sslmode=no-verify", "require"),
        ("sslmode=verify-full", "verify-full"),
        ("ssl=true", "require"),
        ("ssl_require=True", "require"),
        ("ssl=verify-full", "verify-full"),  # asyncpg
        ("ssl=true&sslmode=verify-ca", "verify-ca"),
        ("sslmode=verify-ca&ssl=true", "verify-ca"),
        ("ssl=0", "disable"),
    ],
)
def test_encryption_is_asked_for_in_libpqs_words(parameters: str, mode: str) -> None:
    assert query(parameters) == {"sslmode": mode}
    assert bool(url_remarks(f"{SERVER}?{parameters}")) is (parameters != f"sslmode={mode}")


def test_what_the_driver_knows_is_kept_without_a_remark() -> None:
    known = (
        "sslrootcert=%2Fca.pem&channel_binding=require&options=endpoint%3Dx&connect_timeout=5&target_session_attrs=any"
    )
    assert query(known).keys() == {
        "sslrootcert",
        "channel_binding",
        "options",
        "connect_timeout",
        "target_session_attrs",
    }
    assert url_remarks(f"{SERVER}?{known}") == ()


@pytest.mark.parametrize("name", ["shcema", "conection_limit", "replication", "mode"])
def test_an_unknown_parameter_is_refused_by_name_and_without_the_password(name: str) -> None:
    with pytest.raises(SettingsError, match=f"does not know: {name}\\.") as raised:
        parse_url(f"{SERVER}?{name}=x&schema=public")
    assert "secret" not in str(raised.value)


def test_an_unknown_word_of_sslmode_is_refused() -> None:
    with pytest.raises(SettingsError, match="sslmode in DATABASE_URL is sometimes, which is none of disable, allow"):
        parse_url(f"{SERVER}?sslmode=sometimes")


@pytest.mark.parametrize(
    "scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+asyncpg", "postgresql+pg8000", "postgis"]
)
def test_every_usual_scheme_of_postgresql_is_one_driver(scheme: str) -> None:
    assert parse_url(SERVER.replace("postgresql", scheme)) == parse_url(SERVER)
    assert parse_url(SERVER).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("postgresql://%2Frun%2Fpostgresql/shop", "/run/postgresql"),
        ("postgres:////run/postgresql/shop", "/run/postgresql"),
        ("postgresql://shop@localhost/shop?host=/run/postgresql", "/run/postgresql"),
        ("postgresql://shop:a@one:5432,two:5433/shop?sslmode=require", "one:5432,two:5433"),
    ],
)
def test_a_socket_and_several_hosts_are_found_wherever_they_stand(text: str, hosts: str) -> None:
    url = parse_url(text)
    assert (",".join(url.normalized_query["host"]), url.database) == (hosts, "shop")


def test_a_target_names_the_socket_and_all_hosts() -> None:
    assert shown(parse_url("postgresql://%2Frun%2Fpostgresql/shop")) == "/run/postgresql/shop"
    assert shown(parse_url("postgresql://shop:secret@one,two/shop")) == "one,two/shop"
    assert shown(parse_url("postgresql://shop:secret@db/shops?schema=prints")) == "db/shops (schema prints)"
    assert shown(parse_url("postgresql://db/shops?search_path=prints,public")) == "db/shops (schema prints, public)"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("postgresql://prints:secret@db", "db/prints"),
        ("postgresql://prints:secret@db/", "db/prints"),
        ("postgresql://prints:secret@db/?dbname=shop", "db/shop"),
        ("postgresql://db/?user=prints", "db/prints"),
        ("postgresql:///?service=prints", "service prints"),
        ("postgresql:///shop?service=prints", "service prints/shop"),
        ("postgresql://db", "db"),
    ],
)
def test_a_target_names_the_database_that_postgresql_takes_where_the_url_names_none(
    text: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGDATABASE", "PGUSER", "PGHOST"):
        monkeypatch.delenv(name, raising=False)
    assert shown(parse_url(text)) == target


def test_a_target_names_the_database_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATABASE", "shop")
    monkeypatch.setenv("PGHOST", "db")
    assert shown(parse_url("postgresql://")) == "db/shop"
    assert shown(parse_url("postgresql://other/prints")) == "other/prints"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///shop.db", "shop.db"),
        ("sqlite:////srv/shop.db?timeout=20&check_same_thread=false", "/srv/shop.db"),
        ("sqlite+aiosqlite:////srv/shop.db", "/srv/shop.db"),
        ("sqlite:///file:/srv/shop.db?mode=rw&uri=true", "/srv/shop.db"),
        ("sqlite3:storage/production.sqlite3", "storage/production.sqlite3"),  # Rails
        ("sqlite3:///srv/shop.sqlite3?pool=5", "/srv/shop.sqlite3"),
        ("sqlite3:/srv/shop.sqlite3", "/srv/shop.sqlite3"),
        ("file:/srv/shop.db?connection_limit=1", "/srv/shop.db"),  # Prisma
        ("file:///srv/shop.db", "/srv/shop.db"),
    ],
)
def test_a_file_is_found_in_every_usual_form(text: str, path: str) -> None:
    url = parse_url(text)
    assert (str(sqlite_path(url)), dict(url.query)) == (path, {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file:./dev.db", "from the folder of schema.prisma"),
        ("file:dev.db", "from the folder of schema.prisma"),
        ("sqlite:////srv/shop.db?mode=ro&uri=true", "read-only or in memory"),
        ("sqlite:////srv/shop.db?schema=public", "does not know: schema"),
        ("sqlite://shop.db", "names no SQLite file"),
        ("prisma://accelerate.example.com/?api_key=secret", "a service of Prisma"),
        ("prisma+postgres://accelerate.example.com/?api_key=secret", "a service of Prisma"),
        ("jdbc:postgresql://db:5432/shop?user=shop&password=secret", r"for Java \(jdbc:…\): write it as postgresql://"),
        ("JDBC:sqlite:/srv/secret.db", "for Java"),
        ("r2dbc:postgresql://shop:secret@db/shop", "for Java"),
        ("host=db dbname=shop user=shop password=secret", "a list of settings and not a URL: write it as postgresql"),
        ("Server=db;Database=shop;User Id=shop;Password=secret/;", "a list of settings"),
        ("mysql://root:secret@db/shop", "starts with mysql://"),
        ("postgresql://shop:secret@db:port/shop", "is not the URL of a database: write it as postgresql://"),
        ("'sqlite:////srv/secret.db'", "is not the URL of a database: write it as postgresql://"),
        ("postgresql://shop:se@cret@db/shop", "an @ in its user or password: write that @ as %40"),
    ],
)
def test_what_names_no_database_is_refused_with_the_fix(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as raised:
        parse_url(text)
    assert "secret" not in str(raised.value)
